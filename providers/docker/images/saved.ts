// Reads an archive that an engine has saved, on this machine: which images are in it, and by which names and ids engines know them.
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { type At, messageOf, UserError } from '../../../core/errors.js'
import { familiarReference } from './reference.js'
import { readTar } from './tar.js'

/** One image of an archive. */
export interface SavedFileImage {
  /** Its id in most engines: the sum of its settings. */
  id: string
  /** Sums of manifests, by which the containerd store knows it; empty in archives of older engines. */
  digests: string[]
  tags: string[]
}

/** One entry of manifest.json. Source: the docker image specification, v1.2, "combined image JSON + filesystem changeset". */
interface ManifestEntry {
  Config: string
  RepoTags?: string[] | null
}

interface OciIndex {
  manifests?: { digest: string; annotations?: Record<string, string> }[]
}

/** The file's bytes, unpacked where they are compressed. */
export async function archiveStream(path: string): Promise<Readable> {
  const file = await open(path)
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0).finally(() => file.close())
  const bytes = createReadStream(path)
  if (buffer.readUInt16BE(0) !== 0x1f8b) return bytes
  const plain = createGunzip()
  bytes.once('error', error => plain.destroy(error))
  plain.once('close', () => bytes.destroy())
  return bytes.pipe(plain)
}

const idOf = (config: string): string => `sha256:${config.replace(/^blobs\/sha256\//, '').replace(/\.json$/, '')}`

async function read(path: string): Promise<SavedFileImage[]> {
  let entries: ManifestEntry[] | undefined
  let index: OciIndex = {}
  for await (const entry of readTar(await archiveStream(path))) {
    if (entry.path === 'manifest.json') entries = (await json(entry.body)) as ManifestEntry[]
    else if (entry.path === 'index.json') index = (await json(entry.body)) as OciIndex
    else entry.body.destroy()
  }
  if (entries === undefined)
    throw new UserError('it has no manifest.json', { hint: 'a root file system is imported: `import: { tar: … }`' })
  const [only] = entries
  const nameOf = (annotations: Record<string, string> = {}): string =>
    familiarReference(annotations['io.containerd.image.name'] ?? '')
  return entries.map(entry => {
    const tags = (entry.RepoTags ?? []).map(familiarReference)
    const own = (index.manifests ?? []).filter(
      ({ annotations }) => (entries?.length === 1 && entry === only) || tags.includes(nameOf(annotations)),
    )
    return { id: idOf(entry.Config), digests: own.map(({ digest }) => digest), tags }
  })
}

/** What was read, as long as the file stays as it was: several hosts load one archive, and each step asks again. */
const known = new Map<string, Promise<SavedFileImage[]>>()

/** The images in an archive. A UserError where it is none, or is cut off. */
export async function savedImages(path: string): Promise<SavedFileImage[]> {
  try {
    const { size, mtimeMs, ino } = await stat(path)
    const key = JSON.stringify([path, size, mtimeMs, ino])
    const reading = known.get(key) ?? read(path)
    known.set(key, reading)
    return await reading
  } catch (error) {
    const hint =
      error instanceof UserError ? error.hint : 'an archive of `docker save` or `longshore images save` is loaded'
    throw new UserError(`${path} cannot be read as an archive of images: ${messageOf(error)}`, { hint, cause: error })
  }
}

/** The image of an archive that is meant by a reference: the one of that name, or the only one. A UserError where there are others. */
export function imageIn(images: readonly SavedFileImage[], { ref, at }: { ref: string; at: At }): SavedFileImage {
  const named = images.find(({ tags }) => tags.includes(familiarReference(ref)))
  const [first, ...others] = images
  if (named) return named
  if (first && others.length === 0) return first
  const names = images.flatMap(({ tags }) => tags).join(', ')
  throw new UserError(`the archive has ${images.length} images, and none is named ${ref}`, {
    at,
    ...(names && { hint: `they are named ${names}` }),
  })
}
