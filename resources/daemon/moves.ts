// Keys that would hide what an engine holds: a change of them is refused while there is something to hide.
import { posix } from 'node:path'
import type { Remark } from './check.js'
import { daemonKeys } from './keys-table.js'
import type { KeyChange } from './merge.js'
import { type EngineSeen, infoOf } from './seen.js'

/** What the engine goes by where its file says nothing, or says the same in other words. */
function isSame(key: string, value: unknown, seen: EngineSeen): boolean {
  if (key === 'storage-driver') return value !== undefined && value === infoOf(seen, 'Driver')
  if (key !== 'data-root' && key !== 'graph') return false
  const now = infoOf(seen, 'DockerRootDir')
  const then = posix.normalize(typeof value === 'string' ? value : '/var/lib/docker').replace(/(.)\/$/, '$1')
  // With remapped users the engine works in a folder below, named by their numbers.
  return typeof now === 'string' && now.replace(/\/\d+\.\d+$/, '') === then
}

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

/** What the engine holds, in words; empty when it holds nothing or nobody can tell. */
function holdings(seen: EngineSeen): string {
  const number = (name: string): number => Number(infoOf(seen, name) ?? 0)
  const parts: [number, string][] = [
    [number('Containers'), 'container'],
    [number('Images'), 'image'],
    [seen.volumes, 'volume'],
  ]
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => counted(count, word))
    .join(', ')
}

/** Whether another value of this key hides what is there. Undefined: it does not. */
export function hides({ key, to }: KeyChange, seen: EngineSeen): string | undefined {
  const what = Object.hasOwn(daemonKeys, key) ? daemonKeys[key]?.hides : undefined
  return what === undefined || isSame(key, to, seen) ? undefined : what
}

/** Another place or driver for the data is refused while the old one holds something. Remapped users are the user's own decision: told, not refused. */
export function losesData(changes: readonly KeyChange[], seen: EngineSeen): Remark[] {
  const held = holdings(seen)
  if (held === '') return []
  return changes
    .filter(change => change.key !== 'userns-remap' && hides(change, seen) !== undefined)
    .map(({ key }) => ({
      key,
      path: [key],
      text: `\`${key}\`: the engine holds ${held}, which it would no longer see; move the data first, or remove it`,
    }))
}
