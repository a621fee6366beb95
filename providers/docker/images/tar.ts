// The one door to the tar library: entries in, an archive as a stream out, the same bytes for the same entries.
import { Readable } from 'node:stream'
import { createTarPacker } from 'modern-tar'

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
}

const types = { file: 'file', directory: 'directory', link: 'symlink' } as const

/** Packs entries in the order given. Times are zero, and owners where none is said: this machine's would change the archive without a reason. */
export function packTar(entries: readonly TarEntry[]): Readable {
  const { readable, controller } = createTarPacker()
  const pack = async (): Promise<void> => {
    for (const entry of entries) {
      // Bytes first: the header's size must be that of what follows, also when the file grows meanwhile.
      const bytes = (await entry.bytes?.()) ?? new Uint8Array()
      const writer = controller
        .add({
          name: entry.kind === 'directory' ? `${entry.path}/` : entry.path,
          type: types[entry.kind],
          size: bytes.length,
          mode: entry.mode,
          mtime: new Date(0),
          uid: entry.uid ?? 0,
          gid: entry.gid ?? 0,
          ...(entry.target === undefined ? {} : { linkname: entry.target }),
        })
        .getWriter()
      if (bytes.length > 0) await writer.write(bytes)
      await writer.close()
    }
    controller.finalize()
  }
  pack().catch(error => controller.error(error))
  return Readable.fromWeb(readable as Parameters<typeof Readable.fromWeb>[0])
}
