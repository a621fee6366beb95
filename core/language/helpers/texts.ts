// Helpers that work on text: cases, parts, search and replacement, paths.
import { posix } from 'node:path'
import { quote } from '../../sh.js'
import { isMap } from '../reveal.js'
import { type Helper, HelperError, list, same, taking, takingUpTo, text, whole } from './helper.js'

const ofText = (run: (value: string) => string): Helper => taking(1, value => run(text(value)))

function pattern(source: unknown, flags: string): RegExp {
  try {
    return new RegExp(text(source), flags)
  } catch (error) {
    if (error instanceof SyntaxError) throw new HelperError(`cannot read the regular expression: ${error.message}`)
    throw error
  }
}

/** Whether a list has an entry, a map a key, or a text a part. */
function contains(holder: unknown, part: unknown): boolean {
  if (Array.isArray(holder)) return holder.some(each => same(each, part))
  if (isMap(holder)) return Object.hasOwn(holder, text(part))
  return text(holder).includes(text(part))
}

/** `\1` and `\g<name>` of other languages are `$1` and `$<name>` here. */
const replacement = (words: string): string =>
  words
    .replace(/\\(\d)/g, '$$$1')
    .replace(/\\g<([^>]+)>/g, (_, name: string) => (/^\d+$/.test(name) ? `$${name}` : `$<${name}>`))

const indented = (value: string, depth: number, first: boolean): string =>
  value
    .split('\n')
    .map((line, index) => (line === '' || (index === 0 && !first) ? line : ' '.repeat(depth) + line))
    .join('\n')

const deepest = 200

/** Helpers for text. */
export const textHelpers: Record<string, Helper> = {
  upper: ofText(value => value.toUpperCase()),
  lower: ofText(value => value.toLowerCase()),
  trim: ofText(value => value.trim()),
  basename: ofText(value => posix.basename(value)),
  dirname: ofText(value => posix.dirname(value)),
  quote: taking(1, value => (Array.isArray(value) ? value.map(text) : [text(value)]).map(quote).join(' ')),
  replace: taking(3, (value, from, to) => text(value).replaceAll(text(from), () => text(to))),
  split: takingUpTo(1, 2, (value, separator) =>
    separator === undefined
      ? text(value)
          .split(/\s+/)
          .filter(word => word !== '')
      : text(value).split(text(separator)),
  ),
  join: takingUpTo(1, 2, (value, separator = ',') => list(value).map(text).join(text(separator))),
  contains: taking(2, contains),
  startswith: taking(2, (value, part) => text(value).startsWith(text(part))),
  endswith: taking(2, (value, part) => text(value).endsWith(text(part))),
  match: taking(2, (value, source) => pattern(source, 'u').test(text(value))),
  regex_replace: taking(3, (value, source, to) => text(value).replace(pattern(source, 'gu'), replacement(text(to)))),
  indent: takingUpTo(2, 3, (value, depth, first = false) => {
    const spaces = whole(depth)
    if (spaces < 0 || spaces > deepest) throw new HelperError(`takes 0 to ${deepest} spaces`)
    return indented(text(value), spaces, first === true)
  }),
}
