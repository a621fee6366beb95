// This machine's files, as core sees them: an interface, so that core stays free of effects.
import type { Readable } from 'node:stream'

/** One entry of a folder tree, with its path relative to the folder, `/`-separated. */
export interface FileEntry {
  path: string
  kind: 'file' | 'directory' | 'link'
  /** Permission bits. */
  mode: number
  /** Bytes; 0 for folders and links. */
  size: number
  /** Where a link points to. */
  target?: string
  /** A socket, a device or a named pipe: there is nothing in it to read. */
  special?: true
}

/** Reads this machine's files. Every path is absolute. A missing file is a UserError that names it. */
export interface LocalFiles {
  exists(path: string): Promise<boolean>
  stat(path: string): Promise<FileEntry | undefined>
  text(path: string): Promise<string>
  /** The same at once, for what a template looks up; undefined when there is no such file. */
  textNow(path: string): string | undefined
  bytes(path: string): Promise<Uint8Array>
  /** A file's bytes as they are read, for what may be large; errors are those of `bytes`. */
  stream(path: string): Readable
  /** Everything below a folder, sorted by path, the folder itself left out; links are not followed. */
  list(folder: string): Promise<FileEntry[]>
}
