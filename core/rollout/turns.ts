// What happens to the rest of a service while its containers are replaced: who must wait, who is left as it is, what is put back.
import { setTimeout as sleep } from 'node:timers/promises'
import type { StepEnd } from '../run/execute.js'
import type { Step } from '../step.js'
import type { Wanted } from '../wanted.js'
import { rolloutsOf, type ServiceRollout } from './batches.js'

/** What becomes of a replacement that could still be undone. */
export interface Conclusion {
  id: string
  how: 'keep' | 'undo'
  /** Id of the step for whose failure it is undone. */
  because?: string
}

/** Conclusions that may be drawn at the same time, and milliseconds to wait before them. */
export interface ConclusionBatch {
  waitMs: number
  all: Conclusion[]
}

/** Follows the replacements of a run. */
export interface Turns {
  /** How a step ends without being done: too many of its service have failed. */
  decide(step: Step): StepEnd | undefined
  /** Settles when it is the step's turn, with regard to the time between batches. */
  turn(step: Step, signal: AbortSignal): Promise<void>
  note(step: Step, end: StepEnd): void
  /** What is to be concluded when all has ended, in order. */
  conclusions(): ConclusionBatch[]
}

interface Progress extends ServiceRollout {
  failed: string[]
  done: string[]
  /** When the last step of each batch ended. */
  endedAt: number[]
}

/** True where more have failed than may. */
const isStopped = ({ rollout, batches, failed }: Progress): boolean =>
  failed.length > rollout.maxFailureRatio * batches.flat().length

function conclusionsOf(progress: Progress): ConclusionBatch[] {
  const { rollout, failed, done } = progress
  if (rollout.failureAction !== 'rollback' || done.length === 0) return []
  if (!isStopped(progress)) return [{ waitMs: 0, all: done.map(id => ({ id, how: 'keep' })) }]
  const [because = ''] = failed
  const { parallelism, delayMs } = rollout.back
  const size = parallelism === 0 ? done.length : parallelism
  const back = done.toReversed().map((id): Conclusion => ({ id, how: 'undo', because }))
  return Array.from({ length: Math.ceil(back.length / size) }, (_, index) => ({
    waitMs: index === 0 ? 0 : delayMs,
    all: back.slice(index * size, (index + 1) * size),
  }))
}

/** Follows the replacements among `steps`. */
export function createTurns(steps: readonly Step[], wanted: ReadonlyMap<string, Wanted>): Turns {
  const all = rolloutsOf(steps, wanted).map((one): Progress => ({ ...one, failed: [], done: [], endedAt: [] }))
  const byId = new Map(all.flatMap(one => one.batches.flatMap((batch, index) => batch.map(id => [id, { one, index }]))))
  return {
    decide({ id }) {
      const found = byId.get(id)
      if (found === undefined || found.one.rollout.failureAction === 'continue' || !isStopped(found.one))
        return undefined
      return { state: 'blocked', by: found.one.failed[0] ?? id }
    },
    async turn({ id }, signal) {
      const { one, index } = byId.get(id) ?? {}
      const before = index === undefined ? undefined : one?.endedAt[index - 1]
      if (one === undefined || before === undefined) return
      const left = before + one.rollout.delayMs - performance.now()
      if (left > 0) await sleep(left, undefined, { signal })
    },
    note({ id }, { state }) {
      const { one, index } = byId.get(id) ?? {}
      if (one === undefined || index === undefined) return
      one.endedAt[index] = performance.now()
      if (state === 'failed') one.failed.push(id)
      if (state === 'done') one.done.push(id)
    },
    conclusions: () => all.flatMap(conclusionsOf),
  }
}
