// Looks through plain data for secrets, where a helper needs their text.
import { Secret } from '../secret.js'

/** Whether a value is a map, and not a secret or a list. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)

/** Replaces secrets inside plain data by their text and tells the name of the first one. */
export function revealAll(value: unknown, found: (name: string) => void): unknown {
  if (value instanceof Secret) {
    found(value.name)
    return value.reveal()
  }
  if (Array.isArray(value)) return value.map(item => revealAll(item, found))
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealAll(item, found)]))
  return value
}
