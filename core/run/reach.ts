// Connects to hosts and asks each the first time: by shell and by its engine's socket, or by its engine alone.
import { ContainerAway, isContainer } from '../container-hosts/place.js'
import { hasShell, shellless } from '../engine-alone/address.js'
import { messageOf, UserError, unreachableError, usageError } from '../errors.js'
import { expandRuns } from '../plan/expand.js'
import type { HostWork, PlayUse } from '../plan/host-work.js'
import { judgeReads } from '../plan/judge.js'
import { firstRead, settleAllSpoken } from '../plan/read-host.js'
import { resolverFor } from '../plan/scope.js'
import type { Host } from '../project.js'
import { type AnyProvider, type Detection, isAbsent, noDetection } from '../provider.js'
import { closeOpened, type EngineSide } from './engine-side.js'
import { providerOf } from './host-engine.js'
import { interruptible } from './interruptible.js'
import { noteEngine } from './note-engine.js'
import type { SessionContext } from './session.js'
import { mapLimited } from './workers.js'

/** Notes an error as a host's trouble: the others go on. What is no host's trouble is thrown on. */
export const failed = (work: HostWork, error: unknown, context: SessionContext): void => {
  if (context.signal.aborted) throw context.signal.reason
  if (!(error instanceof UserError)) throw error
  work.problem = error
  // Whether it stays away is known only when its engine is planned.
  if (error instanceof ContainerAway && !work.apart) return
  const state = error.exit === 4 ? 'unreachable' : 'failed'
  context.emit({ type: 'host', host: work.host.name, state, text: messageOf(error) })
}

export const resolveAll =
  (work: HostWork, works: readonly HostWork[], context: SessionContext) => async (): Promise<void> => {
    const resolver = resolverFor(work, works, context)
    do {
      judgeReads(work, resolver, { last: false })
      await expandRuns(work, resolver)
    } while (settleAllSpoken(work))
  }

/** Folders that images are imported from, as far as the file tells them without facts. */
const staticFolders = ({ project }: SessionContext): string[] =>
  Object.values(project.images).flatMap(({ value }) => {
    const { dir, tar, at } = (value as { import?: Record<string, unknown> } | null)?.import ?? {}
    const path = dir ?? tar
    return typeof path === 'string' && at === 'host' && !path.includes('{{') ? [path] : []
  })

/** Says what of the file does not reach a host that has no shell. */
export function tellLeftOut(host: Host, plays: readonly PlayUse[], { emit }: SessionContext): void {
  const keys = (host.engineAddress?.leftOut ?? []).map(key => `engine.${key}`)
  const names = [...new Set(plays.map(({ play }) => `the play "${play.name}"`))]
  const left = [...names, ...keys]
  if (left.length > 0) emit({ type: 'note', host: host.name, text: `left out: ${left.join(', ')}; it ${shellless}` })
}

/** Opens the engine of a host without a shell, and reads our state from it. */
async function reachAlone(work: HostWork, provider: AnyProvider, context: SessionContext): Promise<EngineSide> {
  const { host } = work
  const { signal } = context
  if (provider.keeper === undefined)
    throw usageError(`the provider ${provider.name} takes no host with \`connection: engine\``, { at: host.at })
  work.connection = await context.connect(host, { signal })
  context.emit({ type: 'host', host: host.name, state: 'reading' })
  const [scope] = provider.scopes([host])
  if (scope === undefined) throw new Error(`${provider.name} has no scope for ${host.name}`)
  const opened = await interruptible(provider.open(scope, work.connection, noDetection(host), signal), signal)
  if (isAbsent(opened)) throw unreachableError(host.name, opened.text)
  try {
    work.keeper = provider.keeper(opened)
    work.state = await interruptible(work.keeper.read(context.project.name, signal), signal)
  } catch (error) {
    closeOpened(opened)
    throw error
  }
  return { provider, scope, work, opened, unforeseen: [], keyless: work.state.key === undefined }
}

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
    const ready = (): void => {
      const ms = Math.round(performance.now() - began)
      context.emit({ type: 'host', host: host.name, state: 'ready', ms })
    }
    if (!hasShell(host)) {
      const side = await reachAlone(work, provider, context)
      ready()
      return side
    }
    work.connection = await context.connect(host, { signal: context.signal })
    context.emit({ type: 'host', host: host.name, state: 'reading' })
    await resolveAll(work, works, context)()
    if (isContainer(host)) {
      await firstRead(work, context.project.name, undefined, { signal: context.signal })
      ready()
      return undefined
    }
    const detector = {
      probe: provider.detect(host.engine, staticFolders(context)),
      read: (out: string) => provider.readDetection(out),
    }
    const [scope] = provider.scopes([host])
    if (scope === undefined) throw new Error(`${provider.name} has no scope for ${host.name}`)
    const reading = firstRead(work, context.project.name, detector, { signal: context.signal })
    const detection = reading.then((): Detection => {
      if (work.detection === undefined) throw new Error('the engine was not looked for')
      return work.detection
    })
    // A provider whose first try succeeds never asks for it: its failure is told by the reading itself.
    detection.catch(() => undefined)
    const [read, opened] = await Promise.allSettled([
      reading,
      interruptible(provider.open(scope, work.connection, detection, context.signal), context.signal),
    ])
    if (read.status === 'rejected') {
      if (opened.status === 'fulfilled') closeOpened(opened.value)
      throw read.reason
    }
    if (opened.status === 'rejected') throw opened.reason
    noteEngine(work, provider.name, opened.value)
    ready()
    return { provider, scope, work, opened: opened.value, unforeseen: [], keyless: work.state.key === undefined }
  } catch (error) {
    failed(work, error, context)
    return undefined
  }
}

/** Connects to all hosts and asks them the first time. Hosts in trouble carry a `problem` and have no side; containers have none either. */
export async function reachHosts(context: SessionContext, works: HostWork[]): Promise<EngineSide[]> {
  const reached = await mapLimited(works, context.forks, work => reach(work, works, context))
  return reached.filter(side => side !== undefined)
}
