// Answers that may be long: printed no faster than they are read.
import type { CommandContext } from '../context.js'

/** Characters that may wait to be written. */
const mostWaiting = 256 * 1024

/** Settles at once while stdout keeps up, else when it has caught up, or when nobody reads it any more. */
export function roomToPrint({ io, stdoutClosed, signal }: CommandContext): Promise<void> | undefined {
  const { stdout } = io
  if (stdout.writableLength < mostWaiting || stdoutClosed.aborted || signal.aborted) return undefined
  return new Promise(resolve => {
    const go = (): void => {
      for (const one of [stdoutClosed, signal]) one.removeEventListener('abort', go)
      stdout.off('drain', go)
      resolve()
    }
    stdout.once('drain', go)
    for (const one of [stdoutClosed, signal]) one.addEventListener('abort', go, { once: true })
  })
}

/** A signal that comes with an interrupt, or when nobody reads stdout any more. */
export const watching = ({ signal, stdoutClosed }: CommandContext): AbortSignal =>
  AbortSignal.any([signal, stdoutClosed])
