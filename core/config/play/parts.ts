// Small parts of a task's YAML: conditions, lists of texts, tags, each with its places.
import type { At } from '../../errors.js'
import { insideText, rememberText } from '../../language/position.js'
import type { Raw } from '../../raw.js'
import { partOf, valueAt } from '../raw.js'

/** Whether it is a map. */
export const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A condition; a list means that all must hold. */
export function readCondition(raw: Raw, word: string): { text: string; at: At } {
  const part = partOf(raw, [word])
  if (!Array.isArray(part.value)) return { text: String(part.value), at: part.at }
  const texts = part.value.map(String)
  const starts: number[] = []
  let text = ''
  for (const [index, each] of texts.entries()) {
    if (index > 0) text += ' && '
    starts.push(text.length + 1)
    text += `(${each})`
  }
  const at = rememberText({ ...part.at }, offset => {
    const index = Math.max(
      0,
      starts.findLastIndex(start => start <= offset),
    )
    return insideText(part.where([index]), Math.max(0, offset - (starts[index] ?? 0)))
  })
  return { text, at }
}

/** The texts of a word that takes one text or a list of them, each with its place. */
export function readTexts(raw: Raw, word: string): { text: string; at: At }[] {
  const value = valueAt(raw.value, [word])
  if (value === undefined) return []
  if (!Array.isArray(value)) return [{ text: String(value), at: raw.where([word]) }]
  return value.map((each, index) => ({ text: String(each), at: raw.where([word, index]) }))
}

/** Tags, also as one comma separated text. */
export const readTags = (raw: Raw): string[] =>
  readTexts(raw, 'tags').flatMap(({ text }) =>
    text
      .split(',')
      .map(tag => tag.trim())
      .filter(tag => tag !== ''),
  )
