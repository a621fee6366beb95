// Brings an image from one engine to others: reads it once, sends each engine what it lacks, all at the same time.
import { messageOf, UserError } from '../../../core/errors.js'
import { familiarReference } from '../images/reference.js'
import type { DockerEngine } from '../open.js'
import { lacking } from './chain.js'
import { type Holdings, type ImageDetails, inspectShape, isManifestId, isSameImage, readHoldings } from './holdings.js'
import { RefusedArchive, type Shipment, type Target } from './load.js'
import { readPart } from './read-part.js'
import { readSaved } from './read-saved.js'
import { type Sent, sendTo, tagImage } from './send.js'
import { createSpool } from './spool.js'

export interface SpreadOptions {
  signal: AbortSignal
  /** Compressed bytes after which layers are loaded without waiting for the rest: what a broken connection costs at most, but for one layer. */
  groupBytes?: number
}

/** How an engine came to its image: it had it, or was sent so much; or why it did not. */
export type Arrival = { state: 'already' } | ({ state: 'sent' } & Sent) | { state: 'failed'; error: unknown }

const usualGroup = 8e6

/** An engine that lacks the image, with what it has of its layers. */
interface Receiver {
  target: Target
  holdings: Holdings
  arrived(how: Arrival): void
}

/** Reads the source once, into the spool, while receivers take from it. */
async function sendAll(
  source: DockerEngine,
  details: ImageDetails,
  { ref, receivers }: { ref: string; receivers: readonly Receiver[] },
  { signal, groupBytes = usualGroup }: SpreadOptions,
): Promise<Receiver[]> {
  const layers = details.RootFS.Layers ?? []
  const needed = new Set<string>()
  for (const { holdings } of receivers)
    for (const [index, lacks] of lacking(layers, holdings.layers).entries()) if (lacks) needed.add(layers[index] ?? '')
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const spool = await createSpool(needed, either)
  const sizes = receivers.some(({ holdings }) => holdings.layers.by === 'content')
  const read = async () => {
    const image = { ref, id: details.Id, layers }
    const part =
      sizes || isManifestId(details) ? undefined : await readPart(source, image, needed, { spool, signal: either })
    if (part) return part
    const archive = await source.api.stream({ path: `/images/${details.Id}/get`, signal: either })
    return readSaved(archive, image, needed, { spool, sizes })
  }
  const saved = read().catch((error: unknown) => {
    const told = sourceError(error, ref, source, signal)
    spool.fail(told)
    throw told
  })
  saved.catch(() => undefined)
  const refused: Receiver[] = []
  const shipment: Shipment = { ref, details, layers, spool, saved, groupBytes, signal }
  try {
    await Promise.all(
      receivers.map(async receiver => {
        try {
          receiver.arrived({ state: 'sent', ...(await sendTo(receiver.target, shipment, receiver.holdings)) })
        } catch (error) {
          if (error instanceof RefusedArchive && !receiver.holdings.isAnew) {
            receiver.target.tell(`refused (${error.message}): all of it is sent`)
            refused.push(receiver)
          } else receiver.arrived({ state: 'failed', error: targetError(error, ref, receiver.target) })
        }
      }),
    )
  } finally {
    stop.abort()
    await saved.catch(() => undefined)
    await spool.close()
  }
  return refused
}

function sourceError(error: unknown, ref: string, source: DockerEngine, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof UserError && error.where !== undefined) return error
  const { name } = source.scope
  return new UserError(`image ${ref} cannot be read from ${name}: ${messageOf(error)}`, { where: name, cause: error })
}

const targetError = (error: unknown, ref: string, { engine }: Target): unknown =>
  error instanceof RefusedArchive
    ? new UserError(`the engine refuses image ${ref}: ${error.message}`, { where: engine.scope.name, cause: error })
    : error

/** What one target needs: nothing, another name for what it has, or layers. */
async function receiverFor(
  target: Target,
  details: ImageDetails,
  ref: string,
  signal: AbortSignal,
  arrived: (how: Arrival) => void,
): Promise<Receiver | undefined> {
  const [named, same] = await Promise.all([
    inspectShape(target.engine, ref, signal),
    inspectShape(target.engine, details.Id, signal),
  ])
  if (named && isSameImage(named, details)) {
    arrived({ state: 'already' })
    return undefined
  }
  if (same) {
    await tagImage(target, same.Id, ref, signal)
    arrived({ state: 'sent', bytes: 0, layers: 0 })
    return undefined
  }
  return { target, holdings: await readHoldings(target.engine, signal), arrived }
}

/**
 * Brings the image that `reference` names on the source to all targets. A target that fails does not hold up the others: how each fared comes back
 * in their order. Throws a UserError where the source has no such image, and the signal's reason when interrupted.
 */
export async function spread(
  source: DockerEngine,
  reference: string,
  targets: readonly Target[],
  options: SpreadOptions,
): Promise<Arrival[]> {
  const { signal } = options
  const ref = familiarReference(reference)
  const details = await inspectShape(source, ref, signal)
  if (details === undefined)
    throw new UserError(`there is no image ${ref} to take from here`, { where: source.scope.name })
  const arrivals = new Array<Arrival>(targets.length)
  const asked = await Promise.all(
    targets.map(async (target, index) => {
      const arrived = (how: Arrival): void => {
        arrivals[index] = how
      }
      try {
        return await receiverFor(target, details, ref, signal, arrived)
      } catch (error) {
        arrived({ state: 'failed', error })
        return undefined
      }
    }),
  )
  signal.throwIfAborted()
  const receivers = asked.filter(receiver => receiver !== undefined)
  if (receivers.length > 0) {
    const refused = await sendAll(source, details, { ref, receivers }, options)
    // It did not have after all what it seemed to have (an image was removed, a store that keeps layers in another form): all of it in one piece, then.
    const anew = refused.map(receiver => ({
      ...receiver,
      holdings: {
        ...receiver.holdings,
        isAnew: true as const,
        layers: { ...receiver.holdings.layers, known: new Set<string>() },
      },
    }))
    if (anew.length > 0 && !signal.aborted)
      await sendAll(source, details, { ref, receivers: anew }, { signal, groupBytes: Number.POSITIVE_INFINITY })
  }
  signal.throwIfAborted()
  return arrivals
}
