// Image references in the form in which the engine lists them.

/** The name as the engine shows it: Docker Hub's own prefixes left out, the tag filled in. An id or digest stands as it is. */
export function familiarReference(ref: string): string {
  if (/^sha256:[0-9a-f]{64}$/.test(ref)) return ref
  const short = ref.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '')
  if (short.includes('@')) return short.replace(/:[^/@]+@/, '@')
  return hasTag(short) ? short : `${short}:latest`
}

const hasTag = (ref: string): boolean => ref.lastIndexOf(':') > ref.lastIndexOf('/')

/** Name and tag, as a pull wants them; a digest stands in place of the tag. */
export function splitReference(ref: string): { name: string; tag: string } {
  const at = ref.indexOf('@')
  if (at > 0) return { name: ref.slice(0, at).replace(/:[^/:]+$/, ''), tag: ref.slice(at + 1) }
  if (!hasTag(ref)) return { name: ref, tag: 'latest' }
  const colon = ref.lastIndexOf(':')
  return { name: ref.slice(0, colon), tag: ref.slice(colon + 1) }
}

/** An image on an engine, by what it may be called. */
export interface SeenImage {
  id: string
  tags: string[]
  digests: string[]
  labels: Readonly<Record<string, string>>
}

/** The image that a reference leads to, if it is there. */
export function findImage(images: readonly SeenImage[], ref: string): SeenImage | undefined {
  const wanted = familiarReference(ref)
  const byName = images.find(image => image.tags.includes(wanted) || image.digests.includes(wanted))
  if (byName) return byName
  if (wanted.startsWith('sha256:')) return images.find(image => image.id === wanted)
  // A bare id, as `docker images` shows it; a name of hex digits was looked for first.
  return /^[0-9a-f]{12,64}$/.test(ref) ? images.find(image => image.id.startsWith(`sha256:${ref}`)) : undefined
}

/** The digest that a reference pins, if it does. */
export const digestIn = (ref: string): string | undefined => /@(sha256:[0-9a-f]{64})$/.exec(ref)?.[1]

/** References that do not lead to an image. */
export const lackingTags = (tags: readonly string[] = [], found: SeenImage | undefined): string[] =>
  tags.filter(tag => !found?.tags.includes(familiarReference(tag)))
