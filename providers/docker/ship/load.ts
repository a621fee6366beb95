// Loads archives into one engine, one after the other, without a pause between them.
import { Transform } from 'node:stream'
import { messageOf, UserError } from '../../../core/errors.js'
import type { ProgressEvent } from '../api/shapes.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { hasStatus } from '../apply/job.js'
import type { DockerEngine } from '../open.js'
import { type ShippedImage, shipArchive } from './archive.js'
import type { ImageDetails } from './holdings.js'
import type { SavedImage } from './read-saved.js'
import type { Spool } from './spool.js'

/** An engine that is to have the image. */
export interface Target {
  engine: DockerEngine
  /** Shows a line of progress. */
  tell(text: string): void
}

/** An image that is read, or is being read, from its source. */
export interface Shipment {
  /** As engines list it, with its tag. */
  ref: string
  details: ImageDetails
  layers: readonly string[]
  spool: Spool
  saved: Promise<SavedImage>
  /** Compressed bytes after which layers are loaded, without waiting for the rest. */
  groupBytes: number
  signal: AbortSignal
}

/** The engine will not have what it was sent: it lacks something that was left out. */
export class RefusedArchive extends Error {}

/** Bytes as people say them. */
export const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`

/** Bytes between two lines of progress. */
const tellEvery = 4e6

/** Sends one archive, and waits until the engine has loaded it. */
async function load(
  { engine, tell }: Target,
  { spool, signal, ref }: Shipment,
  image: ShippedImage,
  { before, sent, uploaded }: { before: Promise<unknown>; sent(bytes: number): number; uploaded(): void },
): Promise<void> {
  let told = 0
  const counter = new Transform({
    transform(chunk: Uint8Array, _, done) {
      const all = sent(chunk.length)
      if (all - told > tellEvery) {
        told = all
        const total = spool.total()
        tell(`sent ${sizeText(all)}${total === undefined ? '' : ` of at most ${sizeText(total)}`}`)
      }
      done(null, chunk)
    },
  })
  const archive = shipArchive(image, before)
  archive.once('error', error => counter.destroy(error))
  counter.once('close', () => {
    archive.destroy()
    uploaded()
  })
  const upload = archive.pipe(counter)
  try {
    const request = { method: 'POST', path: '/images/load', query: { quiet: true }, upload, signal } as const
    await readProgress(await engine.api.stream(request), (_: ProgressEvent) => undefined)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ProgressError || hasStatus(error, 400, 404, 500))
      throw new RefusedArchive(messageOf(error), { cause: error })
    throw new UserError(`image ${ref} did not arrive: ${messageOf(error)}`, {
      where: engine.scope.name,
      hint: 'run the command again: only the layers that did not arrive are sent',
      cause: error,
    })
  }
}

/** Archives on their way to one engine, one after the other. */
export interface Lane {
  /** Sends one more. The engine unpacks one while the next is on its way, and no more than two are. */
  put(image: ShippedImage): Promise<void>
  /** Waits until all are loaded; gives the bytes sent so far. Throws the first failure. */
  done(): Promise<number>
}

export function openLane(target: Target, shipment: Shipment): Lane {
  let bytes = 0
  let earlier: Promise<void> = Promise.resolve()
  let last: Promise<void> = Promise.resolve()
  let road: Promise<void> = Promise.resolve()
  let failure: unknown
  const sent = (more: number): number => {
    bytes += more
    return bytes
  }
  return {
    async put(image) {
      await road
      if (failure !== undefined) throw failure
      earlier = last
      road = new Promise(uploaded => {
        last = load(target, shipment, image, { before: earlier, sent, uploaded })
      })
      last.catch((error: unknown) => {
        failure ??= error
      })
    },
    async done() {
      await earlier
      await last
      return bytes
    },
  }
}
