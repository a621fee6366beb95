// The order between hosts: plays, batches and tasks that all hosts of a play wait for, as gates between the steps.
import type { Play } from '../playbook.js'
import type { Gate, Step } from '../step.js'

/** A task's step with its place among all hosts' tasks. */
export interface Placed {
  step: Step
  /** Plays, batches of hosts, then tasks that are barriers: compared number by number. */
  place: readonly number[]
}

const compare = (a: readonly number[], b: readonly number[]): number => {
  for (const [index, number] of a.entries()) {
    const other = b[index] ?? 0
    if (number !== other) return number - other
  }
  return 0
}

/** Steps of one place, of all hosts, in the order of each host. */
interface Segment {
  place: readonly number[]
  byHost: Map<string, Step[]>
}

function segmentsOf(placed: readonly Placed[]): Segment[] {
  const segments = new Map<string, Segment>()
  for (const { step, place } of placed) {
    const key = place.join('.')
    const segment = segments.get(key) ?? { place, byHost: new Map<string, Step[]>() }
    segments.set(key, segment)
    segment.byHost.set(step.host, [...(segment.byHost.get(step.host) ?? []), step])
  }
  return [...segments.values()].sort((a, b) => compare(a.place, b.place))
}

/**
 * Gates between places, and which gate each host's first step of a place waits for. Steps of one host are in order by their own edges,
 * so that its last one stands for all. `engines` are waited for by the first place that `isAfterEngines` names.
 */
export function gatesBetween(
  placed: readonly Placed[],
  engines: readonly Step[],
  isAfterEngines: (place: readonly number[]) => boolean,
): { gates: Gate[]; waits: Map<string, string> } {
  const gates: Gate[] = []
  const waits = new Map<string, string>()
  const seen = new Set<string>()
  let before: string[] = []
  let enginesDue = true
  for (const { place, byHost } of segmentsOf(placed)) {
    if (enginesDue && isAfterEngines(place)) {
      enginesDue = false
      before.push(...engines.map(step => step.id))
      for (const { host } of engines) seen.add(host)
    }
    for (const host of byHost.keys()) seen.add(host)
    // One host alone is in order by itself.
    if (before.length > 0 && seen.size > 1) {
      const id = `gate ${gates.length + 1}`
      gates.push({ id, waits: before })
      for (const [first] of byHost.values()) if (first) waits.set(first.id, id)
      before = [id]
    }
    for (const steps of byHost.values()) {
      const last = steps.at(-1)
      if (last) before.push(last.id)
    }
  }
  return { gates, waits }
}

const sizeOf = (size: number | string, all: number): number => {
  if (typeof size === 'number') return size
  const part = Math.floor((Number.parseFloat(size) / 100) * all)
  return size.endsWith('%') ? part : Number.parseInt(size, 10)
}

/** The batches of a play's hosts, in order; one batch without `serial`. A batch has at least one host. */
export function batchesOf<T>({ serial }: Pick<Play, 'serial'>, hosts: readonly T[]): T[][] {
  if (serial.length === 0) return [[...hosts]]
  const batches: T[][] = []
  let from = 0
  for (let index = 0; from < hosts.length; index++) {
    const size = Math.max(1, sizeOf(serial[Math.min(index, serial.length - 1)] ?? hosts.length, hosts.length) || 1)
    batches.push(hosts.slice(from, from + size))
    from += size
  }
  return batches
}

/** True when so many failed hosts of a play stop it: more than `max_fail`; without it, with `serial`, one whole batch. */
export function stopsPlay<T>(
  play: Pick<Play, 'serial' | 'max_fail'>,
  hosts: readonly T[],
  failed: ReadonlySet<T>,
): boolean {
  const { serial, max_fail: most } = play
  const lost = hosts.filter(host => failed.has(host)).length
  if (most === undefined)
    return serial.length > 0 && batchesOf(play, hosts).some(batch => batch.every(host => failed.has(host)))
  const bound =
    typeof most === 'string' && most.endsWith('%') ? (Number.parseFloat(most) / 100) * hosts.length : Number(most)
  return lost > bound
}
