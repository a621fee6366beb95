// An error as text: where, what, and what to do; an excerpt of the user's file; a stack only of our own bugs, and only with -v.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { type At, exitCodes, messageOf, UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { CommandContext } from '../context.js'
import { styleFor } from './index.js'
import type { Style } from './style.js'

export interface ErrorOptions {
  style: Style
  verbose: boolean
  /** A file's text, or undefined where it cannot be read. */
  read(file: string): string | undefined
  /** The file's name as the user would write it from here. */
  shorten(file: string): string
}

const longestExcerpt = 160

/** The line that an error is about, with a caret under the column; nothing where the file has no such line. */
function excerpt(at: At, options: ErrorOptions): string[] {
  const source = options.read(at.file)?.split('\n')[at.line - 1]
  if (source === undefined || source.trim() === '') return []
  const { faint, bad } = options.style
  // Long lines (a file that is all one line of JSON) are shown around the column.
  const from = at.column > longestExcerpt ? at.column - longestExcerpt / 2 : 0
  const number = String(at.line)
  const text = cleanLine(source.slice(from), longestExcerpt)
  const blank = ' '.repeat(number.length)
  return [
    `  ${faint(`${number} |`)} ${text}`,
    `  ${faint(`${blank} |`)} ${' '.repeat(Math.max(0, at.column - 1 - from))}${bad('^')}`,
  ]
}

/** A line of a list of mistakes, its file as the user would write it. */
const shortened = (line: string, at: At | undefined, { shorten }: ErrorOptions): string =>
  at && line.startsWith(`${at.file}:`) ? shorten(at.file) + line.slice(at.file.length) : line

function userErrorLines(error: UserError, options: ErrorOptions): string[] {
  const { style } = options
  const [first = '', ...rest] = error.message.split('\n')
  const lines = [`${style.bad('error:')} ${error.where ? `${cleanLine(error.where)}: ` : ''}${cleanLine(first, 2000)}`]
  for (const line of rest) lines.push(`  ${cleanLine(shortened(line, error.at, options), 2000)}`)
  // Of several mistakes each line names its own place already.
  if (error.at && rest.length === 0) {
    const { file, line, column } = error.at
    // A place on the command line ("--on") has no lines.
    const place = file.startsWith('/') ? `at ${options.shorten(file)}:${line}:${column}` : `in ${file}`
    lines.push(`  ${style.faint(place)}`, ...excerpt(error.at, options))
  }
  const output = error.output?.trimEnd() ?? ''
  if (output !== '') for (const line of output.split('\n')) lines.push(`  ${style.faint('|')} ${cleanLine(line)}`)
  if (error.hint !== undefined) {
    const hint = error.hint.split('\n').map(line => cleanLine(line, 2000))
    lines.push(`${style.caution('→')} ${hint.join('\n  ')}`)
  }
  if (options.verbose && error.cause !== undefined)
    lines.push(`  ${style.faint(`caused by ${cleanLine(messageOf(error.cause), 2000)}`)}`)
  return lines
}

const stackLines = (error: unknown, style: Style): string[] =>
  `${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    .split('\n')
    .map(line => `  ${style.faint(cleanLine(line))}`)

/** Several errors in one (a run that failed in many places) are told one after the other. */
const partsOf = (error: unknown): unknown[] =>
  error instanceof AggregateError && error.errors.length > 0 ? error.errors.flatMap(partsOf) : [error]

/** The text for whatever was thrown; without a final line feed. It must still pass the masker. */
export function renderError(error: unknown, options: ErrorOptions): string {
  const { style } = options
  const told = partsOf(error).map(part => {
    if (part instanceof UserError) return userErrorLines(part, options).join('\n')
    const lines = [
      `${style.bad('error:')} this is a bug in longshore: ${cleanLine(messageOf(part), 2000)}`,
      ...(options.verbose
        ? stackLines(part, style)
        : [`${style.caution('→')} run it again with -v to see where, and report it`]),
    ]
    return lines.join('\n')
  })
  return told.join('\n')
}

/** The process' exit code for whatever was thrown: of several errors the first one's. */
export function exitOf(error: unknown): number {
  const [first] = partsOf(error)
  return first instanceof UserError ? first.exit : exitCodes.failed
}

/** The same as data, for `--json`. */
export function errorData(error: unknown): Record<string, unknown>[] {
  return partsOf(error).map(part => ({
    type: 'error',
    text: messageOf(part),
    exit: exitOf(part),
    ...(part instanceof UserError
      ? { where: part.where, at: part.at, output: part.output, hint: part.hint }
      : { bug: true }),
  }))
}

const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // An excerpt is a courtesy: the error itself says what matters.
    return undefined
  }
}

/** The text of an error for stderr, as this run's options want it; it must still pass the masker. */
export async function errorText(
  error: unknown,
  context: Pick<CommandContext, 'options' | 'io' | 'env' | 'cwd' | 'settings'>,
): Promise<string> {
  const settings = await context.settings()
  return renderError(error, {
    style: styleFor(context.io.stderr, { options: context.options, env: context.env, settings }),
    verbose: context.options.verbose,
    read: textOf,
    shorten(file) {
      const short = file.startsWith('/') ? relative(context.cwd, file) : file
      return short.startsWith('../../') ? file : short
    },
  })
}
