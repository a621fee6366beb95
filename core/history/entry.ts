// What a host remembers of one run that changed the project's containers: who, when and what, and all it takes to do it again.
import type { ContainerWant, NetworkWant, VolumeWant } from '../wanted.js'

/** One container that a run changed. */
export interface HistoryChange {
  service: string
  container: string
  /** The step's verb: create, replace, start, remove. */
  verb: string
  cause: string
}

/** The image that a container was made from in the end. */
export interface HistoryImage {
  container: string
  service: string
  /** As the file has it. */
  ref: string
  id: string
  /** "redis@sha256:…", where it came from a registry. */
  digest?: string
}

/** What is told of an entry; the first line of its file. */
export interface HistoryHead {
  version: 1
  /** Grows by one with each run; the same on all hosts of a run. */
  number: number
  /** When it began, as ISO 8601, by the clock of who ran it. */
  time: string
  /** "ann@laptop". */
  who: string
  /** The command: "up", "rollback to 3", "scale web=3". */
  reason: string
  /** `begun` is what a run leaves that was killed. */
  state: 'begun' | 'done' | 'failed' | 'interrupted'
  /** Of a rollback: the entry that it went back to. */
  rollback?: number
  /** Of engines that are one: what they are called together. The same entry lies on each of their managers. */
  together?: string
  /** Only these services were meant; all of the project if left out. */
  only?: string[]
  changes: HistoryChange[]
  images: HistoryImage[]
  /** Its share was too large to be kept: it is told, and cannot be gone back to. */
  tooLarge?: true
}

/** What one host had of the services, in a form without any secret value; the second line of an entry's file. */
export interface HistoryShare {
  containers: ContainerWant[]
  networks: NetworkWant[]
  volumes: VolumeWant[]
}

export interface HistoryEntry {
  head: HistoryHead
  /** Left out where the run did not end well. */
  share?: HistoryShare
}

/** How many entries a host keeps. */
export const entriesKept = 10

/** Bytes of a share that are kept at most. */
const largestShare = 512 * 1024

/** An entry as the text of its file: two lines of JSON. */
export function entryText({ head, share }: HistoryEntry): string {
  const kept = share === undefined ? '' : JSON.stringify(share)
  const isTooLarge = Buffer.byteLength(kept) > largestShare
  const told: HistoryHead = isTooLarge ? { ...head, tooLarge: true } : head
  return `${JSON.stringify(told)}\n${isTooLarge ? '' : kept}\n`
}

/** The line as an object that `isIt` knows; undefined for what cannot be read: of a later version, or damaged. */
function parsed<T>(line: string, isIt: (data: object) => boolean): T | undefined {
  try {
    const data: unknown = JSON.parse(line)
    return typeof data === 'object' && data !== null && isIt(data) ? (data as T) : undefined
  } catch {
    return undefined
  }
}

const isHead = (data: object): boolean => 'version' in data && data.version === 1 && 'number' in data

const isShare = (data: object): boolean => 'containers' in data && Array.isArray(data.containers)

/** Reads the files of entries one after the other, or only their first lines; in order of their numbers. What cannot be read is left out. */
export function readEntries(text: string): HistoryEntry[] {
  const entries: HistoryEntry[] = []
  for (const line of text.split('\n')) {
    const head = parsed<HistoryHead>(line, isHead)
    if (head !== undefined) {
      entries.push({ head })
      continue
    }
    const last = entries.at(-1)
    const share = parsed<HistoryShare>(line, isShare)
    if (last !== undefined && last.share === undefined && share !== undefined) last.share = share
  }
  return entries.sort((one, other) => one.head.number - other.head.number)
}

/** The earlier run first. What engines that are one remember has no other order: who had missed runs takes a number that is too low. */
export const byTime = (one: HistoryHead, other: HistoryHead): number =>
  one.time === other.time ? one.number - other.number : one.time < other.time ? -1 : 1

/** True for an entry that can be gone back to. */
export const isWhole = (entry: HistoryEntry): entry is HistoryEntry & { share: HistoryShare } =>
  entry.head.state === 'done' && entry.share !== undefined

/**
 * Numbers of the entries that go when another one comes: all but the newest ones, and the last one that tells of all services, which
 * those that tell of some are read upon.
 */
export function entriesToDrop(heads: readonly HistoryHead[], coming: HistoryHead): number[] {
  const known = coming.together === undefined ? heads : [...heads].sort(byTime)
  const all = [...known.filter(({ number }) => number !== coming.number), coming]
  const base = all.findLast(
    ({ state, only, tooLarge, together }) =>
      state === 'done' && only === undefined && !tooLarge && together === coming.together,
  )
  return all
    .slice(0, -entriesKept)
    .filter(head => head !== base)
    .map(({ number }) => number)
}

/** Ids and digests of the images that a rollback may need: a prune leaves them alone. */
export const imagesKeptByHistory = (entries: readonly { head: HistoryHead }[]): Set<string> =>
  new Set(
    entries.flatMap(({ head }) =>
      head.state === 'done'
        ? head.images.flatMap(({ id, digest }) => [id, ...(digest === undefined ? [] : [digest])])
        : [],
    ),
  )
