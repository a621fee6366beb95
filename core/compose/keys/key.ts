// What a key of the Compose specification does here, and the judge that goes through a value by such a table.
import { pathText } from '../../config/words.js'
import { suggestion } from '../../language/suggest.js'

/**
 * `yes`: honoured. `same`: nothing to do, as with `docker compose up -d` on one engine. `no`: has no effect here, and a warning says so.
 * `refused`: the service would not be what the file says, so that it is an error.
 */
type Does = 'yes' | 'same' | 'no' | 'refused'

export interface Key {
  does: Does
  text: string
  /** Keys of its map, or of each map in its list. */
  inside?: Keys
  /** Keys of each entry, where its own keys are names. */
  named?: Keys
  /** Of what has an effect on a swarm alone: what to say elsewhere. */
  elsewhere?: string
  /** What to say of a value that is not honoured; undefined of one that is. */
  unless?: (value: unknown) => string | undefined
}

export type Keys = { readonly [key: string]: Key }

export const yes = (text: string, more: Omit<Key, 'does' | 'text'> = {}): Key => ({ does: 'yes', text, ...more })
export const same = (text: string): Key => ({ does: 'same', text })
export const no = (text: string, more: Omit<Key, 'does' | 'text'> = {}): Key => ({ does: 'no', text, ...more })
export const refused = (text: string): Key => ({ does: 'refused', text })

/** What the judge found; paths start at the value judged. */
export interface Finding {
  path: (string | number)[]
  text: string
  kind: 'warning' | 'mistake'
}

/** Where a Compose file says what is ours. */
const ownKey = 'x-longshore'

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/**
 * Goes through a value by a table. Gives the value without the keys that have no effect or were refused, and what is to be said of them;
 * `x-…` keys but our own, and keys without a value, are passed over.
 */
export function judge(table: Keys, value: unknown): { value: unknown; findings: Finding[] } {
  const findings: Finding[] = []
  const map = (part: Record<string, unknown>, keys: Keys, path: (string | number)[]): Record<string, unknown> => {
    const kept: Record<string, unknown> = {}
    for (const [name, inner] of Object.entries(part)) {
      if (name.startsWith('x-')) {
        // What it says of a part of a service is read by that part's own schema.
        if (name === ownKey) kept[name] = inner
        continue
      }
      const key = Object.hasOwn(keys, name) ? keys[name] : undefined
      const here = [...path, name]
      const tell = (text: string, kind: Finding['kind']): void => void findings.push({ path: here, text, kind })
      if (key === undefined) tell(`unknown key \`${name}\`${suggestion(name, Object.keys(keys))}`, 'mistake')
      else if (inner === null || inner === undefined) kept[name] = inner
      else if (key.does === 'refused') tell(`\`${name}\`: ${key.text}`, 'mistake')
      else if (key.does === 'no' || key.elsewhere !== undefined) {
        tell(`\`${name}\` has no effect: ${key.elsewhere ?? key.text}`, 'warning')
        // One warning for all of it; what is misspelt inside is a mistake all the same.
        const told = findings.length
        walk(inner, key, here)
        findings.push(...findings.splice(told).filter(({ kind }) => kind === 'mistake'))
      } else {
        const complaint = key.unless?.(inner)
        if (complaint === undefined) kept[name] = walk(inner, key, here)
        else tell(`\`${name}\`: ${complaint}`, 'warning')
      }
    }
    return kept
  }
  const walk = (part: unknown, key: Key, path: (string | number)[]): unknown => {
    const { inside, named } = key
    if (inside !== undefined && Array.isArray(part))
      return part.map((item, index) => (isMap(item) ? map(item, inside, [...path, index]) : item))
    if (inside !== undefined && isMap(part)) return map(part, inside, path)
    if (named !== undefined && isMap(part))
      return Object.fromEntries(
        Object.entries(part).map(([name, item]) => [name, isMap(item) ? map(item, named, [...path, name]) : item]),
      )
    return part
  }
  return isMap(value) ? { value: map(value, table, []), findings } : { value, findings }
}

/** A finding as a sentence about `name`. */
export const sentence = (name: string, { path, text }: Finding): string =>
  `${pathText([name, ...path.slice(0, -1)])}: ${text}`
