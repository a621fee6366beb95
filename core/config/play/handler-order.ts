// The order of handlers: one that others notify comes after them, because each has one turn.
import type { Task } from '../../playbook.js'

const notifies = ({ notify }: Task, { name, listen }: Task): boolean =>
  notify.some(one => one.name === name || listen.includes(one.name))

/**
 * Handlers as given, but each after those that notify it. `tell` gets the names of those that notify one another in a circle, with the
 * first again at the end: they would be due for ever.
 */
export function orderHandlers(handlers: readonly Task[], tell: (circle: string[], at: Task['at']) => void): Task[] {
  const ordered = new Set<Task>()
  const path: Task[] = []
  const place = (task: Task): void => {
    if (ordered.has(task)) return
    const from = path.indexOf(task)
    if (from >= 0) {
      // The path goes from who is notified to who notifies.
      tell(
        [task, ...path.slice(from).toReversed()].map(({ name }) => name),
        task.at,
      )
      return
    }
    path.push(task)
    for (const other of handlers) if (notifies(other, task)) place(other)
    path.pop()
    ordered.add(task)
  }
  for (const task of handlers) place(task)
  return [...ordered]
}

/** What is said of a circle. */
export const circleText = (circle: readonly string[]): string =>
  `these handlers notify each other in a circle, and would be due for ever: ${circle.join(' → ')}`
