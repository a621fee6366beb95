// Helpers that calculate, compare and convert.
import { type Helper, HelperError, number, same, taking, takingUpTo, text } from './helper.js'

/** A result that is a number; what has none (a division by zero) is refused. */
const finite = (value: number): number => {
  if (Number.isFinite(value)) return value
  throw new HelperError('has no result for these numbers')
}

const fold = (run: (a: number, b: number) => number): Helper =>
  takingUpTo(2, 16, (...values) => finite(values.map(number).reduce(run)))

const calculated = (run: (a: number, b: number) => number): Helper =>
  taking(2, (a, b) => finite(run(number(a), number(b))))

/** Numbers by size; two texts that are no numbers by code unit. */
const ordered = (holds: (order: number) => boolean): Helper =>
  taking(2, (a, b) => {
    if (typeof a === 'string' && typeof b === 'string' && (Number.isNaN(Number(a)) || Number.isNaN(Number(b))))
      return holds(a < b ? -1 : a > b ? 1 : 0)
    return holds(number(a) - number(b))
  })

const truths: Record<string, boolean> = {
  ...{ true: true, yes: true, on: true, '1': true },
  ...{ false: false, no: false, off: false, '0': false, '': false },
}

function bool(value: unknown): boolean {
  const found = truths[text(value).trim().toLowerCase()]
  if (found === undefined) throw new HelperError('takes true, false, yes, no, on, off, 1 or 0')
  return found
}

function int(value: unknown): number {
  const found = Math.trunc(typeof value === 'boolean' ? Number(value) : number(value))
  if (!Number.isSafeInteger(found)) throw new HelperError('gives whole numbers that can be held exactly')
  return found
}

/** Helpers for numbers and truth values. */
export const numberHelpers: Record<string, Helper> = {
  add: fold((a, b) => a + b),
  sub: calculated((a, b) => a - b),
  mul: fold((a, b) => a * b),
  div: calculated((a, b) => a / b),
  mod: calculated((a, b) => ((a % b) + b) % b),
  int: taking(1, int),
  bool: taking(1, bool),
  string: taking(1, text),
  eq: taking(2, same),
  ne: taking(2, (a, b) => !same(a, b)),
  lt: ordered(order => order < 0),
  le: ordered(order => order <= 0),
  gt: ordered(order => order > 0),
  ge: ordered(order => order >= 0),
}
