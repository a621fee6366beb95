// Which entry a rollback goes back to, and what stood on a host then. Pure.
import { UserError, usageError } from '../errors.js'
import type { ContainerWant } from '../wanted.js'
import { type HistoryEntry, type HistoryImage, type HistoryShare, isWhole } from './entry.js'
import { textOf } from './keep.js'

/** The entries of one host, or of several that are one, in order of their numbers. */
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

/** What stood on a host when the run of that number had ended; empty where nothing is known of that time. */
export function standAt(entries: readonly HistoryEntry[], number: number): Stand {
  let stand: Stand = { services: new Map(), networks: [], volumes: [] }
  for (const entry of entries) {
    if (entry.head.number > number || !isWhole(entry)) continue
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

const signature = (histories: readonly HostHistory[], number: number, services: readonly string[]): string =>
  textOf(
    histories.map(({ entries }) =>
      [...standAt(entries, number).services]
        .filter(([name]) => services.length === 0 || services.includes(name))
        .map(([name, { containers, images }]) => [name, containers, images.map(({ id }) => id)])
        .sort(),
    ),
  )

/** The signature of a time when nothing stood. */
const nothing = (histories: readonly HostHistory[]): string => textOf(histories.map(() => []))

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
  const numbers = [...new Set(heads.map(({ number }) => number))].sort((one, other) => one - other)
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
  const now = signature(histories, latest, services)
  if (rollback !== undefined && signature(histories, rollback, services) === now) return rollback
  const older = good.filter(number => number < latest && number <= (rollback ?? latest))
  // What a `down` has left is nothing that anybody goes back to.
  const found = older.findLast(number => {
    const then = signature(histories, number, services)
    return then !== now && then !== nothing(histories)
  })
  if (found !== undefined) return found
  const whose = services.length === 0 ? 'the containers' : services.join(', ')
  throw new UserError(`no older entry is known in which ${whose} stood otherwise`, {
    hint: '`longshore history` lists the entries; --to names one',
  })
}
