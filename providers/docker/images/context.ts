// A build context on this machine: what of it is sent, and one hash over all that counts.
import { createHash } from 'node:crypto'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { UserError } from '../../../core/errors.js'
import type { FileEntry, LocalFiles } from '../../../core/files.js'
import type { ImageWant } from '../../../core/wanted.js'
import { ignoredBy } from './ignore.js'
import type { TarEntry } from './tar.js'

export type BuildWant = Extract<ImageWant, { from: 'build' }>

/** A context, ready to be hashed or packed. */
export interface BuildContext {
  /** Sorted by path. */
  entries: TarEntry[]
  /** The Dockerfile's path inside the archive. */
  dockerfile: string
  dockerfileText: string
}

/** Name in the archive for a Dockerfile that lies outside its context. */
const outsideName = '.longshore.Dockerfile'

/** Files read at the same time: enough to keep the disk busy, few enough to bound memory. */
const readers = 16

const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

const entryOf = (files: LocalFiles, folder: string, entry: FileEntry): TarEntry => ({
  path: entry.path,
  kind: entry.kind,
  mode: entry.mode & 0o7777,
  ...(entry.target === undefined ? {} : { target: entry.target }),
  ...(entry.kind === 'file' ? { bytes: () => files.bytes(join(folder, entry.path)) } : {}),
})

/** Everything below a folder, as archive entries. */
export async function folderEntries(files: LocalFiles, folder: string): Promise<TarEntry[]> {
  return (await files.list(folder)).map(entry => entryOf(files, folder, entry)).sort(byPath)
}

/** Reads a context's list of files and its Dockerfile. A UserError when one of them is missing. */
export async function readContext(files: LocalFiles, want: BuildWant): Promise<BuildContext> {
  const missing = (what: string, path: string): UserError =>
    new UserError(`${what} ${path} of image ${want.ref} is not there`, { at: want.at })
  if ((await files.stat(want.context))?.kind !== 'directory') throw missing('the build context', want.context)
  const file = resolve(want.context, want.dockerfile)
  if ((await files.stat(file)) === undefined) throw missing('the Dockerfile', file)
  const inside = relative(want.context, file)
  const outside = inside.startsWith('..') || isAbsolute(inside)

  // Docker reads `<Dockerfile>.dockerignore` first, then the context's own.
  const ignoreFiles = [`${file}.dockerignore`, join(want.context, '.dockerignore')]
  let ignored = (_: string): boolean => false
  for (const path of ignoreFiles)
    if (await files.exists(path)) {
      ignored = ignoredBy(await files.text(path))
      break
    }
  const all = await folderEntries(files, want.context)
  const kept = all.filter(({ path }) => path === inside || !ignored(path))
  const dockerfileText = await files.text(file)
  const entries = outside
    ? [...kept, { path: outsideName, kind: 'file', mode: 0o644, bytes: () => files.bytes(file) } as const].sort(byPath)
    : kept
  return { entries, dockerfile: outside ? outsideName : inside, dockerfileText }
}

/**
 * One sha256 over paths, kinds, modes, link targets and contents. Write bits of group and others are left out: they follow the
 * umask of whoever checked the files out, and two operators must come to the same hash.
 */
export async function hashEntries(entries: readonly TarEntry[]): Promise<string> {
  const contents = new Array<string>(entries.length)
  let next = 0
  const read = async (): Promise<void> => {
    for (let index = next++; index < entries.length; index = next++) {
      const bytes = await entries[index]?.bytes?.()
      contents[index] = bytes ? createHash('sha256').update(bytes).digest('hex') : ''
    }
  }
  await Promise.all(Array.from({ length: readers }, read))
  const sum = createHash('sha256')
  entries.forEach(({ path, kind, mode, target = '' }, index) => {
    // A link has no mode of its own, and what Linux shows for it differs from other systems.
    const bits = kind === 'link' ? 0 : mode & 0o7755
    sum.update(`${JSON.stringify([path, kind, bits, target, contents[index]])}\n`)
  })
  return sum.digest('hex')
}
