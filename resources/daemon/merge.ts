// What daemon.json becomes: the host's keys, ours of last time and those wanted now, and what it takes to bring the difference into force.
import { isDeepStrictEqual } from 'node:util'
import type { DaemonMap } from './check.js'
import { daemonKeys } from './keys-table.js'

/** One key that differs. */
export interface KeyChange {
  key: string
  /** Undefined: it was not there. */
  from: unknown
  /** Undefined: it leaves the file. */
  to: unknown
  /** What brings it into force. */
  needs: 'reload' | 'restart'
}

/** The file as it becomes. */
export interface Merged {
  next: Record<string, unknown>
  changes: KeyChange[]
  /** A signal is not enough. */
  restart: boolean
}

/** Of the features, the one that a running engine takes over; the others are looked at when it starts. */
const liveFeatures = new Set(['buildkit'])

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function differingNames(from: unknown, to: unknown): string[] {
  const [before, after] = [isMap(from) ? from : {}, isMap(to) ? to : {}]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    name => !isDeepStrictEqual(before[name], after[name]),
  )
}

/** What brings another value of a key into force. Source: moby's daemon/reload*.go; a key without `reload` is read at the start alone. */
export function needsOf(key: string, from: unknown, to: unknown): KeyChange['needs'] {
  const reload = Object.hasOwn(daemonKeys, key) ? daemonKeys[key]?.reload : undefined
  if (reload === undefined || (reload === 'set' && to === undefined)) return 'restart'
  if (key === 'features' && differingNames(from, to).some(name => !liveFeatures.has(name))) return 'restart'
  return 'reload'
}

/**
 * Merges the keys. `merge`: a wanted key is wholly ours, one that we wrote last time (`remembered`) and that is wanted no more goes, all
 * others stay. `own`: the file holds the wanted keys alone.
 */
export function mergeDaemon(
  current: DaemonMap,
  remembered: readonly string[],
  wanted: DaemonMap,
  mode: 'merge' | 'own',
): Merged {
  const gone = new Set(remembered)
  const kept = Object.entries(current).filter(([key]) => key in wanted || (mode === 'merge' && !gone.has(key)))
  const next: Record<string, unknown> = { ...Object.fromEntries(kept), ...wanted }
  const keys = [...Object.keys(next), ...Object.keys(current).filter(key => !(key in next))]
  const changes = keys
    .filter(key => !isDeepStrictEqual(current[key], next[key]))
    .map(key => ({ key, from: current[key], to: next[key], needs: needsOf(key, current[key], next[key]) }))
  return { next, changes, restart: changes.some(change => change.needs === 'restart') }
}

/** The file's text: indented as the host's was, with two spaces if it had no lines. An empty map is `{}`. */
export function daemonText(map: DaemonMap, before = ''): string {
  const indent = /^\uFEFF?\s*\{\r?\n([ \t]+)"/.exec(before)?.[1] ?? '  '
  return `${JSON.stringify(map, null, indent)}\n`
}

/** A daemon.json as a map; undefined where it is none. An empty file and a byte order mark are the engine's own latitude. */
export function parseDaemon(text: string): DaemonMap | undefined {
  const plain = text.replace(/^\uFEFF/, '')
  if (plain.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(plain)
    return isMap(value) ? value : undefined
  } catch {
    return undefined
  }
}

const userinfo = /(:\/\/)[^/@\s"]+@/g

/** Text without the names and passwords that URLs may hold. */
export const withoutLogins = (text: string): string => text.replace(userinfo, '$1(login)@')

/** Names of options that hold a secret even where others wrote them: `splunk-token`, `awslogs-credentials-endpoint`. */
const telling = /token|passw|secret|credential|apikey|api-key/i

/** The map as it may be shown: keys that hold a secret are masked as a whole, logins in URLs and telling options too. */
export function shownDaemon(map: DaemonMap, secretKeys: ReadonlySet<string>): Record<string, unknown> {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return withoutLogins(value)
    if (Array.isArray(value)) return value.map(walk)
    if (!isMap(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, telling.test(key) ? '(secret)' : walk(item)]),
    )
  }
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, secretKeys.has(key) ? '(secret)' : walk(value)]),
  )
}
