// Marks of handlers that are due: set before the change that notifies them, gone when they have succeeded or have nothing to do.
import { type HostWork, handlerName, registerNames } from '../../plan/host-work.js'
import type { Instance, TaskRun } from '../../plan/task-run.js'
import { clearPending, pendingKey } from '../../state.js'
import type { TaskContext } from './task-context.js'

const keyOf = (run: TaskRun): string => pendingKey(handlerName(run))

/** True when what a task notifies is this handler, by its name or by what it listens to. */
const isNotified = ({ task }: TaskRun, handler: TaskRun): boolean =>
  task.notify.some(({ name }) => name === handler.task.name || handler.task.listen.includes(name))

/** False where a condition is false and reads nothing that a run could change. */
const mayRun = ({ state, reads }: Instance, registers: ReadonlySet<string>): boolean =>
  state !== 'skipped' || [...(reads ?? [])].some(name => registers.has(name))

/** The handlers that an instance notifies and that can come to run: where every condition is false for good there is nothing to be due. */
export function notifiedBy(work: HostWork, { run }: Instance): TaskRun[] {
  if (run.task.notify.length === 0) return []
  const registers = registerNames(work)
  return work.runs.filter(
    other =>
      other.handler &&
      other.play === run.play &&
      isNotified(run, other) &&
      (other.instances === undefined || other.instances.some(one => mayRun(one, registers))),
  )
}

/** True where an earlier run left it due, or a step of this one has changed something that notifies it. */
export const isDue = ({ work }: TaskContext, handler: TaskRun): boolean =>
  work.state.pending.includes(keyOf(handler)) ||
  work.runs.some(
    other =>
      other.play === handler.play &&
      isNotified(other, handler) &&
      (other.instances ?? []).some(instance => instance.result?.changed),
  )

/** Notes that the marks of these handlers are on the host. */
export const noteMarked = ({ marked }: TaskContext, handlers: readonly TaskRun[]): void => {
  for (const handler of handlers) marked.add(keyOf(handler))
}

/** True where the mark is also that of a handler to come: of a play of the same name, that has one of the same name. */
const isShared = (context: TaskContext, handler: TaskRun): boolean =>
  context.work.runs.some(
    other =>
      other !== handler &&
      other.handler &&
      keyOf(other) === keyOf(handler) &&
      isDue(context, other) &&
      !(other.instances?.every(isOver) ?? false),
  )

/** True when an instance is the last of its handler, and its exit code alone tells whether it has succeeded. */
export const endsItsMark = (context: TaskContext, instance: Instance): boolean =>
  instance.run.handler &&
  !isShared(context, instance.run) &&
  instance.run.task.failed_when === undefined &&
  (instance.run.instances ?? []).every(one => one === instance || isOver(one))

const isOver = ({ state, result }: Instance): boolean => state === 'skipped' || result !== undefined

/** Notes that a handler's mark went with its last change. */
export const noteCleared = ({ marked }: TaskContext, handler: TaskRun): void => void marked.delete(keyOf(handler))

/** Removes the mark of a handler that is over, or was never due, where it is still on the host. */
export async function settleMark(context: TaskContext, handler: TaskRun): Promise<void> {
  const { work, project, signal, marked } = context
  if (!marked.has(keyOf(handler)) || isShared(context, handler)) return
  if (isDue(context, handler) && !(handler.instances ?? []).every(isOver)) return
  await work.connection?.exec(clearPending(project, handlerName(handler)), { as: 'best', signal })
  noteCleared(context, handler)
}
