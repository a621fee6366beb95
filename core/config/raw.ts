// A value of a YAML file with the way to its positions: the tree of places, and how to find one in it.
import type { At } from '../errors.js'
import { rememberText } from '../language/position.js'
import type { Raw } from '../raw.js'

/** Where a value stands, as offsets in the file's text. */
export interface Place {
  /** Where the value starts. */
  offset: number
  /** Where its key starts, if it has one. */
  key?: number
  /** What is inside, by key or index. */
  children?: Map<string, Place>
  /** For text: how it was written. */
  text?: { value: string; style: 'plain' | 'quoted' | 'literal' | 'other' }
}

type Path = readonly (string | number)[]

/** Makes a position of an offset. */
export type ToAt = (offset: number) => At

/** Offset in the file of each character of a block literal (`|`); undefined when its lines do not stand as they are. */
function literalOffset(source: string, start: number, value: string): ((offset: number) => number) | undefined {
  const body = source.indexOf('\n', start) + 1
  const first = /^[ \n]*/.exec(source.slice(body))?.[0] ?? ''
  const indent = first.length - (first.lastIndexOf('\n') + 1)
  if (body === 0 || indent === 0) return undefined
  return offset => {
    const before = value.slice(0, offset).split('\n')
    let line = body
    for (let index = 1; index < before.length; index++) line = source.indexOf('\n', line) + 1
    return line + indent + (before.at(-1)?.length ?? 0)
  }
}

/** The position of a value; for text it also knows where each character stands, where the text is written as it is. */
function valuePosition(place: Place, toAt: ToAt, source: string): At {
  const at = toAt(place.offset)
  if (place.text === undefined) return at
  const { value, style } = place.text
  const start = style === 'quoted' ? place.offset + 1 : place.offset
  if (style === 'literal') {
    const offsetIn = literalOffset(source, place.offset, value)
    return offsetIn === undefined ? at : rememberText(at, offset => toAt(offsetIn(offset)))
  }
  return source.startsWith(value, start) ? rememberText(at, offset => toAt(start + offset)) : at
}

/** A whole file's value as a Raw. */
export function makeRaw(value: unknown, root: Place, toAt: ToAt, source: string): Raw {
  const where = (path: Path, what: 'key' | 'value' = 'value'): At => {
    let place = root
    for (const [index, step] of path.entries()) {
      const next = place.children?.get(String(step))
      if (next === undefined) return toAt(place.key ?? place.offset)
      place = next
      if (what === 'key' && index === path.length - 1 && place.key !== undefined) return toAt(place.key)
    }
    return valuePosition(place, toAt, source)
  }
  return { value, at: where([]), where }
}

/** The value at a path inside plain data; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<string | number, unknown>)[step]
  }
  return current
}

/** The part of a Raw at a path; its positions go on from there. */
export const partOf = (raw: Raw, path: Path): Raw => ({
  value: valueAt(raw.value, path),
  at: raw.where(path),
  where: (inner, what) => raw.where([...path, ...inner], what),
})
