// Where a character inside a YAML text value stands in its file: the reader remembers how a value was written, errors ask for it.
import type { At } from '../errors.js'

type Locate = (offset: number) => At

const written = new WeakMap<At, Locate>()

/** Remembers, for the position object of one text value, where each of its characters stands. Gives the position back. */
export function rememberText(at: At, locate: Locate): At {
  written.set(at, locate)
  return at
}

/** The position of the character at `offset` of the text that `at` points to; the text's own start where its writing is not known. */
export const insideText = (at: At, offset: number): At => written.get(at)?.(offset) ?? at

/** The offset of a line (from 1) and column (from 0) in a text. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let current = 1; current < line; current++) {
    const next = text.indexOf('\n', start)
    if (next < 0) break
    start = next + 1
  }
  return start + column
}

/** The position of a character in a whole file, counted from 1. */
export function positionInFile(file: string, text: string, offset: number): At {
  const before = text.slice(0, offset)
  return { file, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
