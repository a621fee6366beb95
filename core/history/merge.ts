// Engines that are one keep the same entries on each of their managers: what some of them have missed, the others know. Pure.
import { byTime, entriesKept, type HistoryHead } from './entry.js'

/** Of two copies under one number: the later run; of one run, the copy that tells how it ended, and all of it. */
function better<T extends { head: HistoryHead; share?: unknown }>(one: T, other: T): T {
  if (one.head.time !== other.head.time) return one.head.time > other.head.time ? one : other
  const worth = ({ head, share }: T): number => (head.state === 'begun' ? 0 : 1) + (share === undefined ? 0 : 1)
  return worth(other) > worth(one) ? other : one
}

/** The entries that several hosts have as one history, the earlier run first: one that knew less than all has too low a number. */
export function mergeEntries<T extends { head: HistoryHead; share?: unknown }>(copies: readonly T[]): T[] {
  const byNumber = new Map<number, T>()
  for (const entry of copies) {
    const known = byNumber.get(entry.head.number)
    byNumber.set(entry.head.number, known === undefined ? entry : better(known, entry))
  }
  return [...byNumber.values()].sort((one, other) => byTime(one.head, other.head))
}

/** Entries of engines that are one, by that name; without a name, those of an engine that stands alone. */
export const entriesOf = <T extends { head: HistoryHead }>(entries: readonly T[], together?: string): T[] =>
  entries.filter(({ head }) => head.together === together)

/** What hosts remember, as it is told: what several keep together once, under the name that they have together. */
export function toldOnce(found: readonly { host: string; head: HistoryHead }[]): { host: string; head: HistoryHead }[] {
  const alone = found.filter(({ head }) => head.together === undefined)
  const names = [...new Set(found.flatMap(({ head }) => head.together ?? []))]
  const merged = names.flatMap(name => mergeEntries(entriesOf(found, name)).map(({ head }) => ({ host: name, head })))
  return [...alone, ...merged]
}

/** True where this copy is as good as that one. */
const isSame = (one: HistoryHead, other: HistoryHead): boolean =>
  one.number === other.number && one.time === other.time && one.state === other.state

/** What a host with these entries lacks, or has only begun, of the newest that all together have. */
export const missingOn = <T extends { head: HistoryHead }>(heads: readonly HistoryHead[], all: readonly T[]): T[] =>
  all.slice(-entriesKept).filter(({ head }) => !heads.some(own => isSame(own, head)))
