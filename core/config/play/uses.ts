// Follows includes and roles whose names are known when the file is read: their mistakes, circles and handlers are found before any host is.
import type { Task, TaskSet } from '../../playbook.js'
import type { Problems } from '../problems.js'
import { adopt, adoptHandlers, originInside } from './inherit.js'
import { isUse } from './kind.js'
import { type Library, nameOf } from './library.js'

/** What a list of tasks leads to. */
export interface Reached {
  /** The handlers of the roles, each role's once. */
  handlers: Task[]
  /** Whom all the tasks notify. */
  notify: Task['notify']
  /** Whether a use leads to what is not known: its name has templates, or is nobody's. */
  hasOpenNames: boolean
}

const isOpen = (text: string): boolean => text.includes('{{')

/** A handler runs once, whatever loop brings its role: what may read an entry of that is not said of it. */
function withoutEntries(use: Task): Task {
  if (use.loop === undefined) return use
  const { delegate_to: _host, environment: _environment, ...plain } = use
  return plain
}

const titles = (sets: readonly TaskSet[]): string => sets.map(({ name }) => name).join(' → ')

/**
 * Reads all that the tasks lead to, and notes in each use what it stands for. `names` are those that handlers have already: a role's
 * handler of such a name answers to its full name only. `as` gives the tasks as what brought them has them.
 */
export async function followUses(
  tasks: readonly Task[],
  library: Library,
  names: ReadonlySet<string>,
  problems: Problems,
  as: (task: Task) => Task = task => task,
): Promise<Reached> {
  const reached: Reached = { handlers: [], notify: [], hasOpenNames: false }
  const seen = new Set<TaskSet>()
  const taken = new Set(names)

  const enter = async (use: Task, original: Task, chain: readonly TaskSet[]): Promise<void> => {
    const { text, at } = nameOf(use)
    if (isOpen(text)) {
      reached.hasOpenNames = true
      return
    }
    const set = await library.read(use, text, problems)
    if (set === undefined) {
      reached.hasOpenNames = true
      return
    }
    const first = chain.findIndex(({ path }) => path === set.path)
    if (first >= 0) {
      problems.add(`these lead back to themselves: ${titles([...chain.slice(first), set])}`, at)
      return
    }
    original.opens = set
    if (seen.has(set)) return
    seen.add(set)
    const origin = originInside(use, set, {})
    const plain = withoutEntries(use)
    for (const handler of adoptHandlers(plain, set, origin, taken)) {
      for (const name of [handler.name, ...handler.listen]) taken.add(name)
      reached.handlers.push(handler)
    }
    for (const { notify } of set.role?.handlers ?? []) reached.notify.push(...notify)
    await walk(set.tasks, [...chain, set], task => adopt(task, plain, origin, { when: [], id: '' }))
  }

  const walk = async (list: readonly Task[], chain: readonly TaskSet[], as: (task: Task) => Task): Promise<void> => {
    for (const task of list) {
      reached.notify.push(...task.notify)
      if (isUse(task)) await enter(as(task), task, chain)
    }
  }

  await walk(tasks, [], as)
  return reached
}
