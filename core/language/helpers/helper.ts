// What a helper is, and how it reads what it is given.
import { Secret } from '../../secret.js'
import { isMap } from '../reveal.js'

/** Something a helper cannot work with; whoever calls it adds the place. */
export class HelperError extends Error {
  /** True when what was looked for is not there, which `default` and `required` allow. */
  readonly missing: boolean

  constructor(message: string, missing = false) {
    super(message)
    this.missing = missing
  }
}

/** What helpers may ask of the world; the scope's maker supplies it. */
export interface Lookups {
  /** The text of a file of this machine. A UserError where it cannot be read. */
  file(path: string): string
  /** A variable of this machine's environment; undefined when it is not set. */
  env(name: string): string | undefined
  /** A secret of the project. A UserError when there is none of that name. */
  secret(name: string): Secret
}

/** One helper: how many values it takes, and what it makes of them. */
export interface Helper {
  least: number
  most: number
  /** Gets secrets as their text, and what it makes of them is a secret too; else it gets them as they are. */
  reveals: boolean
  /** Its first value may be a name that does not exist; it comes as undefined then. */
  mayBeMissing?: boolean
  run(values: unknown[], lookups: Lookups): unknown
}

/** A helper that takes a fixed number of values. */
export const taking = (count: number, run: (...values: unknown[]) => unknown): Helper => ({
  least: count,
  most: count,
  reveals: true,
  run: values => run(...values),
})

/** A helper that takes from `least` to `most` values. */
export const takingUpTo = (least: number, most: number, run: (...values: unknown[]) => unknown): Helper => ({
  least,
  most,
  reveals: true,
  run: values => run(...values),
})

/** The same helper, for lists and maps as a whole: secrets inside stay as they are. */
export const unrevealed = (helper: Helper): Helper => ({ ...helper, reveals: false })

/** A value as text. */
export const text = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Secret) throw new HelperError('takes no secret here')
  throw new HelperError(value === null || value === undefined ? 'has no value' : 'takes text, not a list or a map')
}

/** A value as a list. */
export const list = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value
  throw new HelperError('takes a list')
}

/** A value as a map. */
export const map = (value: unknown): Record<string, unknown> => {
  if (isMap(value)) return value
  throw new HelperError('takes a map')
}

/** A value as a number: one, or text that is one (variables of the command line are text). */
export const number = (value: unknown): number => {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^\s*[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?\s*$/i.test(value)) return Number(value)
  throw new HelperError(`takes numbers, not ${typeof value === 'string' ? `"${value.slice(0, 40)}"` : 'this'}`)
}

/** A value as a whole number. */
export const whole = (value: unknown): number => {
  const found = number(value)
  if (Number.isSafeInteger(found)) return found
  throw new HelperError(`takes whole numbers, not ${found}`)
}

/** Whether two values are alike, lists and maps by their content. */
export const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
