// The door to the room of hosts: one function that opens a way to a host, whatever kind of host it is.
import type { Connection } from '../core/connection.js'
import type { ContainerAccess } from '../core/container-hosts/access.js'
import { likeError, UserError, unreachableError } from '../core/errors.js'
import type { Host } from '../core/project.js'
import { connectLocal } from './local.js'
import type { Connect, ConnectOptions } from './options.js'
import type { ConnectSsh } from './ssh/connection.js'

export type { Connect, ConnectOptions, UnknownHostKey } from './options.js'

/** Makes the function that opens connections. What hosts share (bastions, parsed keys, questions) lives as long as it. */
export function createConnect(options: ConnectOptions): Connect {
  // Loaded with the first ssh host only: it costs more to load than all the rest of the room.
  let ssh: Promise<ConnectSsh> | undefined
  return async (host, { signal } = {}) => {
    signal?.throwIfAborted()
    if (host.connection === 'local') return connectLocal(host, options)
    if (host.connection === 'engine') {
      const { connectEngine } = await import('./engine.js')
      return connectEngine(host, options.connectTimeoutMs ?? 15_000, signal)
    }
    if (host.connection === 'container') {
      if (options.enter === undefined) throw new Error('nobody leads into containers')
      return connectInside(host, await options.enter(host, signal))
    }
    ssh ??= import('./ssh/connection.js').then(room => room.createConnectSsh(options))
    if (host.machine === undefined) return (await ssh)(host, signal)
    if (host.port === undefined)
      throw unreachableError(host.name, 'the machine is not there', { hint: '`longshore up` makes it' })
    return (await ssh)(host, signal).catch((error: unknown) => {
      if (!(error instanceof UserError) || error.exit !== 4) throw error
      throw likeError(error, { hint: '`longshore up` starts a machine that was halted; `longshore status` tells more' })
    })
  }
}

/** Makes a connection of the way into a container. */
export async function connectInside(host: Host, access: ContainerAccess): Promise<Connection> {
  const { connectContainer } = await import('./container.js')
  return connectContainer(host, access)
}
