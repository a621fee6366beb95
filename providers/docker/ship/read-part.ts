// Reads of an image only what is needed, where that is little: the source's host itself takes the other layers out of what it saves.
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type Sh, sh } from '../../../core/sh.js'
import type { DockerEngine } from '../open.js'
import { chainIds } from './chain.js'
import { type ImageShape, readSaved, type SavedImage } from './read-saved.js'
import type { Spool } from './spool.js'
import { layerFolders } from './v1-id.js'

/** Compressed bytes that may come this way: they wait in memory, because a command's output cannot be held back. */
const most = 16 * 1024 * 1024

/** GNU tar says so, and goes on, where a name is not in the archive: names of both layouts are given. Others, and a missing client, yield nothing. */
const saveWithout = (id: string, paths: readonly string[]): Sh => sh`
unset DOCKER_HOST DOCKER_CONTEXT
docker save ${id} 2>/dev/null | tar -f - --delete ${paths} 2>/dev/null | gzip -1 | head -c ${most + 1}
`

const pathsWithout = ({ layers }: ImageShape, needed: ReadonlySet<string>): string[] => {
  const folders = layerFolders(chainIds(layers))
  return layers.flatMap((diffId, index) => {
    if (needed.has(diffId)) return []
    const folder = folders[index]
    return [`blobs/sha256/${diffId.replace('sha256:', '')}`, ...(folder === undefined ? [] : [`${folder}/layer.tar`])]
  })
}

/**
 * Reads what is needed into the spool, in a way that spares the network. Undefined where it cannot be done so: more is needed than may come
 * this way, or the host lacks the tools.
 */
export async function readPart(
  source: DockerEngine,
  image: ImageShape,
  needed: ReadonlySet<string>,
  { spool, signal }: { spool: Spool; signal: AbortSignal },
): Promise<SavedImage | undefined> {
  const paths = pathsWithout(image, needed)
  // Much would not fit, and would be read twice.
  if (needed.size * 2 > image.layers.length) return undefined
  const archive = new PassThrough()
  const unpacked = createGunzip()
  const onBytes = (chunk: Uint8Array, from: 'stdout' | 'stderr'): void => {
    if (from === 'stdout') archive.write(chunk)
  }
  // What it cannot unpack, or did not get, is told by the reading.
  pipeline(archive, unpacked).catch(() => undefined)
  const saving = source.connection
    .exec(saveWithout(image.id, paths), { as: 'best', signal, onBytes })
    .catch(() => undefined)
    .finally(() => archive.end())
  try {
    return await readSaved(unpacked, image, needed, { spool, sizes: false })
  } catch {
    signal.throwIfAborted()
    return undefined
  } finally {
    await saving
  }
}
