// The door to the room of hosts: one function that opens a way to a host, whatever kind of host it is.
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
    ssh ??= import('./ssh/connection.js').then(room => room.createConnectSsh(options))
    return (await ssh)(host, signal)
  }
}
