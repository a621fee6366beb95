// Words of the command line as shell text.
import { type Sh, sh } from '../core/sh.js'

/** One word is shell text, as with `sh -c`; several are a program and its arguments, each taken as it is. */
export const shellOf = (words: readonly string[]): Sh =>
  words.length === 1 ? sh`${{ sh: words[0] ?? '' }}` : sh`${[...words]}`
