// This machine's files for core: its interface over node:fs.
import { createReadStream, readFileSync } from 'node:fs'
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { messageOf, type UserError, usageError } from '../core/errors.js'
import type { FileEntry, LocalFiles } from '../core/files.js'

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

const whys: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'you may not read it',
  EISDIR: 'it is a folder',
}

const unreadable = (path: string, error: unknown): UserError => {
  const code = codeOf(error)
  return usageError(`cannot read ${path}: ${(code && whys[code]) ?? messageOf(error)}`, { cause: error })
}

async function reading<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function entryOf(path: string, name: string): Promise<FileEntry> {
  const found = await lstat(path)
  const mode = found.mode & 0o7777
  if (found.isSymbolicLink()) return { path: name, kind: 'link', mode, size: 0, target: await readlink(path) }
  if (found.isDirectory()) return { path: name, kind: 'directory', mode, size: 0 }
  if (!found.isFile()) return { path: name, kind: 'file', mode, size: 0, special: true }
  return { path: name, kind: 'file', mode, size: found.size }
}

async function statOf(path: string): Promise<FileEntry | undefined> {
  try {
    const found = await stat(path)
    const kind = found.isDirectory() ? 'directory' : 'file'
    const special = found.isDirectory() || found.isFile() ? {} : ({ special: true } as const)
    return { path, kind, mode: found.mode & 0o7777, size: kind === 'file' ? found.size : 0, ...special }
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, error)
  }
}

function textAtOnce(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, error)
  }
}

/** By code unit, so that the order is the same in every locale. */
const byPath = (a: FileEntry, b: FileEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) yield chunk as Buffer
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function listBelow(folder: string, prefix: string): Promise<FileEntry[]> {
  const names = await readdir(join(folder, prefix))
  const nested = await Promise.all(
    names.map(async name => {
      const path = prefix === '' ? name : `${prefix}/${name}`
      const entry = await entryOf(join(folder, path), path)
      return entry.kind === 'directory' ? [entry, ...(await listBelow(folder, path))] : [entry]
    }),
  )
  return nested.flat()
}

/** Reads this machine's files. `stat` follows links, as reading does; only `list` tells of the links themselves. */
export const localFiles: LocalFiles = {
  exists: async path => (await statOf(path)) !== undefined,
  stat: statOf,
  text: path => reading(path, readFile(path, 'utf8')),
  textNow: textAtOnce,
  bytes: path => reading(path, readFile(path)),
  stream: path => Readable.from(chunksOf(path), { objectMode: false, highWaterMark: 256 * 1024 }),
  list: async folder => (await reading(folder, listBelow(folder, ''))).sort(byPath),
}
