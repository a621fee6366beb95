// The one door to the tar library: entries in, an archive as a stream out, the same bytes for the same entries; and the other way round.
import { Readable } from 'node:stream'
import { createTarDecoder, createTarPacker } from 'modern-tar'

/** One entry of an archive; a file's bytes are fetched when its turn comes. */
export interface TarEntry {
  path: string
  kind: 'file' | 'directory' | 'link'
  mode: number
  /** Owner and group; 0 if left out. */
  uid?: number
  gid?: number
  target?: string
  bytes?: () => Promise<Uint8Array>
  /** In place of `bytes`, for what may be large: so many bytes, in pieces. */
  pieces?: { size: number; open(): AsyncIterable<Uint8Array> }
}

const types = { file: 'file', directory: 'directory', link: 'symlink' } as const

/** Packs entries in the order given. Times are zero, and owners where none is said: this machine's would change the archive without a reason. */
export function packTar(entries: readonly TarEntry[]): Readable {
  const { readable, controller } = createTarPacker()
  const pack = async (): Promise<void> => {
    for (const entry of entries) {
      // Bytes first: the header's size must be that of what follows, also when the file grows meanwhile.
      const bytes = (await entry.bytes?.()) ?? new Uint8Array()
      const size = entry.pieces?.size ?? bytes.length
      const writer = controller
        .add({
          name: entry.kind === 'directory' ? `${entry.path}/` : entry.path,
          type: types[entry.kind],
          size,
          mode: entry.mode,
          mtime: new Date(0),
          uid: entry.uid ?? 0,
          gid: entry.gid ?? 0,
          ...(entry.target === undefined ? {} : { linkname: entry.target }),
        })
        .getWriter()
      if (bytes.length > 0) await writer.write(bytes)
      for await (const piece of entry.pieces?.open() ?? []) await writer.write(piece)
      await writer.close()
    }
    controller.finalize()
  }
  pack().catch(error => controller.error(error))
  return Readable.fromWeb(readable as Parameters<typeof Readable.fromWeb>[0])
}

/** One entry of an archive that is read. Its body must be read to its end, or destroyed to be passed over, before the next one comes. */
export interface ReadEntry {
  path: string
  isFile: boolean
  /** Bytes of the body. */
  size: number
  body: Readable
}

const fromWeb = (stream: unknown): Readable => Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0])

/** Reads an archive entry by entry as it comes in, holding back its source while a body is not read. Throws where it is cut off or no archive. */
export async function* readTar(archive: Readable): AsyncGenerator<ReadEntry> {
  const { readable, writable } = createTarDecoder({ strict: true })
  const writer = writable.getWriter()
  const feed = async (): Promise<void> => {
    for await (const chunk of archive) {
      await writer.ready
      await writer.write(chunk as Uint8Array)
    }
    await writer.close()
  }
  feed().catch((error: unknown) => writer.abort(error).catch(() => undefined))
  const entries = readable.getReader()
  try {
    for (let next = await entries.read(); !next.done; next = await entries.read()) {
      const { header, body } = next.value
      yield { path: header.name, isFile: header.type === 'file', size: header.size, body: fromWeb(body) }
    }
  } finally {
    // Left early: what is still to come is not wanted.
    await entries.cancel().catch(() => undefined)
    archive.destroy()
  }
}
