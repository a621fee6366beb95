// Interrupts: the first one lets what runs come to an end, the second one ends the process.
import { setMaxListeners } from 'node:events'
import { exitCodes, UserError } from '../core/errors.js'

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Watches for interrupts for as long as the process lives. `first` may tell the user; `last` must restore the terminal, at once. */
export function watchSignals(first: () => void, last: () => void): AbortSignal {
  const controller = new AbortController()
  // Every request and command of a run listens to it: their number is no sign of a leak.
  setMaxListeners(0, controller.signal)
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      last()
      process.exit(exitCodes.interrupted)
    }
    controller.abort(new UserError('interrupted', { exit: exitCodes.interrupted }))
    first()
  }
  for (const signal of watched) process.on(signal, interrupt)
  return controller.signal
}
