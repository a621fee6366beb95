// Which events `longshore events` shows, and how.
import { usageError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { ContainerEvent } from '../../core/provider-abilities.js'

const keys = ['event', 'service', 'container', 'image', 'host'] as const
type Key = (typeof keys)[number]

const isKey = (text: string): text is Key => keys.some(key => key === text)

const partOf = (event: ContainerEvent, key: Key): string =>
  // Some actions say more after a colon ("health_status: healthy", "exec_start: sh").
  key === 'event' ? (event.action.split(':')[0] ?? '') : event[key]

/** Reads `--filter KEY=VALUE`: of one key any value will do, of several keys each must fit. A usage error for a key that is none. */
export function readFilters(texts: readonly string[]): (event: ContainerEvent) => boolean {
  const wanted = new Map<Key, string[]>()
  for (const text of texts) {
    const at = text.indexOf('=')
    const key = text.slice(0, Math.max(0, at))
    if (!isKey(key)) throw usageError(`--filter takes KEY=VALUE, not "${text}"`, { hint: `keys: ${keys.join(', ')}` })
    wanted.set(key, [...(wanted.get(key) ?? []), text.slice(at + 1)])
  }
  return event =>
    [...wanted].every(([key, values]) =>
      values.some(value => value === partOf(event, key) || (key === 'event' && value === event.action)),
    )
}

/** An event in one line. */
export function eventText({ time, host, container, action, image, attributes }: ContainerEvent): string {
  const told = Object.entries({ image, ...attributes }).map(([key, value]) => `${key}=${value}`)
  return cleanLine(`${time} ${host} ${container} ${action} (${told.join(', ')})`)
}
