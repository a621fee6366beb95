// Keys that would hide what an engine holds: a change of them is refused while there is something to hide.
import { posix } from 'node:path'
import type { DaemonMap, Remark } from './check.js'
import { daemonKeys } from './keys-table.js'
import { type KeyChange, parseDaemon } from './merge.js'
import { type EngineSeen, infoOf } from './seen.js'

/** Where the engine has its data: as it says itself, else by its file. */
export function dataRoot(seen: EngineSeen): string {
  const now = infoOf(seen, 'DockerRootDir')
  // With remapped users the engine works in a folder below, named by their numbers.
  if (typeof now === 'string') return now.replace(/\/\d+\.\d+$/, '')
  const map = parseDaemon(seen.files.daemon.text) ?? {}
  const said = map['data-root'] ?? map.graph
  return posix.normalize(typeof said === 'string' ? said : '/var/lib/docker').replace(/(.)\/$/, '$1')
}

/** What the engine goes by where its file says nothing, or says the same in other words. */
function isSame(key: string, value: unknown, seen: EngineSeen): boolean {
  if (key === 'storage-driver') return value !== undefined && value === infoOf(seen, 'Driver')
  if (key !== 'data-root' && key !== 'graph') return false
  const then = posix.normalize(typeof value === 'string' ? value : '/var/lib/docker').replace(/(.)\/$/, '$1')
  return dataRoot(seen) === then
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

/** Whether the engine has anything that another folder would hide; of one that does not run, whether its folder holds something. */
export const holdsData = (seen: EngineSeen): boolean => (seen.running ? holdings(seen) !== '' : seen.held)

/** Whether another value of this key hides what is there. Undefined: it does not. */
export function hides({ key, to }: KeyChange, seen: EngineSeen): string | undefined {
  const what = Object.hasOwn(daemonKeys, key) ? daemonKeys[key]?.hides : undefined
  return what === undefined || isSame(key, to, seen) ? undefined : what
}

/** The wanted keys without a `data-root` for which data has to be moved first: the host's own stays until then. */
export function withoutMove(wanted: Record<string, unknown>, current: DaemonMap, seen: EngineSeen): DaemonMap {
  const { 'data-root': root, ...others } = wanted
  if (root === undefined || root === current['data-root'] || isSame('data-root', root, seen) || !holdsData(seen))
    return wanted
  return 'data-root' in current ? { ...others, 'data-root': current['data-root'] } : others
}

/** Another place or driver for the data is refused while the old one holds something. Remapped users are the user's own decision: told, not refused. */
export function losesData(changes: readonly KeyChange[], seen: EngineSeen): Remark[] {
  const isRoot = (key: string): boolean => key === 'data-root' || key === 'graph'
  const held = holdings(seen)
  return changes
    .filter(({ key }) => key !== 'userns-remap' && (held !== '' || (isRoot(key) && holdsData(seen))))
    .filter(change => hides(change, seen) !== undefined)
    .map(({ key }) => ({
      key,
      path: [key],
      text: `\`${key}\`: the engine holds ${held === '' ? `data in ${dataRoot(seen)}` : held}, which it would no longer see; ${
        key === 'data-root' ? 'say `data_root_move: copy` to take it along' : 'move the data first'
      }, or remove it`,
    }))
}
