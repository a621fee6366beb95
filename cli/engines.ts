// The engines of the chosen hosts, opened together: what ps, logs and exec look through.

import type { Connection } from '../core/connection.js'
import { withEngines as withEngineHosts } from '../core/container-hosts/place.js'
import { hasShell } from '../core/engine-alone/address.js'
import { exitCodes, UserError, unreachableError } from '../core/errors.js'
import type { Host } from '../core/project.js'
import { type Absent, type AnyProvider, type Engine, isAbsent, noDetection, type Scope } from '../core/provider.js'
import type { ContainerState } from '../core/provider-abilities.js'
import { interruptible } from '../core/run/interruptible.js'
import { mapLimited } from '../core/run/workers.js'
import type { CommandContext } from './context.js'

/** One engine that answers. */
interface OpenEngine {
  scope: Scope
  provider: AnyProvider
  engine: Engine
}

/** The engines that answer, and for each that does not, why. */
export interface Engines {
  open: OpenEngine[]
  problems: UserError[]
}

interface Place {
  scope: Scope
  provider: AnyProvider
  host: Host
}

/** Scopes of the chosen hosts, each with the host that leads to its engine. */
function placesOf(hosts: readonly Host[], providers: readonly AnyProvider[]): Place[] {
  return providers.flatMap(provider => {
    const own = withEngineHosts(hosts).filter(host => host.engine.provider === provider.name)
    return provider.scopes(own).flatMap(scope => {
      const host = own.find(one => scope.hosts.includes(one.name))
      return host ? [{ scope, provider, host }] : []
    })
  })
}

async function openAt(place: Place, connection: Connection, signal: AbortSignal): Promise<OpenEngine | UserError> {
  const { scope, provider, host } = place
  const detection = hasShell(host)
    ? connection
        .exec(provider.detect(host.engine, []), { as: 'best', signal })
        .then(exit => provider.readDetection(exit.stdout))
    : noDetection(host)
  // The engine may answer before its detection has failed.
  detection.catch(() => {})
  const engine = await interruptible(provider.open(scope, connection, detection, signal), signal)
  if (!isAbsent(engine)) return { scope, provider, engine }
  return new UserError(engine.text, {
    where: host.name,
    hint: engine.hint ?? absentHints[engine.absent](host.name),
  })
}

/** What to do where the provider itself has nothing to say. */
const absentHints: Readonly<Record<Absent['absent'], (host: string) => string>> = {
  'not-installed': () => '`longshore up` installs it',
  'not-running': () => '`longshore up` starts it; `longshore doctor` tells what stands in the way',
  denied: host => `give hosts.${host}.become`,
}

/** Opens the engine of every chosen host, hands them to `work`, and closes everything whatever happens. */
export async function withEngines<T>(context: CommandContext, work: (engines: Engines) => Promise<T>): Promise<T> {
  const [hosts, providers, connect] = await Promise.all([context.hosts(), context.providers(), context.connect()])
  const { signal } = context
  const connections: Connection[] = []
  const engines: Engines = { open: [], problems: [] }
  try {
    const results = await mapLimited(placesOf(hosts, providers), await context.forks(), async place => {
      try {
        const connection = await connect(place.host, { signal })
        connections.push(connection)
        return await openAt(place, connection, signal)
      } catch (error) {
        if (signal.aborted || !(error instanceof UserError)) throw error
        return error.where === undefined ? unreachableError(place.host.name, error.message, { cause: error }) : error
      }
    })
    for (const result of results) {
      if (result instanceof UserError) engines.problems.push(result)
      else engines.open.push(result)
    }
    return await work(engines)
  } finally {
    for (const { engine } of engines.open) engine.close()
    await Promise.allSettled(connections.map(connection => connection.close()))
  }
}

/** A container with the engine that it runs on. */
export interface Placed {
  on: OpenEngine
  container: ContainerState
}

const byPlace = (a: ContainerState, b: ContainerState): number =>
  compare(a.host, b.host) || compare(a.service, b.service) || a.number - b.number

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The project's containers on all open engines, sorted by host, service and number. */
export async function containersOf(context: CommandContext, engines: Engines): Promise<Placed[]> {
  const { name } = await context.project()
  const lists = await Promise.all(
    engines.open.map(async on =>
      (await on.provider.list(on.engine, name)).map((container): Placed => ({ on, container })),
    ),
  )
  return lists.flat().sort((a, b) => byPlace(a.container, b.container))
}

/** Tells why engines do not answer; gives the exit code that this makes. */
export async function tellProblems(context: CommandContext, problems: readonly UserError[]): Promise<number> {
  for (const problem of problems) await context.tell(problem)
  const unreachable = problems.some(problem => problem.exit === exitCodes.unreachable)
  return unreachable ? exitCodes.unreachable : problems.length > 0 ? exitCodes.failed : exitCodes.done
}
