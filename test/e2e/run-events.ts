// What a run with --json told of its plan and its steps.
import type { Ran } from './command.js'

interface RunEvent {
  type: string
  id: string
  state: string
  steps: { id: string; thing: string; verb: string; cause: string; after: string[]; certainty: string }[]
}

const eventsOf = (ran: Ran, type: string): RunEvent[] =>
  (ran.events() as unknown as RunEvent[]).filter(event => event.type === type)

/** The steps that the plan listed. */
export const planned = (ran: Ran): RunEvent['steps'] => eventsOf(ran, 'plan').flatMap(event => event.steps)

/** How each step ended, by its id. */
export const ends = (ran: Ran): Record<string, string> =>
  Object.fromEntries(
    eventsOf(ran, 'step')
      .filter(({ state }) => state !== 'start')
      .map(({ id, state }) => [id, state]),
  )
