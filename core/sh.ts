// Shell text as a value: only the sh`` tag makes it, and the tag quotes whatever is put into it.
import type { Readable } from 'node:stream'
import { usageError } from './errors.js'
import type { Secret } from './secret.js'

/** Bytes for a command's standard input: text, bytes, a local file's content, a secret's value, or a stream made when it is needed. */
export type Source = string | Uint8Array | { file: string } | { secret: Secret } | (() => Readable)

/**
 * One piece of POSIX shell text, with what it reads from its standard input, if anything.
 * Without `stdin` the text itself travels over the standard input of `sh -s`; with it, as the argument of `sh -c`.
 */
export type Sh = { readonly sh: string; readonly stdin?: Source }

/** What may stand in a sh`` template: plain values are quoted, lists become several words, Sh is put in as it is. */
export type ShValue = string | number | Sh | readonly (string | number)[]

/** Quotes one word for a POSIX shell. A NUL cannot be carried by any shell and is refused. */
export function quote(word: string): string {
  if (word.includes('\0')) throw usageError('a command line cannot hold a NUL character')
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** Backslashes mean what they mean to the shell; only \` and \${ are undone, because JavaScript needs them. */
const asWritten = (text: string): string => text.replace(/\\(`|\$\{)/g, '$1')

/** Makes shell text; every value is quoted as one word (a list as several), nested Sh goes in unquoted. Backslashes are the shell's. */
export function sh({ raw }: TemplateStringsArray, ...values: readonly ShValue[]): Sh {
  const texts = raw.map(asWritten)
  let text = texts[0] ?? ''
  let stdin: Source | undefined
  values.forEach((value, index) => {
    if (typeof value === 'object' && 'sh' in value) {
      text += value.sh
      stdin ??= value.stdin
    } else text += Array.isArray(value) ? value.map(word => quote(String(word))).join(' ') : quote(String(value))
    text += texts[index + 1] ?? ''
  })
  return stdin === undefined ? { sh: text } : { sh: text, stdin }
}

/** The same shell text, reading `stdin`. */
export const withStdin = (command: Sh, stdin: Source): Sh => ({ sh: command.sh, stdin })

/** Joins shell texts, one a line; at most one of them may read standard input. */
export function lines(...parts: readonly Sh[]): Sh {
  const fed = parts.filter(part => part.stdin !== undefined)
  if (fed.length > 1) throw new RangeError('only one part of a joined script may read standard input')
  const text = parts.map(part => part.sh).join('\n')
  return fed[0]?.stdin === undefined ? { sh: text } : { sh: text, stdin: fed[0].stdin }
}
