// What of this machine is brought to a host, entry by entry, and the sum over it that is the same on every machine.
import { createHash, createHmac } from 'node:crypto'
import { join } from 'node:path'
import type { LocalFiles } from '../../files.js'
import { reveal } from '../../secret.js'
import type { ShippedWant } from './shipped-want.js'

/** One entry of what is shipped; the path of the file or folder itself is empty. */
export interface ShippedEntry {
  path: string
  kind: 'file' | 'directory' | 'link'
  /** Permission bits as they shall be on the host. */
  mode: number
  /** Bytes. */
  size: number
  target?: string
  /** The bytes of a file, as they are read. */
  open?(): AsyncIterable<Uint8Array>
}

/** Where the entries come from, and how a single file shall be on the host. */
export type ShippedSource = Pick<ShippedWant, 'from' | 'kind' | 'mode' | 'uid' | 'gid'>

/** What is in a source, sorted by path, and what was left out of it because it cannot be read (sockets, devices, pipes). */
export interface ShippedTree {
  entries: ShippedEntry[]
  leftOut: string[]
}

/** Write bits of group and others follow the umask of whoever checked the files out: two operators must come to the same sum. */
const steady = (mode: number): number => mode & 0o7755

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Lists what is in a source. A UserError where it cannot be read. */
export async function shippedTree(files: LocalFiles, { from, kind, mode }: ShippedSource): Promise<ShippedTree> {
  if ('content' in from) {
    const bytes = Buffer.from(reveal(from.content))
    const open = (): AsyncIterable<Uint8Array> => once(bytes)
    return { entries: [{ path: '', kind: 'file', mode: mode ?? 0o444, size: bytes.length, open }], leftOut: [] }
  }
  const root = await files.stat(from.path)
  const rootMode = mode ?? steady(root?.mode ?? 0o644)
  const open =
    (path: string): (() => AsyncIterable<Uint8Array>) =>
    () =>
      files.stream(path)
  if (kind === 'file')
    return {
      entries: [{ path: '', kind, mode: rootMode, size: root?.size ?? 0, open: open(from.path) }],
      leftOut: [],
    }
  const below = await files.list(from.path)
  return {
    entries: [
      { path: '', kind, mode: rootMode, size: 0 },
      ...below
        .filter(({ special }) => special !== true)
        .map(entry => ({
          path: entry.path,
          kind: entry.kind,
          // A link has no mode of its own, and what is shown for it differs between systems.
          mode: entry.kind === 'link' ? 0o777 : steady(entry.mode),
          size: entry.size,
          ...(entry.target === undefined ? {} : { target: entry.target }),
          ...(entry.kind === 'file' ? { open: open(join(from.path, entry.path)) } : {}),
        })),
    ],
    leftOut: below.filter(({ special }) => special === true).map(({ path }) => path),
  }
}

/** Adds up entries in their order; `content` is the hex sha256 of a file's bytes. */
export interface Sum {
  add(entry: ShippedEntry, content: string): void
  digest(): string
}

/** A sum that has nothing in it but who shall own it. */
export function startSum({ uid, gid }: Pick<ShippedSource, 'uid' | 'gid'>): Sum {
  const sum = createHash('sha256').update(`${JSON.stringify(['longshore files 1', uid, gid])}\n`)
  return {
    add: ({ path, kind, mode, target = '' }, content) =>
      void sum.update(`${JSON.stringify([path, kind, mode, target, content])}\n`),
    digest: () => sum.digest('hex'),
  }
}

/** Files read at the same time: enough to keep the disk busy, few enough to bound memory. */
const readers = 8

/** Hex sha256 of the bytes of an entry, read piece by piece; empty for what is no file. */
export async function contentSum(entry: ShippedEntry): Promise<string> {
  if (entry.open === undefined) return ''
  const hash = createHash('sha256')
  for await (const chunk of entry.open()) hash.update(chunk)
  return hash.digest('hex')
}

/** The sum over a tree; every file is read once, none is held whole. */
export async function sumOf(entries: readonly ShippedEntry[], owner: Pick<ShippedSource, 'uid' | 'gid'>) {
  const contents = new Array<string>(entries.length)
  let next = 0
  const read = async (): Promise<void> => {
    for (let index = next++; index < entries.length; index = next++) {
      const entry = entries[index]
      if (entry) contents[index] = await contentSum(entry)
    }
  }
  await Promise.all(Array.from({ length: readers }, read))
  const sum = startSum(owner)
  entries.forEach((entry, index) => {
    sum.add(entry, contents[index] ?? '')
  })
  return sum.digest()
}

/**
 * The name of a shipped thing on a host, and how it stands in labels: its sum, and of a secret an HMAC of that under the host's key, so
 * that nobody can try values against it.
 */
export const shippedHash = ({ sum, secret }: Pick<ShippedWant, 'sum' | 'secret'>, key: Uint8Array): string =>
  secret ? createHmac('sha256', key).update(`longshore files ${sum}`).digest('hex') : sum

/** True where a container mounts a copy of its own that changes under it: its content is no part of what the container is. */
export const isLive = ({ onChange }: Pick<ShippedWant, 'onChange'>): boolean => onChange !== 'recreate'
