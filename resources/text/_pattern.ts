// Patterns of the file-editing kinds: regular expressions as JavaScript writes them, and places in a list of lines.
import { z } from '../../core/schema.js'

const compiles = (pattern: string): boolean => {
  try {
    return new RegExp(pattern) !== undefined
  } catch {
    return false
  }
}

/** A regular expression; what it means is JavaScript's, which differs from Python's in named groups and inline flags. */
export const pattern = z
  .string()
  .min(1)
  .refine(compiles, 'must be a regular expression as JavaScript writes it: no (?i), and (?<name>…) for (?P<name>…)')

/** Puts what the groups matched where \1 to \9 stand (\0: all of it); $ means itself. */
export const fillGroups = (text: string, groups: readonly (string | undefined)[]): string =>
  text.replace(/\\([0-9])/g, (_all, number) => groups[Number(number)] ?? '')

/** Where something new goes, for a schema. */
export const placeFields = {
  insertafter: pattern
    .optional()
    .describe('Goes after the last line that matches this expression; EOF, or no match: at the end'),
  insertbefore: pattern
    .optional()
    .describe('Goes before the last line that matches this expression; BOF: at the start; no match: at the end'),
}

/** Whether only one of both is said. */
export const isOnePlace = (want: { insertafter?: string | undefined; insertbefore?: string | undefined }): boolean =>
  want.insertafter === undefined || want.insertbefore === undefined

/** The index at which new lines are put in. */
export function placeIn(
  lines: readonly string[],
  { insertafter, insertbefore }: { insertafter?: string | undefined; insertbefore?: string | undefined },
): number {
  if (insertbefore === 'BOF') return 0
  const expression = insertbefore ?? insertafter
  if (expression === undefined || expression === 'EOF') return lines.length
  const found = lines.findLastIndex(line => new RegExp(expression).test(line))
  if (found < 0) return lines.length
  return insertbefore === undefined ? found + 1 : found
}
