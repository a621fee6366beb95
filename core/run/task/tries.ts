// A task that is tried again: how often, how long between, and until when.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instance } from '../../plan/task-run.js'
import type { TaskContext } from './task-context.js'

/** As Ansible has them. */
const usual = { retries: 3, delay: 5 }

/** How often a task is tried at most: once, where it says nothing of it. */
export const mostTries = ({ run: { task } }: Instance): number =>
  1 + Math.max(0, task.retries ?? (task.until ? usual.retries : 0))

/**
 * Tries until it is enough, at most as often as the task says, with pauses that an interrupt ends. Gives what the last try gave, and
 * how many there were.
 */
export async function tryAgain<T>(
  context: TaskContext,
  instance: Instance,
  once: () => Promise<{ result: T; enough: boolean }>,
): Promise<{ result: T; enough: boolean; tries: number }> {
  const most = mostTries(instance)
  const delay = instance.run.task.delay ?? usual.delay
  for (let tries = 1; ; tries++) {
    const { result, enough } = await once()
    if (enough || tries >= most) return { result, enough, tries }
    context.output(instance.id, `try ${tries} of ${most} was not enough, the next one comes in ${delay} s`)
    await sleep(delay * 1000, undefined, { signal: context.signal })
  }
}
