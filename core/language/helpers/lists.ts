// Helpers that work on lists and maps: parts, order, joining. Secrets inside them stay secrets.
import { isMap } from '../reveal.js'
import { type Helper, HelperError, list, map, number, taking, takingUpTo, text, unrevealed, whole } from './helper.js'

const longest = 10_000

/** Deeply by key; lists and scalars replace. */
function merged(layers: readonly Record<string, unknown>[]): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const layer of layers)
    for (const [key, value] of Object.entries(layer)) {
      const before = result[key]
      result[key] = isMap(before) && isMap(value) ? merged([before, value]) : value
    }
  return result
}

function range(from: unknown, to: unknown, by: unknown = 1): number[] {
  const [start, end, step] = [whole(from), whole(to), whole(by)]
  if (step === 0) throw new HelperError('takes no step of 0')
  const count = Math.max(0, Math.ceil((end - start) / step))
  if (count > longest) throw new HelperError(`gives at most ${longest} numbers`)
  return Array.from({ length: count }, (_, index) => start + index * step)
}

/** Numbers by size, before texts by code unit. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' ? -1 : 1
  const [left, right] = [text(a), text(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** An entry itself, or what it has under a key. */
const partOf = (entry: unknown, key: unknown): unknown => {
  if (key === undefined) return entry
  const name = text(key)
  if (!isMap(entry) || !Object.hasOwn(entry, name)) throw new HelperError(`finds no "${name}" in an entry`)
  return entry[name]
}

/** Each value once, the first of its like; lists and maps are alike by their content. */
const unique = (values: readonly unknown[]): unknown[] => {
  const seen = new Set<string>()
  return values.filter(value => {
    const key = JSON.stringify(value) ?? 'undefined'
    return seen.has(key) ? false : seen.add(key)
  })
}

const endOf = (index: 0 | -1, word: string): Helper =>
  unrevealed(
    taking(1, value => {
      const values = list(value)
      if (values.length === 0) throw new HelperError(`finds no ${word} entry in an empty list`, true)
      return values.at(index)
    }),
  )

const numbers = (value: unknown): number[] => list(value).map(number)

const extreme = (pick: (...values: number[]) => number): Helper =>
  taking(1, value => {
    const found = numbers(value)
    if (found.length === 0) throw new HelperError('takes a list that is not empty', true)
    return pick(...found)
  })

const lengthOf = (value: unknown): number => {
  if (Array.isArray(value)) return value.length
  return isMap(value) ? Object.keys(value).length : [...text(value)].length
}

const lookup = (value: unknown, key: unknown): unknown => {
  const name = text(key)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
    throw new HelperError(`finds nothing for "${name}"`, true)
  return (value as Record<string, unknown>)[name]
}

/** Helpers for lists and maps. */
export const listHelpers: Record<string, Helper> = {
  first: endOf(0, 'first'),
  last: endOf(-1, 'last'),
  sort: takingUpTo(1, 2, (value, key) => [...list(value)].sort((a, b) => compare(partOf(a, key), partOf(b, key)))),
  unique: taking(1, value => unique(list(value))),
  length: taking(1, lengthOf),
  range: takingUpTo(2, 3, range),
  keys: unrevealed(taking(1, value => Object.keys(map(value)))),
  values: unrevealed(taking(1, value => Object.values(map(value)))),
  items: unrevealed(taking(1, value => Object.entries(map(value)).map(([key, inner]) => ({ key, value: inner })))),
  merge: unrevealed(takingUpTo(2, 16, (...values) => merged(values.map(map)))),
  concat: unrevealed(takingUpTo(2, 16, (...values) => values.flatMap(list))),
  append: unrevealed(takingUpTo(2, 16, (value, ...more) => [...list(value), ...more])),
  lookup: unrevealed(taking(2, lookup)),
  sum: taking(1, value => numbers(value).reduce((total, each) => total + each, 0)),
  min: extreme(Math.min),
  max: extreme(Math.max),
}
