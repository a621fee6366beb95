// A duplex stream over two one-way streams that is close enough to a net.Socket for node:http.
import { Duplex, type Readable, type Writable } from 'node:stream'

/** The two directions of a dialled stream, and how to give them up. */
export interface TwoWay {
  readable: Readable
  writable: Writable
  /** Settles when the far side is gone. */
  closed: Promise<unknown>
  close(): void
}

/** A stream to a socket on a host. Each direction can be ended alone. */
export class HostSocket extends Duplex {
  readonly #way: TwoWay
  #ended = false

  constructor(way: TwoWay) {
    super({ allowHalfOpen: true })
    this.#way = way
    way.readable.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) way.readable.pause()
    })
    way.readable.on('end', () => this.#end())
    way.readable.on('error', error => this.destroy(error))
    way.writable.on('error', error => this.destroy(error))
    void way.closed.then(() => this.#gone())
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.push(null)
  }

  #gone(): void {
    this.#end()
    // Readers get what has come before the stream goes down.
    if (this.readableEnded) this.destroy()
    else this.once('end', () => this.destroy())
  }

  override _read(): void {
    this.#way.readable.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#way.writable.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#way.writable.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // What still comes is thrown away: a channel tells its end only to those who read it.
    this.#way.readable.removeAllListeners('data')
    this.#way.readable.resume()
    this.#way.close()
    done(error)
  }

  // What node:http calls on its sockets, and a channel has no use for.
  setKeepAlive(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  destroySoon(): void {
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy()).end()
  }
}

/** A socket that did not open. Plain, with a code: through ssh nobody can tell a missing socket from a forbidden one. */
export const dialError = (host: string, socketPath: string, reason: string, cause?: unknown): Error =>
  Object.assign(new Error(`${host}: cannot open ${socketPath}: ${reason}`, { cause }), { code: 'EDIAL' })
