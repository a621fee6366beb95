// The engines through which containers are worked on as hosts: one for each host that has such containers, opened once and shared.
import type { Connection } from '../../core/connection.js'
import type { ContainerAccess } from '../../core/container-hosts/access.js'
import { ContainerAway } from '../../core/container-hosts/place.js'
import { hasShell } from '../../core/engine-alone/address.js'
import { anyEngine } from '../../core/engine-want.js'
import { type At, UserError, unreachableError, usageError } from '../../core/errors.js'
import type { Host, Project } from '../../core/project.js'
import { type AnyProvider, type Engine, isAbsent, noDetection } from '../../core/provider.js'
import type { Connect } from '../../hosts/index.js'

/** This machine, where the file does not say whose engine a container is on. */
const thisMachine = (at: At): Host => ({
  name: 'this machine',
  connection: 'local',
  address: 'localhost',
  labels: {},
  groups: [],
  vars: {},
  engine: anyEngine(),
  at,
})

interface Opened {
  provider: AnyProvider
  engine: Engine
  connection: Connection
}

async function open(host: Host, provider: AnyProvider, connect: Connect, signal: AbortSignal): Promise<Opened> {
  const connection = await connect(host, { signal })
  try {
    const [scope] = provider.scopes([host])
    if (scope === undefined) throw new Error(`${provider.name} has no scope for ${host.name}`)
    const detection = hasShell(host)
      ? connection
          .exec(provider.detect(host.engine, []), { as: 'best', signal })
          .then(exit => provider.readDetection(exit.stdout))
      : noDetection(host)
    // The engine may answer before its detection has failed.
    detection.catch(() => undefined)
    const engine = await provider.open(scope, connection, detection, signal)
    if (isAbsent(engine)) throw unreachableError(host.name, engine.text)
    return { provider, engine, connection }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** What is wrong on the way to a container, as the trouble of the host that it is. */
const troubleOf = (host: Host, error: unknown): unknown => {
  if (!(error instanceof UserError)) return error
  const { message, hint, output } = error
  const details = { where: host.name, at: host.container?.at, hint, output, cause: error }
  if (error instanceof ContainerAway) return new ContainerAway(message, { ...details, exit: error.exit })
  const through = error.where === undefined ? message : `${error.where}: ${message}`
  return unreachableError(host.name, `cannot speak to the engine of its container: ${through}`, details)
}

/**
 * Makes the function that leads into containers. An engine is closed when the last way into its containers is. A usage error where the
 * provider of that host cannot do it; a ContainerAway where the container is not there or does not run.
 */
export function createEnter(
  project: Project,
  providers: readonly AnyProvider[],
  connect: Connect,
  signal: AbortSignal,
): (host: Host, signal?: AbortSignal) => Promise<ContainerAccess> {
  const shared = new Map<string, { opened: Promise<Opened>; users: number }>()
  const leave = async (key: string): Promise<void> => {
    const one = shared.get(key)
    if (one === undefined || --one.users > 0) return
    shared.delete(key)
    const { engine, connection } = await one.opened
    engine.close()
    await connection.close()
  }
  return async (host, own = signal) => {
    const { container } = host
    if (container === undefined) throw new Error(`${host.name} has no container`)
    const on = project.hosts.find(({ name }) => name === container.on) ?? thisMachine(host.at)
    const provider = providers.find(({ name }) => name === on.engine.provider)
    if (provider?.enter === undefined)
      throw usageError(`the provider ${on.engine.provider} does not lead into containers`, { at: container.at })
    const key = on.name
    const one = shared.get(key) ?? { opened: open(on, provider, connect, signal), users: 0 }
    one.users += 1
    shared.set(key, one)
    try {
      const { engine } = await one.opened
      const access = await provider.enter(engine, container.name, own)
      return { ...access, close: () => void leave(key).catch(() => undefined) }
    } catch (error) {
      await leave(key).catch(() => undefined)
      throw troubleOf(host, error)
    }
  }
}
