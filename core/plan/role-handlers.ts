// Handlers that come with roles: their order among the others, and whether all that tasks notify are there.
import { answersTo, checkNotify, circleText, isUse, orderHandlers } from '../config/index.js'
import { usageError } from '../errors.js'
import type { Play } from '../playbook.js'
import type { HostWork } from './host-work.js'
import type { TaskRun } from './task-run.js'

/** An include or a role that its tasks have not replaced yet. */
export const isOpen = (run: TaskRun): boolean => isUse(run.task) && run.instances === undefined

/** Each handler of a play after those that notify it. A usage error where they notify each other in a circle. */
export function putInOrder({ runs }: HostWork, play: Play): void {
  const handlers = runs.filter(run => run.handler && run.play === play)
  const order = orderHandlers(
    handlers.map(({ task }) => task),
    (circle, at) => {
      throw usageError(circleText(circle), { at })
    },
  )
  const places = handlers.map(run => runs.indexOf(run))
  const ordered = order.flatMap(task => handlers.filter(run => run.task === task))
  for (const [index, run] of ordered.entries()) runs[places[index] ?? runs.length] = run
}

/** Of plays in which a name has templates: whom they notify is known when all is opened. A usage error where nobody is there. */
export function checkHandlers(work: HostWork): void {
  const plays = new Set<Play>(work.runs.flatMap(({ play }) => (play.hasOpenNames ? [play] : [])))
  for (const play of plays) {
    const runs = work.runs.filter(run => run.play === play)
    if (runs.some(isOpen)) continue
    const names = answersTo(runs.filter(run => run.handler).map(run => run.task))
    for (const { task } of runs)
      checkNotify(task.notify, names, (message, at) => {
        throw usageError(message, { at })
      })
  }
}
