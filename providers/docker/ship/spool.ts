// Layers on their way: compressed once into a folder of this machine, and read from there by every engine that lacks them.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, constants, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip, gzipSync } from 'node:zlib'
import { messageOf, UserError } from '../../../core/errors.js'

/** A layer that lies ready. */
export interface SpooledLayer {
  diffId: string
  /** A gzip file with the layer's tar archive. */
  path: string
  /** Bytes of that file. */
  bytes: number
  /** Bytes of the layer's tar archive. */
  size: number
}

/** Where layers lie until all engines have them. */
export interface Spool {
  /** Takes a layer's content, compressed or not; keeps it, if it is one of those that are needed. `diffId` where that is known before. */
  add(body: AsyncIterable<Uint8Array>, diffId?: string): Promise<void>
  /** Waits for a layer. */
  layer(diffId: string): Promise<SpooledLayer>
  /** Bytes of the tar archive of each layer that came by, needed or not, by diff id. */
  readonly sizes: ReadonlyMap<string, number>
  /** True once all that is needed lies ready. */
  isFull(): boolean
  /** Bytes of all layers that are needed; undefined until they lie ready. */
  total(): number | undefined
  /** Says that nothing more will come: whoever waits is told why. */
  fail(error: unknown): void
  /** Removes the folder. */
  close(): Promise<void>
}

/** A folder on a disk: `/tmp` may lie in memory, and an image must not. */
async function spoolFolder(): Promise<string> {
  const onDisk = '/var/tmp'
  const usable = await access(onDisk, constants.W_OK).then(
    () => process.env.TMPDIR === undefined,
    () => false,
  )
  return mkdtemp(join(usable ? onDisk : tmpdir(), 'longshore-ship-'))
}

const gzipMagic = 0x1f8b

/** Less is won than it costs where the first bytes hardly shrink: an archive in an archive, pictures, random bytes. */
const hardlyShrinks = (sample: Uint8Array): boolean =>
  sample.length > 4096 && gzipSync(sample, { level: 1 }).length > sample.length * 0.97

/** Looks at the first bytes of a stream without taking them away. */
async function peek(
  body: AsyncIterable<Uint8Array>,
): Promise<{ first: Uint8Array; whole: AsyncGenerator<Uint8Array> }> {
  const chunks = body[Symbol.asyncIterator]()
  const start = await chunks.next()
  const first = start.done ? new Uint8Array() : start.value
  async function* whole(): AsyncGenerator<Uint8Array> {
    if (start.done) return
    yield first
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  }
  return { first, whole: whole() }
}

/** A layer that somebody waits for. */
interface Promised {
  promise: Promise<SpooledLayer>
  resolve(layer: SpooledLayer): void
  reject(error: unknown): void
}

function promised(): Promised {
  const ways: Partial<Pick<Promised, 'resolve' | 'reject'>> = {}
  const promise = new Promise<SpooledLayer>((resolve, reject) => Object.assign(ways, { resolve, reject }))
  // Nobody may wait for it by the time it fails.
  promise.catch(() => undefined)
  return { promise, resolve: layer => ways.resolve?.(layer), reject: error => ways.reject?.(error) }
}

/** Makes a spool for the layers that are needed (diff ids). */
export async function createSpool(needed: ReadonlySet<string>, signal: AbortSignal): Promise<Spool> {
  const folder = await spoolFolder()
  const ready = new Map<string, SpooledLayer>()
  const waiting = new Map<string, Promised>()
  for (const diffId of needed) waiting.set(diffId, promised())
  const sizes = new Map<string, number>()
  let files = 0
  const isFull = (): boolean => ready.size === needed.size

  return {
    async add(body, diffId) {
      const { first, whole } = await peek(body)
      const isGzip = first.length > 1 && ((first[0] ?? 0) << 8) + (first[1] ?? 0) === gzipMagic
      const level = !isGzip && hardlyShrinks(first) ? 0 : 1
      const path = join(folder, String(files++))
      const sum = createHash('sha256')
      let size = 0
      async function* summed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
        for await (const chunk of chunks) {
          sum.update(chunk)
          size += chunk.length
          yield chunk
        }
      }
      try {
        const file = createWriteStream(path, { mode: 0o600, flags: 'wx' })
        if (isGzip) await pipeline(whole, createGunzip(), summed, createGzip({ level }), file, { signal })
        else await pipeline(whole, summed, createGzip({ level }), file, { signal })
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
        throw new UserError(`no room is left in ${folder} for an image on its way: ${messageOf(error)}`, {
          hint: 'make room there, or name another folder with TMPDIR',
          cause: error,
        })
      }
      const found = `sha256:${sum.digest('hex')}`
      if (diffId !== undefined && found !== diffId)
        throw new UserError(`a layer came with another content than its name says: ${diffId}`, {
          hint: 'the image is damaged on the engine that it comes from: build or pull it anew there',
        })
      sizes.set(found, size)
      if (!needed.has(found) || ready.has(found)) return rm(path)
      const layer = { diffId: found, path, bytes: (await stat(path)).size, size }
      ready.set(found, layer)
      waiting.get(found)?.resolve(layer)
    },
    layer(diffId) {
      const one = waiting.get(diffId)
      if (one === undefined) throw new Error(`${diffId} was not said to be needed`)
      return one.promise
    },
    sizes,
    isFull,
    total: () => (isFull() ? [...ready.values()].reduce((sum, { bytes }) => sum + bytes, 0) : undefined),
    fail(error) {
      for (const one of waiting.values()) one.reject(error)
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
