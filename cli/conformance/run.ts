// Makes the checks of a provider one after the other, and removes what they made.
import { messageOf } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import { Broken, Skipped } from './ask.js'
import { checks } from './checks.js'
import type { Site } from './site.js'

/** How a check went. */
export interface Outcome {
  name: string
  state: 'ok' | 'not ok' | 'skipped'
  /** What does not hold, or why it was not asked. */
  text?: string
}

/** Makes all checks; `tell` hears of each as it ends. Stops where the signal is given. */
export async function tryProvider(
  site: Site,
  signal: AbortSignal,
  tell: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const note = (outcome: Outcome): void => {
    outcomes.push(outcome)
    tell(outcome)
  }
  try {
    for (const { name, run } of checks) {
      signal.throwIfAborted()
      try {
        await run(site)
        note({ name, state: 'ok' })
      } catch (error) {
        signal.throwIfAborted()
        const text = cleanLine(messageOf(error), 500)
        if (error instanceof Skipped) note({ name, state: 'skipped', text })
        else note({ name, state: 'not ok', text: error instanceof Broken ? text : `it throws: ${text}` })
      }
    }
  } finally {
    await site.down(site.project, { volumes: true }).catch(() => undefined)
  }
  return outcomes
}
