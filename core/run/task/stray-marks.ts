// Marks on a host that no handler of the file answers to any more.
import { isUse } from '../../config/index.js'
import { type HostWork, handlerName } from '../../plan/host-work.js'
import type { Task } from '../../playbook.js'
import { pendingKey } from '../../state.js'
import type { SessionContext } from '../session.js'

/** Handlers that come with roles among some tasks, as far as their names are known. */
const handlersIn = (tasks: readonly Task[]): Task[] =>
  tasks.flatMap(({ opens }) =>
    opens
      ? [...(opens.role?.handlers ?? []), ...handlersIn(opens.tasks), ...handlersIn(opens.role?.handlers ?? [])]
      : [],
  )

const isUnnamed = (task: Task): boolean =>
  (isUse(task) && task.opens === undefined) || (task.opens?.tasks.some(isUnnamed) ?? false)

/**
 * Keys of a host's marks that belong to no handler: those of handlers that left the file. None where not all handlers can be known:
 * with `--tags`, or where the name of an include or a role has templates.
 */
export function strayMarks(
  work: HostWork,
  works: readonly HostWork[],
  { project, tags }: Pick<SessionContext, 'project' | 'tags'>,
): string[] {
  if (work.state.pending.length === 0 || tags.length > 0) return []
  const plays = project.playbooks.flatMap(use => use.plays)
  if (plays.some(play => [...play.tasks, ...play.handlers].some(isUnnamed))) return []
  const known = new Set(
    works.flatMap(({ runs }) => runs.filter(run => run.handler).map(run => pendingKey(handlerName(run)))),
  )
  for (const play of plays)
    for (const { name } of [...play.handlers, ...handlersIn([...play.tasks, ...play.handlers])])
      known.add(pendingKey(`${play.name}/${name}`))
  return work.state.pending.filter(key => !known.has(key))
}
