// Questions to the person at the terminal; one at a time, and never where nobody sits.
import { createInterface } from 'node:readline'
import { usageError } from '../core/errors.js'
import type { Io } from './streams.js'

export interface Question {
  text: string
  /** What to say where nobody can be asked: which flag answers. */
  flag: string
  signal: AbortSignal
}

/** Puts a question and gives the line that was typed; undefined at the end of input. Rejects when aborted. */
function ask(io: Io, text: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    // The terminal keeps its own line mode, so that Ctrl-C stays a signal of the process.
    const lines = createInterface({ input: io.stdin, terminal: false })
    const settle = (end: () => void): void => {
      signal.removeEventListener('abort', abort)
      lines.removeAllListeners()
      lines.close()
      io.stdin.pause()
      end()
    }
    const abort = (): void => settle(() => reject(signal.reason))
    signal.addEventListener('abort', abort)
    lines.once('line', line => settle(() => resolve(line)))
    lines.once('close', () => settle(() => resolve(undefined)))
    io.stderr.write(text)
    if (signal.aborted) abort()
  })
}

/** Asks yes or no; no is the default, and the end of input means no. A usage error where there is no terminal to ask at. */
export async function askYesNo(io: Io, question: Question): Promise<boolean> {
  if (!io.stdin.isTTY)
    throw usageError(`there is no terminal to ask at: ${question.text}`, { hint: `say ${question.flag} to answer yes` })
  for (;;) {
    const answer = await ask(io, `${question.text} [y/N] `, question.signal)
    if (answer === undefined) {
      io.stderr.write('\n')
      return false
    }
    const word = answer.trim().toLowerCase()
    if (word === 'y' || word === 'yes') return true
    if (word === 'n' || word === 'no' || word === '') return false
    io.stderr.write('Please answer y or n.\n')
  }
}
