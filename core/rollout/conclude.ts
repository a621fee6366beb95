// Ends what a rollout has left open when all its steps have ended: old containers are removed, or take their places back.
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes, messageOf, UserError } from '../errors.js'
import type { Emit } from '../events.js'
import type { StepEnd } from '../run/execute.js'
import type { Step } from '../step.js'
import type { Conclusion, Turns } from './turns.js'

export interface ConcludeOptions {
  steps: readonly Step[]
  ends: Map<string, StepEnd>
  signal: AbortSignal
  emit: Emit
  conclude(step: Step, how: 'keep' | 'undo'): Promise<void>
}

/**
 * Draws the conclusions in their order. What was put back counts as failed from now on, and is told so. Gives the errors of what could not
 * be concluded. An interrupted run concludes nothing: what it leaves is found by the next one.
 */
export async function concludeRollouts(turns: Turns, options: ConcludeOptions): Promise<UserError[]> {
  const { steps, ends, signal, emit } = options
  const errors: UserError[] = []
  const byId = new Map(steps.map(step => [step.id, step]))
  const draw = async ({ id, how, because }: Conclusion): Promise<void> => {
    const step = byId.get(id)
    if (step === undefined) return
    const { host, thing, verb } = step
    const began = performance.now()
    try {
      await options.conclude(step, how)
      if (how === 'keep') return
      const text = `put back, because ${because} failed`
      ends.set(id, {
        state: 'failed',
        error: new UserError(text, { where: `${host}, ${verb} ${thing}`, exit: exitCodes.rolledBack }),
      })
      emit({
        type: 'step',
        id,
        host,
        thing,
        verb,
        state: 'rolled-back',
        text,
        ms: Math.round(performance.now() - began),
      })
    } catch (error) {
      const what = how === 'undo' ? `${thing} could not be put back` : `the old ${thing} could not be removed`
      errors.push(
        new UserError(`${what}: ${messageOf(error)}`, {
          where: host,
          hint: how === 'undo' ? 'the new one is left in its place' : 'run it again',
          ...(error instanceof UserError && error.output !== undefined ? { output: error.output } : {}),
          cause: error,
        }),
      )
    }
  }
  for (const { waitMs, all } of turns.conclusions()) {
    if (signal.aborted) return errors
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined)
    await Promise.all(all.map(draw))
  }
  return errors
}
