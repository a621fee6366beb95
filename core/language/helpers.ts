// The words that templates can call besides blocks: {{json x}}, {{default x "y"}}, {{quote x}} …
import { toYaml } from '../config/yaml.js'
import { quote } from '../sh.js'

/** Something a helper cannot work with; the interpreter adds the place. */
export class HelperError extends Error {}

/** One helper: how many values it takes, and what it makes of them. */
export interface Helper {
  least: number
  most: number
  /** Gets secrets as their text, and what it makes of them is a secret too. */
  reveals: boolean
  /** Its first value may be a name that does not exist; it comes as undefined then. */
  mayBeMissing?: boolean
  run(values: unknown[]): unknown
}

const text = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  throw new HelperError(value === null || value === undefined ? 'has no value' : 'takes text, not a list or a map')
}

const list = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value
  throw new HelperError('takes a list')
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === ''

/** What `#if`, `not`, `and` and `or` take for true: all but false, nothing, 0, empty text and an empty list. */
export const isTrue = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value))

const ofText = (run: (value: string) => string): Helper => ({
  least: 1,
  most: 1,
  reveals: true,
  run: ([value]) => run(text(value)),
})

const compare = (run: (a: unknown, b: unknown) => boolean): Helper => ({
  least: 2,
  most: 2,
  reveals: true,
  run: ([a, b]) => run(a, b),
})

const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))

/** All helpers, by name. */
export const helpers: Record<string, Helper> = {
  json: { least: 1, most: 1, reveals: true, run: ([value]) => JSON.stringify(value) },
  yaml: { least: 1, most: 1, reveals: true, run: ([value]) => toYaml(value) },
  upper: ofText(value => value.toUpperCase()),
  lower: ofText(value => value.toLowerCase()),
  b64: ofText(value => Buffer.from(value).toString('base64')),
  quote: {
    least: 1,
    most: 1,
    reveals: true,
    run: ([value]) => (Array.isArray(value) ? value.map(text) : [text(value)]).map(quote).join(' '),
  },
  join: {
    least: 1,
    most: 2,
    reveals: true,
    run: ([value, separator = ',']) => list(value).map(text).join(text(separator)),
  },
  default: {
    least: 2,
    most: 2,
    reveals: false,
    mayBeMissing: true,
    run: ([value, fallback]) => (isEmpty(value) ? fallback : value),
  },
  required: {
    least: 1,
    most: 2,
    reveals: false,
    mayBeMissing: true,
    run([value, message]) {
      if (isEmpty(value)) throw new HelperError(typeof message === 'string' ? message : 'a required value is missing')
      return value
    },
  },
  lookup: {
    least: 2,
    most: 2,
    reveals: false,
    run([value, key]) {
      const name = String(key)
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
        throw new HelperError(`finds nothing for "${name}"`)
      return (value as Record<string, unknown>)[name]
    },
  },
  eq: compare(same),
  ne: compare((a, b) => !same(a, b)),
  and: { least: 2, most: 32, reveals: false, run: values => values.every(isTrue) },
  or: { least: 2, most: 32, reveals: false, run: values => values.some(isTrue) },
  not: { least: 1, most: 1, reveals: false, run: ([value]) => !isTrue(value) },
}
