// Makes what the steps of each host share, and lets hosts work for one another where a task is delegated.
import type { HostWork } from '../../plan/host-work.js'
import { resolverFor } from '../../plan/scope.js'
import { closeOpened } from '../engine-side.js'
import type { RunPlan, SessionContext } from '../session.js'
import { placeOf } from './delegates.js'
import type { TaskContext } from './task-context.js'

/** What the tasks of a host share while they run; one for each host. `moves` tells whether any step has done something. */
export function taskContexts(
  session: SessionContext,
  plan: RunPlan,
  moves: Readonly<{ any: boolean }>,
): (work: HostWork) => TaskContext {
  const listed = new Set([...plan.steps, ...plan.silent].map(step => step.id))
  const known = new Map<HostWork, TaskContext>()
  const { emit, project, signal } = session
  const contextOf = (work: HostWork): TaskContext => {
    const host = work.host.name
    let before: Promise<unknown> = Promise.resolve()
    const made: TaskContext = known.get(work) ?? {
      project: project.name,
      work,
      resolve: resolverFor(work, plan.works, session),
      signal,
      listed,
      marked: new Set(work.state.pending),
      changes: 0,
      readAt: new WeakMap(),
      passed: new WeakSet(),
      inTurn(act) {
        const now = before.then(act)
        before = now.catch(() => undefined)
        return now
      },
      hasMoved: () => moves.any || [...known.values()].some(({ changes }) => changes > 0),
      placeOf(instance) {
        const { work: place, connection } = placeOf(instance, work, plan.works, project.hosts)
        return { connection, context: contextOf(place) }
      },
      output: (id, text) => emit({ type: 'output', id, host, text }),
      message: (task, text) => emit({ type: 'message', host, task, text }),
      keep: writes => session.keep(writes),
      returned() {
        for (const side of plan.sides) {
          if (side.work !== work) continue
          closeOpened(side.opened)
          delete side.opened
          delete side.renewed
          side.starts = true
        }
      },
    }
    known.set(work, made)
    return made
  }
  return contextOf
}
