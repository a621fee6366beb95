// Colour, in one place: named meanings instead of colours, and plain text where there is no colour.
import { styleText } from 'node:util'

/** What text can mean. Without colour each gives the text as it is. */
export interface Style {
  readonly color: boolean
  /** Columns of the terminal; undefined where there is none, and lines may be as long as they are. */
  readonly columns?: number | undefined
  good(text: string): string
  bad(text: string): string
  caution(text: string): string
  name(text: string): string
  strong(text: string): string
  faint(text: string): string
  /** The n-th colour of a row of some, for telling things apart. */
  tint(n: number, text: string): string
}

const tints = [
  'cyan',
  'yellow',
  'green',
  'magenta',
  'blue',
  'cyanBright',
  'yellowBright',
  'greenBright',
  'magentaBright',
] as const

/** Makes the functions that colour, or do not. */
export function createStyle(color: boolean, columns?: number): Style {
  const paint =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      color && text !== '' ? styleText(format, text, { validateStream: false }) : text
  return {
    color,
    columns,
    good: paint('green'),
    bad: paint('red'),
    caution: paint('yellow'),
    name: paint('cyan'),
    strong: paint('bold'),
    faint: paint('dim'),
    tint: (n, text) => paint(tints[n % tints.length] ?? 'cyan')(text),
  }
}

/**
 * Whether to colour what goes to a stream: `--no-color` and NO_COLOR (any value but empty, https://no-color.org) win,
 * then the user's setting, then whether the stream is a terminal that can.
 */
export function wantsColor(question: {
  allowed: boolean
  env: Readonly<Record<string, string | undefined>>
  setting: 'auto' | 'always' | 'never'
  terminal: boolean
}): boolean {
  if (!question.allowed || question.env.NO_COLOR) return false
  if (question.setting !== 'auto') return question.setting === 'always'
  return question.terminal && question.env.TERM !== 'dumb'
}
