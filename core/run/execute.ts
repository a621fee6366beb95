// Walks the graph of steps: each starts when all it waits for has ended well; a failure skips only what depends on it.
import { unread } from '../plan/graph.js'
import type { StepResult } from '../provider.js'
import type { Step } from '../step.js'

/** How a step ended. `blocked`: something it depends on did not end well, named in `by`. */
export type StepEnd =
  | { state: 'done'; text?: string }
  | { state: 'already'; text?: string }
  | { state: 'failed'; error: unknown }
  | { state: 'blocked'; by: string }
  | { state: 'cancelled' }

export interface ExecuteOptions {
  signal: AbortSignal
  /** Hosts worked on at the same time. */
  forks: number
  /** Steps at the same time on one host. */
  perHost: number
  /** Hosts that are no part of the run because they could not be read: what depends on them (`unread`) is blocked. */
  broken: ReadonlySet<string>
  perform(step: Step): Promise<StepResult>
  started(step: Step): void
  ended(step: Step, end: StepEnd, ms: number): void
}

/** Step ids that can never start, because the steps before them form a circle or are not in the plan. */
const stuck = (waiting: ReadonlySet<Step>): string => [...waiting].map(step => step.id).join(', ')

/**
 * Runs every step once, as parallel as `after` allows. Never throws for a step's failure: `ended` is told of each step's end.
 * After the signal no further step starts; those that run are waited for.
 */
export async function executeSteps(steps: readonly Step[], options: ExecuteOptions): Promise<Map<string, StepEnd>> {
  const ends = new Map<string, StepEnd>()
  for (const host of options.broken) ends.set(unread(host), { state: 'failed', error: undefined })
  const known = new Set(steps.map(step => step.id))
  const waiting = new Set(steps)
  const running = new Map<Step, Promise<void>>()
  const busy = new Map<string, number>()

  const end = (step: Step, how: StepEnd, startedAt: number): void => {
    ends.set(step.id, how)
    options.ended(step, how, Math.round(performance.now() - startedAt))
  }

  const start = (step: Step): void => {
    const startedAt = performance.now()
    busy.set(step.host, (busy.get(step.host) ?? 0) + 1)
    options.started(step)
    const work = options
      .perform(step)
      .then(
        result => end(step, { ...result }, startedAt),
        (error: unknown) =>
          end(step, options.signal.aborted ? { state: 'cancelled' } : { state: 'failed', error }, startedAt),
      )
      .finally(() => {
        running.delete(step)
        const left = (busy.get(step.host) ?? 1) - 1
        if (left === 0) busy.delete(step.host)
        else busy.set(step.host, left)
      })
    running.set(step, work)
  }

  const blocker = (step: Step): string | undefined =>
    step.after.find(id => {
      const before = ends.get(id)
      return before !== undefined && before.state !== 'done' && before.state !== 'already'
    })

  const mayStart = (step: Step): boolean =>
    step.after.every(id => !known.has(id) || ends.has(id)) &&
    (busy.get(step.host) ?? 0) < options.perHost &&
    (busy.has(step.host) || busy.size < options.forks)

  while (waiting.size > 0) {
    let moved = false
    for (const step of waiting) {
      const by = blocker(step)
      if (options.signal.aborted) end(step, { state: 'cancelled' }, performance.now())
      else if (by !== undefined) end(step, { state: 'blocked', by }, performance.now())
      else if (mayStart(step)) start(step)
      else continue
      waiting.delete(step)
      moved = true
    }
    if (moved) continue
    if (running.size === 0) throw new Error(`these steps wait for each other: ${stuck(waiting)}`)
    await Promise.race(running.values())
  }
  await Promise.all(running.values())
  return ends
}
