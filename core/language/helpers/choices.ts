// Helpers that choose: what to take when nothing is there, and how truths combine.
import { type Helper, HelperError } from './helper.js'

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === ''

/** What `#if`, `not`, `and` and `or` take for true: all but false, nothing, 0, empty text and an empty list. */
export const isTrue = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value))

/** Helpers for choices. */
export const choiceHelpers: Record<string, Helper> = {
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
  and: { least: 2, most: 32, reveals: false, run: values => values.every(isTrue) },
  or: { least: 2, most: 32, reveals: false, run: values => values.some(isTrue) },
  not: { least: 1, most: 1, reveals: false, run: ([value]) => !isTrue(value) },
}
