// What of an image's layers an engine has already, and what earlier tries have left there.
import type { ImageSummary } from '../api/shapes.js'
import { unlessMissing } from '../apply/job.js'
import type { DockerEngine } from '../open.js'
import { chainIds, type Layers } from './chain.js'

/** What we read of an image to send it, or to know it again. */
export interface ImageDetails {
  Id: string
  RepoTags?: string[] | null
  RepoDigests?: string[] | null
  Created: string
  Architecture: string
  Variant?: string
  Os: string
  Config: unknown
  RootFS: { Layers?: string[] | null }
}

/**
 * An image of ours that holds the lowest layers of one that is on its way; gone as soon as that one is there. In a containerd store it
 * stays: of what other images brought there, only the unpacked content is certain to be there, and not the layer as we would send it.
 */
export interface Carrier {
  id: string
  /** The image that it was made for. */
  ships: string
  tags: readonly string[]
}

/** Label of a carrier: the reference of the image on its way. */
export const carrierLabel = 'longshore.ships'

export interface Holdings {
  layers: Layers
  carriers: Carrier[]
  /** Set for a second try, which takes nothing as known. */
  isAnew?: true
}

/** An image by name or id; undefined where there is none. */
export const inspectShape = (
  engine: DockerEngine,
  ref: string,
  signal: AbortSignal,
): Promise<ImageDetails | undefined> =>
  unlessMissing(engine.api.json<ImageDetails>({ path: `/images/${ref}/json`, signal }))

/** True where the engine keeps images in containerd's content store, whose image ids are other ones. */
export async function hasContentStore(engine: DockerEngine, signal: AbortSignal): Promise<boolean> {
  const { DriverStatus } = await engine.api.json<{ DriverStatus?: [string, string][] | null }>({
    path: '/info',
    signal,
  })
  return (DriverStatus ?? []).some(([name, value]) => name === 'driver-type' && value.startsWith('io.containerd.'))
}

/** The carriers among images. */
export const carriersIn = (listed: readonly ImageSummary[]): Carrier[] =>
  listed.flatMap(({ Id, Labels, RepoTags }) => {
    const ships = Labels?.[carrierLabel]
    return ships === undefined ? [] : [{ id: Id, ships, tags: RepoTags ?? [] }]
  })

/** Asks an engine for the layers of all its images. The list names none, so that each image is asked for: as many at a time as there are sockets. */
export async function readHoldings(engine: DockerEngine, signal: AbortSignal): Promise<Holdings> {
  const [isContent, listed] = await Promise.all([
    hasContentStore(engine, signal),
    engine.api.json<ImageSummary[]>({ path: '/images/json', signal }),
  ])
  const details = await Promise.all(listed.map(({ Id }) => inspectShape(engine, Id, signal)))
  const carriers = carriersIn(listed)
  const known = new Set<string>()
  for (const found of details) {
    const layers = found?.RootFS.Layers ?? []
    if (!isContent) for (const id of chainIds(layers)) known.add(id)
    else if (carriers.some(({ id }) => id === found?.Id)) for (const id of layers) known.add(id)
  }
  return { layers: { by: isContent ? 'content' : 'chain', known }, carriers }
}

const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  )

/** True where both are the same image. Their ids say so; where a containerd store is one of the two, what they are made of does. */
export function isSameImage(one: ImageDetails, other: ImageDetails): boolean {
  if (one.Id === other.Id) return true
  if (!isManifestId(one) && !isManifestId(other)) return false
  const parts = ({ Created, RootFS, Os, Architecture, Config }: ImageDetails): string =>
    sortedJson([Created, RootFS.Layers, Os, Architecture, (Config as { Labels?: unknown } | null)?.Labels ?? {}])
  return parts(one) === parts(other)
}

/** The containerd store names each image by its manifest, and tells it as a digest, too. */
export const isManifestId = ({ Id, RepoDigests }: ImageDetails): boolean =>
  (RepoDigests ?? []).some(digest => digest.endsWith(`@${Id}`))
