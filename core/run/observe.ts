// Looks at every host and engine, at the same time and without changing anything, and decides what is to be done.
import { selectHosts } from '../config/index.js'
import { putOff } from '../container-hosts/put-off.js'
import { hasShell } from '../engine-alone/address.js'
import { addDetails } from '../plan/details.js'
import { joinSteps } from '../plan/graph.js'
import { planHost } from '../plan/host-steps.js'
import { type HostWork, type PlayUse, playsFor, runsOf } from '../plan/host-work.js'
import { judgeReads } from '../plan/judge.js'
import { orderSteps } from '../plan/places.js'
import { secondRead } from '../plan/read-host.js'
import { resolverFor } from '../plan/scope.js'
import { checkTags } from '../plan/wrong-tags.js'
import type { Host } from '../project.js'
import { joinTogether } from '../together/join.js'
import { planAllTogether, unchangedTogether } from '../together/plan.js'
import { hostsApart, workApart } from './apart.js'
import { type EnginePlan, type EngineSide, planEngine } from './engine-side.js'
import { refuseVetoed, stoppedOn, tellWarnings } from './forewarn.js'
import {
  addEngineRuns,
  addForgotten,
  hostsWithContainers,
  needEngine,
  refuseDenied,
  refuseMissing,
} from './host-engine.js'
import { planReceiver } from './image-sources.js'
import { addPortRules } from './port-rules.js'
import { failed, reachHosts, resolveAll, tellLeftOut } from './reach.js'
import type { RunPlan, SessionContext } from './session.js'
import { hostsDelegatedTo, placeOf } from './task/delegates.js'
import { wantEngines } from './want-engines.js'
import { mapLimited } from './workers.js'

function userPlays(host: Host, { project, extent }: SessionContext): PlayUse[] {
  const selected = (selector: Parameters<typeof selectHosts>[0]): boolean =>
    selectHosts(selector, project).includes(host)
  return playsFor(
    project.playbooks.filter(use => extent === 'all' || use.stage !== 'after-containers'),
    [],
    (play, use) => selected(play.hosts) && (use.on === undefined || selected(use.on)),
  )
}

async function startWork(host: Host, context: SessionContext): Promise<HostWork> {
  const kinds = new Map(context.resources.map(kind => [kind.kind, kind]))
  const taken = new Set<string>()
  const plays = userPlays(host, context)
  if (!hasShell(host)) tellLeftOut(host, plays, context)
  const runs = hasShell(host) ? plays.flatMap(use => runsOf(host.name, use, kinds, context.tags, taken)) : []
  const work: HostWork = { host, runs, state: { serial: '', pending: [] }, dirty: false }
  const { source } = host.engine
  if (source !== undefined) await addEngineRuns(work, source, context)
  return work
}

async function decide(side: EngineSide, context: SessionContext): Promise<EnginePlan | undefined> {
  try {
    return await planEngine(
      side,
      context.files,
      { prune: context.prune, stopped: stoppedOn(side.work) },
      context.signal,
    )
  } catch (error) {
    failed(side.work, error, context)
    return undefined
  }
}

/** Connections of a run, for closing. */
export const closeAll = async (works: readonly HostWork[]): Promise<void> => {
  await Promise.allSettled(works.map(work => work.connection?.close()))
}

/** Asks the hosts outside of `--on` that those inside need to know; they are in `works` from then on, marked as such. */
export async function reachApart(context: SessionContext, works: HostWork[]): Promise<EngineSide[]> {
  const apart = hostsApart(context, works)
  works.push(...apart.works)
  const delegates = hostsDelegatedTo(context, works).map(workApart)
  works.push(...delegates)
  const sides = await reachHosts(context, [...apart.works, ...delegates])
  // One that is only read from may stay away: the template that needs its facts says so, and at which line.
  for (const work of apart.works) if (!apart.needed.has(work.host.name)) delete work.problem
  return sides
}

/** Reads the tasks of a host that wait for facts, and judges all that was read. */
export async function readRest(work: HostWork, works: readonly HostWork[], context: SessionContext): Promise<void> {
  await secondRead(work, {
    resolve: resolveAll(work, works, context),
    placeOf: instance => placeOf(instance, work, works, context.project.hosts).connection,
    signal: context.signal,
  })
  judgeReads(work, resolverFor(work, works, context), { last: true })
}

/** Everything that is to be done, with causes; touches nothing. Hosts in trouble carry a `problem`, the others are planned. */
export async function observe(context: SessionContext, works: HostWork[]): Promise<RunPlan> {
  checkTags(context.tags, context.project)
  const withContainers = hostsWithContainers(context)
  works.push(...(await Promise.all(context.hosts.map(host => startWork(host, context)))))
  const sides = await reachHosts(context, works)
  sides.push(...(await reachApart(context, works)))
  await mapLimited(works, context.forks, async work => {
    if (work.problem || work.apart || !hasShell(work.host)) return
    try {
      const opened = sides.find(one => one.work === work)?.opened
      await needEngine(work, opened, context, withContainers)
      await addForgotten(work, context)
      refuseDenied(work, opened, withContainers)
    } catch (error) {
      failed(work, error, context)
    }
  })
  const alive = sides.filter(({ work }) => work.problem === undefined && !work.apart)
  const wanted = context.extent === 'all' ? await wantEngines(context, works, alive) : new Map()
  await mapLimited(works, context.forks, async work => {
    if (work.problem || work.apart) return
    try {
      const side = sides.find(one => one.work === work)
      if (side?.wanted) await addPortRules(work, side.wanted, context)
      await readRest(work, works, context)
    } catch (error) {
      failed(work, error, context)
    }
  })
  // What was done once for all hosts is known now, or has a new host to be done on.
  await mapLimited(works, context.forks, async work => {
    if (work.problem || work.apart) return
    try {
      if (works.some(({ runs }) => runs.some(run => run.task.run_once))) await readRest(work, works, context)
      refuseMissing(work, sides.find(one => one.work === work)?.opened, context, withContainers)
    } catch (error) {
      failed(work, error, context)
    }
  })
  await mapLimited(alive, context.forks, async side => {
    if (side.wanted === undefined || side.work.problem) return
    const planned = await decide(side, context)
    if (planned) side.planned = planned
  })
  for (const side of alive)
    try {
      if (side.planned) planReceiver(side, sides)
    } catch (error) {
      failed(side.work, error, context)
    }
  const { textDiff, files, signal } = context
  if (textDiff) await mapLimited(alive, context.forks, side => addDetails(side, { textDiff, files, signal }))
  const together = await planAllTogether(context, { works, sides: alive, wanted })
  const later = putOff(works, sides, context.emit)
  const healthy = works.filter(work => work.problem === undefined && !work.apart)
  await refuseVetoed(healthy)
  const broken = new Set(works.flatMap(work => (work.problem ? [work.host.name] : [])))
  const unchangedByHost = new Map<string, number>()
  const hostSteps = healthy.map(work => {
    const tasks = planHost(work)
    const engine = sides.find(side => side.work === work)?.planned
    unchangedByHost.set(work.host.name, tasks.unchanged + (engine?.unchanged ?? 0))
    tellWarnings(work, context.emit)
    for (const text of engine?.warnings ?? []) context.emit({ type: 'warning', text, host: work.host.name })
    return { host: work.host.name, before: tasks.before, engine: engine?.steps ?? [], after: tasks.after }
  })
  return {
    works,
    sides,
    together,
    ...(later.length === 0 ? {} : { later }),
    ...orderSteps(context.project, works, joinTogether(joinSteps(hostSteps, wanted, broken), hostSteps, together)),
    unchanged: [...unchangedByHost.values()].reduce((sum, count) => sum + count, unchangedTogether(together)),
    unchangedByHost,
    orphans: [...sides, ...together].flatMap(side =>
      (side.planned?.orphans ?? []).map(thing => ({ host: side.scope.name, thing })),
    ),
  }
}
