// Looks at every host and engine, at the same time and without changing anything, and decides what is to be done.
import { selectHosts } from '../config/index.js'
import { messageOf, UserError, usageError } from '../errors.js'
import { joinSteps } from '../plan/graph.js'
import { planHost } from '../plan/host-steps.js'
import { type HostWork, type PlayUse, playsFor, runsOf } from '../plan/host-work.js'
import { firstRead, secondRead } from '../plan/read-host.js'
import { resolveRun } from '../plan/resolve.js'
import { resolverFor } from '../plan/scope.js'
import type { Host } from '../project.js'
import { type AnyProvider, type Detection, isAbsent } from '../provider.js'
import { type EnginePlan, type EngineSide, planEngine } from './engine-side.js'
import type { RunPlan, SessionContext } from './session.js'
import { wantEngines } from './want-engines.js'
import { mapLimited } from './workers.js'

const providerOf = (host: Host, context: SessionContext): AnyProvider => {
  const found = context.providers.find(one => one.name === host.engine.provider)
  if (found === undefined)
    throw usageError(`there is no provider "${host.engine.provider}"`, {
      at: host.engine.at ?? host.at,
      hint: `known: ${context.providers.map(one => one.name).join(', ')}`,
    })
  return found
}

/** Hosts that some service runs on: only they need an engine when the file says nothing of one. */
function hostsWithContainers({ project }: SessionContext): Set<string> {
  if (project.hosts.length === 1) return new Set(project.services.length > 0 ? [project.hosts[0]?.name ?? ''] : [])
  return new Set(
    project.services.flatMap(service => (service.on ? selectHosts(service.on, project).map(host => host.name) : [])),
  )
}

async function enginePlays(host: Host, source: 'distro' | 'none', context: SessionContext): Promise<PlayUse[]> {
  const uses = providerOf(host, context).needs({ ...host.engine, source })
  const loaded = await Promise.all(
    uses.map(async use => {
      const plays = await context.builtIn(use.playbook)
      return plays.map((play): PlayUse => ({ play, stage: 'before-engine', vars: use.vars, label: '' }))
    }),
  )
  return loaded.flat()
}

function userPlays(host: Host, { project, extent }: SessionContext): PlayUse[] {
  const selected = (selector: Parameters<typeof selectHosts>[0]): boolean =>
    selectHosts(selector, project).includes(host)
  return playsFor(
    project.playbooks.filter(use => extent === 'all' || use.stage !== 'after-containers'),
    [],
    (play, use) => selected(play.hosts) && (use.on === undefined || selected(use.on)),
  )
}

/** Puts the engine's own tasks between the plays before and those after it. */
function addEngineRuns(work: HostWork, uses: readonly PlayUse[], context: SessionContext): void {
  const kinds = new Map(context.resources.map(kind => [kind.kind, kind]))
  const at = work.runs.findIndex(run => run.stage !== 'before-engine')
  const runs = uses.flatMap(use => runsOf(work.host.name, use, kinds, context.tags))
  work.runs.splice(at < 0 ? work.runs.length : at, 0, ...runs)
}

async function startWork(host: Host, context: SessionContext): Promise<HostWork> {
  const kinds = new Map(context.resources.map(kind => [kind.kind, kind]))
  const runs = userPlays(host, context).flatMap(use => runsOf(host.name, use, kinds, context.tags))
  const work: HostWork = { host, runs, state: { serial: '', pending: [] }, dirty: false }
  const { source } = host.engine
  if (source !== undefined) addEngineRuns(work, await enginePlays(host, source, context), context)
  return work
}

const failed = (work: HostWork, error: unknown, context: SessionContext): void => {
  if (context.signal.aborted) throw context.signal.reason
  if (!(error instanceof UserError)) throw error
  work.problem = error
  const state = error.exit === 4 ? 'unreachable' : 'failed'
  context.emit({ type: 'host', host: work.host.name, state, text: messageOf(error) })
}

const resolveAll = (work: HostWork, works: readonly HostWork[], context: SessionContext) => async (): Promise<void> => {
  const resolver = resolverFor(work, works, context)
  for (const run of work.runs) await resolveRun(run, resolver)
}

/** Folders that images are imported from, as far as the file tells them without facts. */
const staticFolders = ({ project }: SessionContext): string[] =>
  Object.values(project.images).flatMap(({ value }) => {
    const { dir, at } = (value as { import?: { dir?: unknown; at?: unknown } } | null)?.import ?? {}
    return typeof dir === 'string' && at === 'host' && !dir.includes('{{') ? [dir] : []
  })

/** Connects, and asks everything that can be asked at once: host by shell, engine by its socket. */
async function reach(
  work: HostWork,
  works: readonly HostWork[],
  context: SessionContext,
): Promise<EngineSide | undefined> {
  const { host } = work
  const began = performance.now()
  try {
    const provider = providerOf(host, context)
    context.emit({ type: 'host', host: host.name, state: 'connecting' })
    work.connection = await context.connect(host, { signal: context.signal })
    context.emit({ type: 'host', host: host.name, state: 'reading' })
    await resolveAll(work, works, context)()
    const detector = {
      probe: provider.detect(host.engine, staticFolders(context)),
      read: (out: string) => provider.readDetection(out),
    }
    const reading = firstRead(work, context.project.name, detector, { signal: context.signal })
    const detection = reading.then((): Detection => {
      if (work.detection === undefined) throw new Error('the engine was not looked for')
      return work.detection
    })
    const [scope] = provider.scopes([host])
    if (scope === undefined) throw new Error(`${provider.name} has no scope for ${host.name}`)
    const [read, opened] = await Promise.allSettled([reading, provider.open(scope, work.connection, detection)])
    if (read.status === 'rejected') throw read.reason
    if (opened.status === 'rejected') throw opened.reason
    const ms = Math.round(performance.now() - began)
    context.emit({ type: 'host', host: host.name, state: 'ready', ms })
    return { provider, scope, work, opened: opened.value, unforeseen: [], keyless: work.state.key === undefined }
  } catch (error) {
    failed(work, error, context)
    return undefined
  }
}

/** Where the file leaves the source open, an engine that answers is left alone, and a missing one is the distribution's. */
async function needEngine(work: HostWork, context: SessionContext, withContainers: ReadonlySet<string>): Promise<void> {
  const { host, detection } = work
  if (host.engine.source !== undefined) return
  const there = detection?.state === 'answers' || detection?.state === 'denied'
  if (!there && host.engine.at === undefined && !withContainers.has(host.name)) return
  addEngineRuns(work, await enginePlays(host, there ? 'none' : 'distro', context), context)
}

/** An engine that is there and closed to us is this host's trouble, if it is needed at all. */
function refuseDenied(side: EngineSide, withContainers: ReadonlySet<string>): void {
  const { opened, work } = side
  if (opened === undefined || !isAbsent(opened) || opened.absent !== 'denied' || !withContainers.has(work.host.name))
    return
  throw new UserError(opened.text, {
    where: work.host.name,
    hint: `give hosts.${work.host.name}.become, or name the login user in engine.users`,
  })
}

async function decide(side: EngineSide, context: SessionContext): Promise<EnginePlan | undefined> {
  try {
    return await planEngine(side, context.files, context.prune)
  } catch (error) {
    failed(side.work, error, context)
    return undefined
  }
}

/** Connections of a run, for closing. */
export const closeAll = async (works: readonly HostWork[]): Promise<void> => {
  await Promise.allSettled(works.map(work => work.connection?.close()))
}

/** Connects to all hosts and asks them the first time. Hosts in trouble carry a `problem` and have no side. */
export async function reachHosts(context: SessionContext, works: HostWork[]): Promise<EngineSide[]> {
  const reached = await mapLimited(works, context.forks, work => reach(work, works, context))
  return reached.filter(side => side !== undefined)
}

/** Everything that is to be done, with causes; touches nothing. Hosts in trouble carry a `problem`, the others are planned. */
export async function observe(context: SessionContext, works: HostWork[]): Promise<RunPlan> {
  const withContainers = hostsWithContainers(context)
  works.push(...(await Promise.all(context.hosts.map(host => startWork(host, context)))))
  const sides = await reachHosts(context, works)
  await mapLimited(works, context.forks, async work => {
    if (work.problem) return
    try {
      await needEngine(work, context, withContainers)
      const side = sides.find(one => one.work === work)
      if (side) refuseDenied(side, withContainers)
      await secondRead(work, resolveAll(work, works, context), { signal: context.signal })
    } catch (error) {
      failed(work, error, context)
    }
  })
  const alive = sides.filter(side => side.work.problem === undefined)
  const wanted = context.extent === 'all' ? await wantEngines(context, works, alive) : new Map()
  await mapLimited(alive, context.forks, async side => {
    if (side.wanted === undefined || side.work.problem) return
    const planned = await decide(side, context)
    if (planned) side.planned = planned
  })
  const healthy = works.filter(work => work.problem === undefined)
  const broken = new Set(context.project.hosts.map(host => host.name))
  for (const work of healthy) broken.delete(work.host.name)
  for (const host of context.project.hosts) if (!context.hosts.includes(host)) broken.delete(host.name)
  const unchangedByHost = new Map<string, number>()
  const hostSteps = healthy.map(work => {
    const tasks = planHost(work)
    const engine = sides.find(side => side.work === work)?.planned
    unchangedByHost.set(work.host.name, tasks.unchanged + (engine?.unchanged ?? 0))
    for (const text of engine?.warnings ?? []) context.emit({ type: 'warning', text, host: work.host.name })
    return { host: work.host.name, before: tasks.before, engine: engine?.steps ?? [], after: tasks.after }
  })
  return {
    works,
    sides,
    steps: joinSteps(hostSteps, wanted, broken),
    unchanged: [...unchangedByHost.values()].reduce((sum, count) => sum + count, 0),
    unchangedByHost,
    orphans: sides.flatMap(side => (side.planned?.orphans ?? []).map(thing => ({ host: side.scope.name, thing }))),
  }
}
