// Sockets for the Engine API: an HTTP agent whose connections are dialled on the host.
import { Agent, type AgentOptions, type ClientRequest } from 'node:http'
import type { Duplex } from 'node:stream'

/** What an HTTP client expects of a socket and a tunnelled stream may lack. */
const socketParts = ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref', 'destroySoon'] as const

/** Gives a stream the socket methods it lacks, as no-ops (a channel has neither timers nor Nagle of its own). */
export function asSocket<Stream extends Duplex>(stream: Stream): Stream {
  for (const part of socketParts) {
    if (part in stream) continue
    const act = part === 'destroySoon' ? () => stream.end(() => stream.destroy()) : () => stream
    Object.defineProperty(stream, part, { value: act, configurable: true, writable: true })
  }
  return stream
}

/**
 * Milliseconds that a connection is kept without use. Podman's service ends when nobody has asked it anything for five seconds
 * (podman-system-service(1), `--time`), also while connections to it are open: what is sent then is lost.
 */
const longestIdleMs = 2_500

/** An agent that opens its connections through `dial` and keeps them. Its end is `destroy()`. */
export class DialAgent extends Agent {
  readonly #dial: () => Promise<Duplex>
  readonly #idleMs: number
  readonly #idle = new WeakMap<Duplex, NodeJS.Timeout>()

  constructor(dial: () => Promise<Duplex>, options: AgentOptions, idleMs = longestIdleMs) {
    super(options)
    this.#dial = dial
    this.#idleMs = idleMs
  }

  // Node's own answer tells whether it is kept; its type does not say so.
  override keepSocketAlive(socket: Duplex): boolean {
    const isKept = super.keepSocketAlive(socket) as unknown as boolean
    if (isKept) this.#idle.set(socket, setTimeout(() => socket.destroy(), this.#idleMs).unref())
    return isKept
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    clearTimeout(this.#idle.get(socket))
    super.reuseSocket(socket, request)
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    this.#dial().then(
      stream => callback?.(null, asSocket(stream)),
      // Node's own type wants a stream even beside an error; the agent reads the error first.
      error => callback?.(error instanceof Error ? error : new Error(String(error)), undefined as unknown as Duplex),
    )
    return undefined
  }
}
