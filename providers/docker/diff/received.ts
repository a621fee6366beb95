// Whether an image that another host builds must be brought from there, and why.
import type { ImageWant } from '../../../core/wanted.js'
import { findImage, type SeenImage } from '../images/reference.js'
import type { Seen } from '../observe/seen.js'
import { stepId } from '../work.js'
import type { DiffContext } from './parts.js'

/** The containerd store names an image by its manifest, and other stores by its settings: between the two, the labels tell. */
const isManifestId = ({ id, digests }: SeenImage): boolean => digests.some(digest => digest.endsWith(`@${id}`))

const labelsOf = ({ labels }: SeenImage): string => JSON.stringify(Object.entries(labels).sort())

const isSame = (one: SeenImage, other: SeenImage): boolean =>
  one.id === other.id || ((isManifestId(one) || isManifestId(other)) && labelsOf(one) === labelsOf(other))

/** Why it must be brought; undefined where the same is there. Where the source is not known, what is there is left alone. */
export function receiveCause(
  { sources }: Pick<DiffContext, 'sources'>,
  { ref, host }: Extract<ImageWant, { from: 'host' }>,
  found: SeenImage | undefined,
): string | undefined {
  if (found === undefined) return `from ${host}: not there`
  const source = sources?.get(host)
  if (source === undefined) return undefined
  if (source.steps.has(stepId({ name: host, hosts: [host] }, `image ${ref}`))) return `from ${host}: built anew there`
  const theirs = findImage((source.seen as Seen).images, ref)
  return theirs === undefined || isSame(found, theirs) ? undefined : `from ${host}: another one is there`
}
