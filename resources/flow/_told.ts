// What kinds share that only say or keep something: a probe that asks the host nothing, and its answer.
import { UserError } from '../../core/errors.js'
import { type Sh, sh } from '../../core/sh.js'

/** A probe for what needs no host. */
export const askNothing: Sh = sh`echo asked`

/** Reads what `askNothing` printed. */
export function readNothing(out: string): 'asked' {
  if (out.trim() !== 'asked') throw new UserError('the host did not answer', { output: out.slice(-2000) })
  return 'asked'
}
