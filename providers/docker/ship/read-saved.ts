// Reads what an engine saves of an image, whichever layout it has: takes the layers that are needed, passes over the others.
import type { Readable } from 'node:stream'
import { UserError } from '../../../core/errors.js'
import { type ReadEntry, readTar } from '../images/tar.js'
import { chainIds } from './chain.js'
import type { Spool } from './spool.js'
import { positionOf } from './v1-id.js'

/** An image as its engine describes it. */
export interface ImageShape {
  ref: string
  id: string
  /** Diff ids of its layers, bottom first. */
  layers: readonly string[]
}

/** What was read of an image besides its layers. */
export interface SavedImage {
  /** The image's configuration, byte by byte: its sum is the image's id. */
  config: Uint8Array
  /** Bytes of layers' archives, by diff id, as far as they were seen. */
  sizes: ReadonlyMap<string, number>
}

/** Configurations and manifests are small; more than this is a layer. */
const longestText = 4 * 1024 * 1024

const legacyLayer = /^([0-9a-f]{64})\/layer\.tar$/
const blob = /^blobs\/sha256\/([0-9a-f]{64})$/

/** Where an entry's bytes belong: to a text that we read, to a layer that may be known by its diff id, or nowhere. */
type Place = { text: true } | { layer: string | undefined; sure?: true } | undefined

async function textOf(body: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

const mayBeText = ({ size }: ReadEntry, first: number | undefined): boolean =>
  size <= longestText && (first === 0x7b || first === 0x5b)

/** Where an entry belongs, by its name. Undefined for a blob that only its content can tell. */
function placeOf(
  { path, isFile }: ReadEntry,
  { layers, id }: ImageShape,
  chains: readonly string[],
  texts: ReadonlyMap<string, Uint8Array>,
): Place | 'unknown' {
  if (!isFile) return undefined
  const legacy = legacyLayer.exec(path)
  if (legacy) {
    const beside = texts.get(`${legacy[1]}/json`)
    const position = beside && positionOf(Buffer.from(beside).toString('utf8'), chains)
    return { layer: position === undefined ? undefined : layers[position] }
  }
  const named = blob.exec(path)
  if (named) {
    const digest = `sha256:${named[1]}`
    if (digest === id) return { text: true }
    return layers.includes(digest) ? { layer: digest, sure: true } : 'unknown'
  }
  return path.endsWith('.json') || path.endsWith('/json') ? { text: true } : undefined
}

/** The configuration, where it can be told in what was read so far. In the containerd store the image's id is that of its manifest. */
function configIn(texts: ReadonlyMap<string, Uint8Array>, { id }: ImageShape): Uint8Array | undefined {
  const hex = id.replace('sha256:', '')
  const direct = texts.get(`${hex}.json`) ?? texts.get(`blobs/sha256/${hex}`)
  if (direct && 'rootfs' in (JSON.parse(Buffer.from(direct).toString('utf8')) as object)) return direct
  const manifest = texts.get('manifest.json')
  if (manifest === undefined) return undefined
  const [first] = JSON.parse(Buffer.from(manifest).toString('utf8')) as { Config: string }[]
  return first && texts.get(first.Config)
}

/**
 * Reads a saved image into the spool. Ends, and closes the archive, as soon as all that is needed is there; `sizes` asks for those of
 * all layers, and so for the whole archive. Throws a UserError where something is missing.
 */
export async function readSaved(
  archive: Readable,
  image: ImageShape,
  needed: ReadonlySet<string>,
  { spool, sizes: needsSizes }: { spool: Spool; sizes: boolean },
): Promise<SavedImage> {
  const chains = chainIds(image.layers)
  const texts = new Map<string, Uint8Array>()
  const sizes = new Map<string, number>()
  for await (const entry of readTar(archive)) {
    let place = placeOf(entry, image, chains, texts)
    if (place === 'unknown') {
      // A blob of the containerd store: named by the sum of what may be compressed, so that only reading tells what it is.
      if (entry.size <= longestText) {
        const bytes = await textOf(entry.body)
        if (mayBeText(entry, bytes[0])) texts.set(entry.path, bytes)
        else await spool.add(asStream(bytes))
        continue
      }
      place = { layer: undefined }
    }
    if (place !== undefined && 'layer' in place) {
      const { layer, sure } = place
      if (layer !== undefined) sizes.set(layer, entry.size)
      if (layer === undefined || needed.has(layer)) await spool.add(entry.body, sure && layer)
      else await passOver(entry.body)
    } else if (place !== undefined && entry.size <= longestText) texts.set(entry.path, await textOf(entry.body))
    else await passOver(entry.body)
    if (spool.isFull() && !needsSizes) {
      const config = configIn(texts, image)
      if (config) return { config, sizes: new Map([...sizes, ...spool.sizes]) }
    }
  }
  const config = configIn(texts, image)
  if (config === undefined || !spool.isFull())
    throw new UserError(
      `the engine saves image ${image.ref} without ${config ? 'all of its layers' : 'its settings'}`,
      {
        hint: 'build or pull it anew there',
      },
    )
  return { config, sizes: new Map([...sizes, ...spool.sizes]) }
}

async function* asStream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function passOver(body: Readable): Promise<void> {
  for await (const _ of body);
}
