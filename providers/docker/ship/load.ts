// Loads archives into one engine: groups of layers first, each held by a carrier image, so that a broken try is not made all over again.
import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { messageOf, UserError } from '../../../core/errors.js'
import type { ImageSummary, ProgressEvent } from '../api/shapes.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { hasStatus, unlessMissing } from '../apply/job.js'
import { familiarReference, splitReference } from '../images/reference.js'
import type { DockerEngine } from '../open.js'
import { type ShippedImage, shipArchive } from './archive.js'
import { lacking } from './chain.js'
import { carrierLabel, carriersIn, type Holdings, type ImageDetails, inspectShape } from './holdings.js'
import type { SavedImage } from './read-saved.js'
import type { Spool, SpooledLayer } from './spool.js'

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

/** Sends one archive; gives its bytes. */
async function load(
  { engine, tell }: Target,
  { spool, signal, ref }: Shipment,
  image: ShippedImage,
  before: number,
): Promise<number> {
  let bytes = 0
  let told = 0
  const counter = new Transform({
    transform(chunk: Uint8Array, _, done) {
      bytes += chunk.length
      if (bytes - told > tellEvery) {
        told = bytes
        const total = spool.total()
        tell(`sent ${sizeText(before + bytes)}${total === undefined ? '' : ` of at most ${sizeText(total)}`}`)
      }
      done(null, chunk)
    },
  })
  const archive = shipArchive(image)
  archive.once('error', error => counter.destroy(error))
  counter.once('close', () => archive.destroy())
  const request = {
    method: 'POST',
    path: '/images/load',
    query: { quiet: true },
    upload: archive.pipe(counter),
    signal,
  } as const
  try {
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
  return bytes
}

/** Removes the carriers of an image, but for the one of this name. */
async function removeCarriers({ engine }: Target, { ref, signal }: Shipment, kept?: string): Promise<void> {
  const listed = await engine.api.json<ImageSummary[]>({ path: '/images/json', signal })
  for (const { id, ships, tags } of carriersIn(listed))
    if (ships === ref && (kept === undefined || !tags.includes(kept)))
      await unlessMissing(engine.api.json({ method: 'DELETE', path: `/images/${id}`, query: { force: true }, signal }))
}

/** Settings of an image that does nothing but hold the lowest layers. */
const carrierConfig = ({ details, ref }: Shipment, layers: readonly string[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      architecture: details.Architecture,
      ...(details.Variant ? { variant: details.Variant } : {}),
      os: details.Os,
      config: { Labels: { [carrierLabel]: ref } },
      rootfs: { type: 'layers', diff_ids: layers },
      history: [],
    }),
  )

/** Gives a name of the engine's to an image. */
export const tagImage = ({ engine }: Target, image: string, ref: string, signal: AbortSignal): Promise<void> => {
  const { name, tag } = splitReference(familiarReference(ref))
  return engine.api.json({ method: 'POST', path: `/images/${image}/tag`, query: { repo: name, tag }, signal })
}

/** The image itself. In the containerd store one that cannot be unpacked would keep its name: there it is named once it is whole. */
async function loadWhole(target: Target, shipment: Shipment, image: ShippedImage, before: number): Promise<number> {
  const { engine } = target
  const { signal, details } = shipment
  if (!image.sizes) return load(target, shipment, image, before)
  const passing = `longshore-part:${details.Id.replace('sha256:', '').slice(0, 12)}`
  try {
    const bytes = await load(target, shipment, { ...image, ref: passing }, before)
    await tagImage(target, passing, image.ref, signal)
    return bytes
  } finally {
    const request = { method: 'DELETE', path: `/images/${passing}`, query: { force: true } } as const
    // Where the connection is gone it stays, and the next try takes its name.
    await engine.api.json(request).catch(() => undefined)
  }
}

/** What an engine was sent. */
export interface Sent {
  bytes: number
  layers: number
}

/**
 * Sends an engine what it lacks of an image, as the layers come in: a RefusedArchive where it will not have it, a UserError where the way
 * to it breaks.
 */
export async function sendTo(target: Target, shipment: Shipment, { layers: has, carriers }: Holdings): Promise<Sent> {
  const { layers, ref, spool, groupBytes } = shipment
  const lacks = lacking(layers, has)
  const isContent = has.by === 'content'
  const carrier = `longshore-layers:${createHash('sha256').update(ref).digest('hex').slice(0, 12)}`
  const sizes = isContent ? { sizes: (await shipment.saved).sizes } : {}
  const carry = (lowest: readonly string[], sent: readonly SpooledLayer[]): Promise<number> => {
    const config = carrierConfig(shipment, lowest)
    return load(target, shipment, { ref: carrier, config, layers: lowest, sent, ...sizes }, bytes)
  }
  let group = new Map<string, SpooledLayer>()
  let bytes = 0
  let count = 0
  let carried = false
  for (const [index, diffId] of layers.entries()) {
    if (!lacks[index]) continue
    if (!group.has(diffId)) {
      group.set(diffId, await spool.layer(diffId))
      count++
    }
    const waiting = [...group.values()].reduce((sum, layer) => sum + layer.bytes, 0)
    if (waiting < groupBytes || !lacks.includes(true, index + 1)) continue
    bytes += await carry(layers.slice(0, index + 1), [...group.values()])
    carried = true
    group = new Map()
  }
  const { config } = await shipment.saved
  bytes += await loadWhole(target, shipment, { ref, config, layers, sent: [...group.values()], ...sizes }, bytes)
  const there = await inspectShape(target.engine, ref, shipment.signal)
  if (there === undefined) throw new RefusedArchive('it is not there after it was loaded')
  if (isContent) bytes += await carry(layers, [])
  if (isContent || carried || carriers.some(({ ships }) => ships === ref))
    await removeCarriers(target, shipment, isContent ? carrier : undefined)
  return { bytes, layers: count }
}
