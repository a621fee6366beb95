// The engines that a provider is tried with: that of one host, and those that it is one with.
import type { Connection } from '../../core/connection.js'
import { messageOf, UserError } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import { type AnyProvider, type Engine, isAbsent, type Scope } from '../../core/provider.js'
import type { Member } from '../../core/together/ability.js'

/** The engine of a host, opened. */
export interface OpenEngine {
  readonly host: Host
  readonly scope: Scope
  readonly connection: Connection
  readonly engine: Engine
}

/** Opens the engine of a host. A UserError where there is none to open. */
export async function openEngine(
  provider: AnyProvider,
  host: Host,
  connection: Connection,
  signal: AbortSignal,
): Promise<OpenEngine> {
  const [scope] = provider.scopes([host])
  if (scope === undefined) throw new UserError('the provider has no scope for the host', { where: host.name })
  const detection = connection
    .exec(provider.detect(host.engine, []), { as: 'best', signal })
    .then(exit => provider.readDetection(exit.stdout))
  detection.catch(() => undefined)
  const engine = await provider.open(scope, connection, detection, signal)
  if (isAbsent(engine)) throw new UserError(`no engine answers: ${engine.text}`, { where: host.name })
  return { host, scope, connection, engine }
}

/** Opens those of the hosts that can be reached; the others are told of. */
export async function openReachable(
  provider: AnyProvider,
  hosts: readonly Host[],
  connect: (host: Host) => Promise<Connection>,
  { signal, tell }: { signal: AbortSignal; tell: (text: string) => void },
): Promise<OpenEngine[]> {
  const all = await Promise.all(
    hosts.map(async host => {
      let connection: Connection | undefined
      try {
        connection = await connect(host)
        return [await openEngine(provider, host, connection, signal)]
      } catch (error) {
        await connection?.close()
        signal.throwIfAborted()
        tell(`${host.name} takes no part: ${messageOf(error)}`)
        return []
      }
    }),
  )
  return all.flat()
}

/** All hosts as members of one engine. */
export const membersOf = (hosts: readonly Host[], open: readonly OpenEngine[]): Member[] =>
  hosts.map(host => {
    const engine = open.find(one => one.host === host)?.engine
    return { host, reached: engine !== undefined, ...(engine === undefined ? {} : { engine }) }
  })
