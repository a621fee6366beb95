// Which entry a rollback goes back to, and what stood on a host then. Pure.
import { UserError, usageError } from '../errors.js'
import type { ContainerWant } from '../wanted.js'
import { type HistoryEntry, type HistoryImage, type HistoryShare, isWhole } from './entry.js'
import { textOf } from './keep.js'

/** The entries of one host, or of several that are one, in the order of the runs. */
export interface HostHistory {
  /** Its name, or what they are called together. */
  host: string
  entries: HistoryEntry[]
}

/** What a host had of one service. */
interface Stood {
  containers: ContainerWant[]
  images: HistoryImage[]
}

/** What a host had, once entries are read one upon the other. */
export interface Stand {
  services: Map<string, Stood>
  networks: HistoryShare['networks']
  volumes: HistoryShare['volumes']
}

const newerFirst = <T extends { name: string }>(newer: readonly T[], older: readonly T[]): T[] => [
  ...newer,
  ...older.filter(({ name }) => !newer.some(other => other.name === name)),
]

/** The entries up to that number; of a host that had no part in that run, those with lower ones. */
function until(entries: readonly HistoryEntry[], number: number): readonly HistoryEntry[] {
  const index = entries.findIndex(({ head }) => head.number === number)
  return index < 0 ? entries.filter(({ head }) => head.number < number) : entries.slice(0, index + 1)
}

/** What stood on a host when the run of that number had ended; empty where nothing is known of that time. */
export function standAt(entries: readonly HistoryEntry[], number: number): Stand {
  let stand: Stand = { services: new Map(), networks: [], volumes: [] }
  for (const entry of until(entries, number)) {
    if (!isWhole(entry)) continue
    const { head, share } = entry
    const { containers, networks, volumes } = share
    const isAll = head.only === undefined
    const services = isAll ? new Map<string, Stood>() : new Map(stand.services)
    for (const name of head.only ?? containers.map(({ service }) => service)) {
      const own = containers.filter(({ service }) => service === name)
      if (own.length === 0) services.delete(name)
      else services.set(name, { containers: own, images: head.images.filter(({ service }) => service === name) })
    }
    stand = {
      services,
      networks: isAll ? networks : newerFirst(networks, stand.networks),
      volumes: isAll ? volumes : newerFirst(volumes, stand.volumes),
    }
  }
  return stand
}

/** What a rollback is asked for. */
export interface RollbackWish {
  /** Only these services; empty = all. */
  services: readonly string[]
  /** Number of the entry. */
  to?: number
}

/** The services that are meant and what they were, by name. */
const meantAt = ({ entries }: HostHistory, number: number, services: readonly string[]): [string, Stood][] =>
  [...standAt(entries, number).services]
    .filter(([name]) => services.length === 0 || services.includes(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))

/** By what the image of a container can be known: nodes may each have an id of their own for it. */
const sumsOf = (images: readonly HistoryImage[], name: string): string[] =>
  images
    .filter(({ container }) => container === name)
    .flatMap(({ id, digest }) => [id, ...(digest === undefined ? [] : [digest.replace(/^.*@/, '')])])

/** False where some container was made from another image; what is not known of one tells no difference. */
const isSameImage = (one: Stood, other: Stood): boolean =>
  one.containers.every(({ name }) => {
    const [own, others] = [sumsOf(one.images, name), sumsOf(other.images, name)]
    return own.length === 0 || others.length === 0 || own.some(sum => others.includes(sum))
  })

/** True where the services that are meant were the same at both times. */
function isSameThen(
  histories: readonly HostHistory[],
  [one, other]: readonly [number, number],
  services: readonly string[],
): boolean {
  return histories.every(history => {
    const [own, others] = [meantAt(history, one, services), meantAt(history, other, services)]
    return (
      textOf(own.map(([name, { containers }]) => [name, containers])) ===
        textOf(others.map(([name, { containers }]) => [name, containers])) &&
      own.every(([, stood], index) => isSameImage(stood, others[index]?.[1] ?? stood))
    )
  })
}

/**
 * The numbers of all entries in the order of their runs, which is that of each history: where engines are one, a run that knew less than
 * others has a lower number than what was there before it.
 */
function numbersOf(histories: readonly HostHistory[]): number[] {
  const ranks = new Map<number, number>()
  for (const { entries } of histories) {
    let last = 0
    for (const { head } of entries) {
      last = head.number > last ? head.number : last + 1e-6
      ranks.set(head.number, Math.max(ranks.get(head.number) ?? 0, last))
    }
  }
  return [...ranks].sort(([, one], [, other]) => one - other).map(([number]) => number)
}

function named(histories: readonly HostHistory[], number: number, numbers: readonly number[]): number {
  const there = histories.flatMap(({ entries }) => entries.filter(({ head }) => head.number === number))
  if (there.length === 0)
    throw usageError(`there is no entry ${number}; those that are kept: ${numbers.join(', ')}`, {
      hint: '`longshore history` lists them',
    })
  const bad = there.find(entry => !isWhole(entry))
  if (bad !== undefined)
    throw usageError(
      bad.head.tooLarge
        ? `entry ${number} is too large to have been kept whole`
        : `entry ${number} did not end well (${bad.head.state}), so there is nothing to go back to`,
      { hint: '`longshore history` lists those that did' },
    )
  return number
}

/**
 * The number of the entry to go back to: the one that is named; else the last good one where the last run failed; else the newest
 * one before the last in which the services were otherwise. After a rollback it is the same again, so that a second one changes
 * nothing. A UserError where there is none.
 */
export function chooseEntry(histories: readonly HostHistory[], { services, to }: RollbackWish): number {
  const heads = histories.flatMap(({ entries }) => entries.map(({ head }) => head))
  const numbers = numbersOf(histories)
  const latest = numbers.at(-1)
  if (latest === undefined)
    throw new UserError('there is no history yet', { hint: 'an `up` that changes containers makes the first entry' })
  if (to !== undefined) return named(histories, to, numbers)
  const isGood = (number: number): boolean =>
    histories.every(({ entries }) => entries.every(entry => entry.head.number !== number || isWhole(entry)))
  const good = numbers.filter(isGood)
  const last = heads.find(({ number }) => number === latest)
  if (!isGood(latest)) {
    const before = good.at(-1)
    if (before !== undefined) return before
    throw new UserError(`no run of this project has ended well so far, so there is nothing to go back to`)
  }
  const { rollback } = last ?? {}
  if (rollback !== undefined && !good.includes(rollback)) return latest
  if (rollback !== undefined && isSameThen(histories, [rollback, latest], services)) return rollback
  const older = good.slice(0, rollback === undefined ? good.indexOf(latest) : good.indexOf(rollback) + 1)
  // What a `down` has left is nothing that anybody goes back to.
  const isNothing = (number: number): boolean =>
    histories.every(history => meantAt(history, number, services).length === 0)
  const found = older.findLast(number => !isSameThen(histories, [number, latest], services) && !isNothing(number))
  if (found !== undefined) return found
  const whose = services.length === 0 ? 'the containers' : services.join(', ')
  throw new UserError(`no older entry is known in which ${whose} stood otherwise`, {
    hint: '`longshore history` lists the entries; --to names one',
  })
}
