// Sends one engine what it lacks of an image: groups of layers first, each held by a carrier image, so that a broken try is not made all over again.
import { createHash } from 'node:crypto'
import type { ImageSummary } from '../api/shapes.js'
import { unlessMissing } from '../apply/job.js'
import { familiarReference, splitReference } from '../images/reference.js'
import type { ShippedImage } from './archive.js'
import { lacking } from './chain.js'
import { carrierLabel, carriersIn, type Holdings } from './holdings.js'
import { type Lane, openLane, RefusedArchive, type Shipment, type Target } from './load.js'
import type { SpooledLayer } from './spool.js'

/** Removes the carriers of an image, but for the one of this name. */
async function removeCarriers({ engine }: Target, { ref, signal }: Shipment, kept?: string): Promise<void> {
  const listed = await engine.api.json<ImageSummary[]>({ path: '/images/json', signal })
  for (const { id, ships, tags } of carriersIn(listed))
    if (ships === ref && (kept === undefined || !tags.includes(kept)))
      await unlessMissing(engine.api.json({ method: 'DELETE', path: `/images/${id}`, query: { force: true }, signal }))
}

/** Each carrier has a name of its own: one that took another's would leave its layers without an owner, and to be swept up, for a moment. */
const carrierName = (ref: string, layers: readonly string[]): string =>
  `longshore-layers:${createHash('sha256')
    .update([ref, ...layers].join(' '))
    .digest('hex')
    .slice(0, 12)}`

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
export const tagImage = (
  { engine }: Pick<Target, 'engine'>,
  image: string,
  ref: string,
  signal: AbortSignal,
): Promise<void> => {
  const { name, tag } = splitReference(familiarReference(ref))
  return engine.api.json({ method: 'POST', path: `/images/${image}/tag`, query: { repo: name, tag }, signal })
}

/** The image itself. In the containerd store one that cannot be unpacked would keep its name: there it is named once it is whole. */
async function sendWhole(lane: Lane, target: Target, shipment: Shipment, image: ShippedImage): Promise<void> {
  const { engine } = target
  const { signal, details } = shipment
  if (!image.sizes) {
    await lane.put(image)
    await lane.done()
    return
  }
  const passing = `longshore-part:${details.Id.replace('sha256:', '').slice(0, 12)}`
  try {
    await lane.put({ ...image, ref: passing })
    await lane.done()
    await tagImage(target, passing, image.ref, signal)
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
  const sizes = isContent ? { sizes: (await shipment.saved).sizes } : {}
  const lane = openLane(target, shipment)
  const carry = (lowest: readonly string[], sent: readonly SpooledLayer[]): Promise<void> =>
    lane.put({ ref: carrierName(ref, lowest), config: carrierConfig(shipment, lowest), layers: lowest, sent, ...sizes })
  let group = new Map<string, SpooledLayer>()
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
    await carry(layers.slice(0, index + 1), [...group.values()])
    carried = true
    group = new Map()
  }
  const { config } = await shipment.saved
  await sendWhole(lane, target, shipment, { ref, config, layers, sent: [...group.values()], ...sizes })
  // The containerd store runs an image whose lower layers are unpacked, but neither lists nor hands on one that it has not all parts of.
  const listed = await target.engine.api.json<ImageSummary[]>({ path: '/images/json', signal: shipment.signal })
  if (!listed.some(({ RepoTags }) => RepoTags?.includes(ref)))
    throw new RefusedArchive('it is not there after it was loaded')
  if (isContent) await carry(layers, [])
  const bytes = await lane.done()
  if (isContent || carried || carriers.some(({ ships }) => ships === ref))
    await removeCarriers(target, shipment, isContent ? carrierName(ref, layers) : undefined)
  return { bytes, layers: count }
}
