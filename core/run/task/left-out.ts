// What came up during a run and was not in the plan: looked at once more when all is done, told, and not done.
import { type HostWork, instancesOf, registerNames } from '../../plan/host-work.js'
import { ask, isSpoken, probePiece, takeAnswer } from '../../plan/read-host.js'
import { resolveAgain } from '../../plan/resolve.js'
import { type Instance, titleOf } from '../../plan/task-run.js'
import { isFresh, isListed, isRescue } from './fresh.js'
import type { TaskContext } from './task-context.js'

const differs = ({ state, changes, result }: Instance): boolean =>
  state === 'read' && changes.length > 0 && result === undefined

/** Tasks of a host that differ by now and were not listed, as people call what they make. */
export const leftOut = (work: HostWork, listed: ReadonlySet<string>): string[] =>
  instancesOf(work)
    .filter(one => !one.run.handler && !isRescue(one.run) && !isListed({ listed }, one) && differs(one))
    .map(one => (one.run.task.no_log ? titleOf(one) : one.run.kind.name(one.want)))

/**
 * Looks again, after a run that changed the host, at what was not listed: conditions that read a register may hold by now, and what
 * one step has broken a later one may have mended.
 */
export async function readLeftOut(context: TaskContext): Promise<void> {
  const { work, listed, signal } = context
  if (!work.dirty || work.connection === undefined) return
  const registers = registerNames(work)
  const doubtful: Instance[] = []
  for (const instance of instancesOf(work)) {
    const { run, delegate } = instance
    if (run.handler || isListed({ listed }, instance) || isSpoken(instance) || isRescue(run) || delegate !== undefined)
      continue
    if (instance.state === 'skipped') await resolveAgain(instance, registers, context.resolve)
    const isAsked = instance.state === 'wanted' || (instance.state === 'read' && !isFresh(context, instance))
    if (isAsked || differs(instance)) doubtful.push(instance)
  }
  if (doubtful.length === 0) return
  const answers = await ask(work.connection, doubtful.map(probePiece), { signal })
  for (const instance of doubtful) takeAnswer(instance, answers.get(instance.id))
}
