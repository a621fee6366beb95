// Does one step of a task or handler on a host, with all passes of its loop, or all tasks of what it includes.
import { UserError } from '../../errors.js'
import type { TaskStep } from '../../plan/host-steps.js'
import { resolveRun } from '../../plan/resolve.js'
import type { Instance } from '../../plan/task-run.js'
import { isDue, settleMark } from './marks.js'
import { performAllowed, type TaskEnd } from './perform-instance.js'
import { performUse } from './perform-use.js'
import type { TaskContext } from './task-context.js'

/** Does a listed step of a task or handler, or finds that it is so already. */
export async function performTask(context: TaskContext, step: TaskStep): Promise<TaskEnd> {
  const { run } = step.instance
  if (!run.handler) return performStep(context, step)
  const result: TaskEnd = isDue(context, run)
    ? await performStep(context, step)
    : { state: 'already', text: 'nothing notified it' }
  await settleMark(context, run)
  return result
}

async function performStep(context: TaskContext, { instance, changes, certainty }: TaskStep): Promise<TaskEnd> {
  const { run } = instance
  if (!run.instances?.includes(instance)) {
    const ends = run.maker === undefined ? await performPasses(context, instance) : await performUse(context, run)
    return ends.find(end => end.ignored) ?? { state: ends.some(({ state }) => state === 'done') ? 'done' : 'already' }
  }
  const end = await performAllowed(context, instance)
  if (end.state !== 'already' || end.text !== undefined) return end
  // Listed only because a step before it might have undone it.
  if (changes === undefined) return certainty === 'will' ? { ...end, text: 'still so' } : end
  // Of what the plan found to differ, something in between must have made it so.
  const by = context.placeOf(instance).context.work.lastChange
  return by === undefined ? end : { ...end, text: `by "${by}"` }
}

/** Does all passes of a loop that is known only now. */
async function performPasses(context: TaskContext, { run }: Instance): Promise<TaskEnd[]> {
  await resolveRun(run, context.resolve)
  if (run.instances === undefined)
    throw new UserError('its loop cannot be known', {
      where: `${context.work.host.name}, ${run.task.name}`,
      at: run.task.at,
    })
  const ends: TaskEnd[] = []
  for (const one of run.instances) ends.push(await performAllowed(context, one))
  return ends
}
