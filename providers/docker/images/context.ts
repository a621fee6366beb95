// A build context on this machine: what of it is sent, and one hash over all that counts.
import { createHash } from 'node:crypto'
import { isAbsolute, join, relative, resolve } from 'node:path'
import type { BuildSource } from '../../../core/containers/image-want.js'
import { UserError } from '../../../core/errors.js'
import type { FileEntry, LocalFiles } from '../../../core/files.js'
import type { ImageWant } from '../../../core/wanted.js'
import { ignoredBy } from './ignore.js'
import type { TarEntry } from './tar.js'

export type BuildWant = Extract<ImageWant, { from: 'build' }>

/** A further context of a build: files of this machine with their hash, or an image. */
export type NamedContext = { entries: TarEntry[]; hash: string } | { image: string }

/** A context, ready to be hashed or packed. */
export interface BuildContext {
  /** Sorted by path. */
  entries: TarEntry[]
  /** The Dockerfile's path inside the context; undefined where it lies elsewhere, or in the project's file. */
  dockerfile: string | undefined
  dockerfileText: string
  contexts: Record<string, NamedContext>
}

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
  // A socket, a device or a pipe has nothing to read, and a pipe is waited for without an end.
  const readable = (await files.list(folder)).filter(({ special }) => special !== true)
  return readable.map(entry => entryOf(files, folder, entry)).sort(byPath)
}

/** What an ignore file takes out of a folder; the first of these that is there counts. */
async function ignoredIn(files: LocalFiles, paths: readonly string[]): Promise<(path: string) => boolean> {
  for (const path of paths) if (await files.exists(path)) return ignoredBy(await files.text(path))
  return () => false
}

async function readNamed(files: LocalFiles, source: BuildSource): Promise<NamedContext> {
  if ('image' in source) return source
  const ignored = await ignoredIn(files, [join(source.folder, '.dockerignore')])
  const entries = (await folderEntries(files, source.folder)).filter(({ path }) => !ignored(path))
  return { entries, hash: await hashEntries(entries) }
}

/** Reads a context's list of files and its Dockerfile. A UserError when one of them is missing. */
export async function readContext(files: LocalFiles, want: BuildWant): Promise<BuildContext> {
  const missing = (what: string, path: string): UserError =>
    new UserError(`${what} ${path} of image ${want.ref} is not there`, { at: want.at })
  if ((await files.stat(want.context))?.kind !== 'directory') throw missing('the build context', want.context)
  const { inline, contexts = {} } = want.settings ?? {}
  const file = resolve(want.context, want.dockerfile)
  if (inline === undefined && (await files.stat(file)) === undefined) throw missing('the Dockerfile', file)
  const inside = relative(want.context, file)
  const outside = inline !== undefined || inside.startsWith('..') || isAbsolute(inside)

  // Docker reads `<Dockerfile>.dockerignore` first, then the context's own.
  const own = inline === undefined ? [`${file}.dockerignore`] : []
  const ignored = await ignoredIn(files, [...own, join(want.context, '.dockerignore')])
  const all = await folderEntries(files, want.context)
  const named: Record<string, NamedContext> = {}
  for (const [name, source] of Object.entries(contexts)) named[name] = await readNamed(files, source)
  return {
    entries: all.filter(({ path }) => (!outside && path === inside) || !ignored(path)),
    dockerfile: outside ? undefined : inside,
    dockerfileText: inline ?? (await files.text(file)),
    contexts: named,
  }
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

/** Name in the archive for a Dockerfile that is not a file of its context as it stands. */
const sentName = '.longshore.Dockerfile'

const ignoreName = '.dockerignore'

const textEntry = (path: string, text: string): TarEntry => ({
  path,
  kind: 'file',
  mode: 0o644,
  bytes: async () => Buffer.from(text),
})

/**
 * What is sent to the builder, and the Dockerfile's path in it. `stages` go before the Dockerfile's own. The classic builder takes away
 * what .dockerignore names, and so a Dockerfile that is only there to be sent does not end up in a `COPY .`.
 */
export async function archiveOf(
  { entries, dockerfile, dockerfileText }: BuildContext,
  stages: string,
  isClassic: boolean,
): Promise<{ entries: TarEntry[]; dockerfile: string }> {
  if (dockerfile !== undefined && stages === '') return { entries, dockerfile }
  const sent = textEntry(sentName, withStages(dockerfileText, stages))
  if (!isClassic) return { entries: [...entries, sent].sort(byPath), dockerfile: sentName }
  const own = entries.find(({ path }) => path === ignoreName)
  const before = own?.bytes ? Buffer.from(await own.bytes()).toString('utf8') : undefined
  const names = [sentName, ...(before === undefined ? [ignoreName] : [])]
  const ignore = textEntry(ignoreName, [...(before === undefined ? [] : [before.trimEnd()]), ...names, ''].join('\n'))
  const rest = entries.filter(({ path }) => path !== ignoreName)
  return { entries: [...rest, sent, ignore].sort(byPath), dockerfile: sentName }
}

/** A Dockerfile with more stages before its first one; stages that it calls by number are counted on. */
export function withStages(text: string, stages: string): string {
  const count = stages.split('\n').filter(line => line !== '').length
  if (count === 0) return text
  const shifted = text.replace(/(--from=)(\d+)(?=\s)/g, (_, flag, number) => `${flag}${Number(number) + count}`)
  return shifted.replace(/^[ \t]*FROM[ \t]/im, first => `${stages}${first}`)
}
