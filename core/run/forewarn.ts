// What kinds say before anything is done: what to warn of, what must not be begun anywhere, and which containers a change stops.
import { likeError, UserError } from '../errors.js'
import type { Emit } from '../events.js'
import { type HostWork, instancesOf } from '../plan/host-work.js'
import { type Instance, titleOf } from '../plan/task-run.js'

/** What was read on a host, for itself. */
const readOn = (work: HostWork): Instance[] =>
  instancesOf(work).filter(
    ({ state, seen, fault, run }) => state === 'read' && seen !== undefined && fault === undefined && !run.handler,
  )

const differing = (work: HostWork): Instance[] => readOn(work).filter(({ changes }) => changes.length > 0)

/** Tells what the tasks of a host warn of, at their places. */
export function tellWarnings(work: HostWork, emit: Emit): void {
  for (const { run, want, seen } of readOn(work))
    for (const text of run.kind.warnings?.(want, seen) ?? [])
      emit({ type: 'warning', text, host: work.host.name, at: run.task.at })
}

/** Throws the first error of a change that must not be begun on any host, with the hosts that it is about. */
export async function refuseVetoed(works: readonly HostWork[]): Promise<void> {
  const errors: UserError[] = []
  for (const work of works)
    for (const instance of differing(work)) {
      const { run, want, seen } = instance
      try {
        await run.kind.veto?.(want, seen)
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        const where = error.where ?? `${work.host.name}, ${titleOf(instance)}`
        errors.push(likeError(error, { where, at: error.at ?? run.task.at }))
      }
    }
  const [first, ...others] = errors
  if (first === undefined) return
  const more =
    others.length === 0 ? '' : `; so it is with ${others.map(({ where }) => where?.split(',')[0]).join(', ')}`
  throw likeError(first, { message: `${first.message}${more}` })
}

/** Names of the containers that what is to be changed on a host stops. */
export const stoppedOn = (work: HostWork): string[] =>
  differing(work).flatMap(({ run, want, seen }) => run.kind.stops?.(want, seen) ?? [])
