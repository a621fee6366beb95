// An include or a role that is known only at its turn: its tasks, in order, as parts of one step.
import { UserError } from '../../errors.js'
import { expandRun } from '../../plan/expand.js'
import { createFlow } from '../../plan/flow.js'
import { resolveRun } from '../../plan/resolve.js'
import type { TaskRun } from '../../plan/task-run.js'
import { performAllowed, type TaskEnd } from './perform-instance.js'
import type { TaskContext } from './task-context.js'

/** Does the tasks that an include or a role stands for. Blocks among them are kept; what none of them takes is thrown. */
export async function performUse(context: TaskContext, use: TaskRun): Promise<TaskEnd[]> {
  const { work, resolve } = context
  const flow = createFlow()
  const ends: TaskEnd[] = []
  let uncaught: unknown
  const known = new Set(work.runs)
  const perform = async (run: TaskRun): Promise<void> => {
    if (run.maker !== undefined && run.instances === undefined) {
      for (const inner of await expandRun(work, run, resolve)) await perform(inner)
      return
    }
    const step = { id: run.id, host: run.host, play: run.play, blocks: run.task.blocks }
    if (flow.decide(step)) return
    try {
      await resolveRun(run, resolve)
      for (const one of run.instances ?? []) ends.push(await performAllowed(context, one))
    } catch (error) {
      if (!(error instanceof UserError) || context.signal.aborted) throw error
      if (flow.failed(step) === undefined) uncaught ??= error
    }
  }
  await perform(use)
  // Handlers that came with a role are in no plan: they have their turn here.
  const handlers = work.runs.filter(run => run.handler && !known.has(run))
  for (const handler of handlers) if (uncaught === undefined && isNotified(work.runs, handler)) await perform(handler)
  if (uncaught !== undefined) throw uncaught
  return ends
}

const isNotified = (runs: readonly TaskRun[], { task, play }: TaskRun): boolean =>
  runs.some(
    other =>
      other.play === play &&
      other.instances?.some(({ result }) => result?.changed) === true &&
      other.task.notify.some(({ name }) => name === task.name || task.listen.includes(name)),
  )
