// Splits a command line into words as a POSIX shell would, without expanding anything.
import { usageError } from '../../errors.js'

/** Inside double quotes a backslash only escapes these. */
const escapable = new Set(['"', '\\', '$', '`', '\n'])

/** The words of a command line; quotes group, backslashes escape, nothing is expanded. A usage error for a quote that is not closed. */
export function shellwords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let index = 0; index < text.length; index++) {
    const letter = text.charAt(index)
    const next = text.charAt(index + 1)
    if (quote === "'") {
      if (letter === "'") quote = ''
      else word += letter
    } else if (letter === '\\' && (quote === '' || escapable.has(next))) {
      if (next === '') throw usageError(`"${text}" ends with a backslash`)
      // A backslash before a line's end joins the lines.
      if (next !== '\n') word = (word ?? '') + next
      index++
    } else if (quote === '"') {
      if (letter === '"') quote = ''
      else word += letter
    } else if (letter === "'" || letter === '"') {
      quote = letter
      word ??= ''
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + letter
  }
  if (quote !== '') throw usageError(`a ${quote} is not closed in: ${text}`)
  return word === undefined ? words : [...words, word]
}
