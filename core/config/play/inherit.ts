// What a task takes over from around it: from its play, its blocks, and the role or include that it came by.
import type { Origin, Task, TaskSet } from '../../playbook.js'
import type { Raw, Vars } from '../../raw.js'
import { mergeMaps } from '../merge.js'

/** What can be said once for many tasks. */
export type Around = Partial<
  Pick<
    Task,
    | 'when'
    | 'tags'
    | 'notify'
    | 'vars'
    | 'no_log'
    | 'run_once'
    | 'become'
    | 'become_user'
    | 'ignore_errors'
    | 'delegate_to'
    | 'timeout'
    | 'environment'
  >
>

/** Two maps of YAML as one, the inner one's entries stronger; each entry keeps its place. */
function mergeRaw(outer: Raw | undefined, inner: Raw | undefined): Raw | undefined {
  if (outer === undefined || inner === undefined) return inner ?? outer
  const own = inner.value as Vars
  return {
    value: { ...(outer.value as Vars), ...own },
    at: inner.at,
    where: (path, what) => (path[0] !== undefined && !Object.hasOwn(own, path[0]) ? outer : inner).where(path, what),
  }
}

const said = <Key extends keyof Around>(key: Key, task: Task, around: Around): Pick<Task, Key> | object => {
  const value = task[key] ?? around[key]
  return value === undefined ? {} : { [key]: value }
}

/** The task with what is around it merged in; its own words are stronger. */
export function inherit(task: Task, around: Around): Task {
  const environment = mergeRaw(around.environment, task.environment)
  return {
    ...task,
    when: [...(around.when ?? []), ...task.when],
    tags: [...new Set([...(around.tags ?? []), ...task.tags])],
    notify: [
      ...task.notify,
      ...(around.notify ?? []).filter(({ name }) => !task.notify.some(one => one.name === name)),
    ],
    vars: mergeMaps(around.vars, task.vars),
    no_log: task.no_log || (around.no_log ?? false),
    run_once: task.run_once || (around.run_once ?? false),
    ...said('become', task, around),
    ...said('become_user', task, around),
    ...said('ignore_errors', task, around),
    ...said('delegate_to', task, around),
    ...said('timeout', task, around),
    ...(environment === undefined ? {} : { environment }),
  }
}

/** What the tasks of a set see when `use` (an include or a role) brings them: its variables; `entries` are those of all loops around, `label` is what the pass is called. */
export function originInside(use: Task, { name, path, role }: TaskSet, entries: Vars, label?: string): Origin {
  const { origin } = use
  const labels = [origin.label, label].filter(one => one !== undefined)
  const own = role === undefined ? origin.role : { name, handlers: role.handlers.map(handler => handler.name) }
  return {
    folder: role === undefined ? origin.folder : path,
    ...(own === undefined ? {} : { role: own }),
    defaults: mergeMaps(origin.defaults, role?.defaults),
    vars: [...origin.vars, ...(role === undefined ? [] : [role.vars]), use.vars],
    entries,
    ...(labels.length === 0 ? {} : { label: labels.join(', ') }),
  }
}

const roleName = (role: string, name: string): string => `${role} : ${name}`

/**
 * A task of a set as `use` brings it. `when` are the conditions of the use that every task asks again; `id` is the
 * pass's own, so that blocks stay apart.
 */
export function adopt(task: Task, use: Task, origin: Origin, { when, id }: { when: Task['when']; id: string }): Task {
  const { role, label } = origin
  const { vars: _given, ...around } = use
  const named = role === undefined ? task.name : roleName(role.name, task.name)
  const merged = inherit(task, { ...around, when })
  return {
    ...merged,
    name: label === undefined ? named : `${named} (${label})`,
    // A role's own handler comes before others of that name.
    notify: merged.notify.map(({ name, at }) => ({
      name:
        role?.handlers.includes(name) && task.notify.some(one => one.name === name) ? roleName(role.name, name) : name,
      at,
    })),
    blocks: [...use.blocks, ...task.blocks.map(part => ({ ...part, block: `${id}/${part.block}` }))],
    origin,
  }
}

/** The handlers of a role as `use` brings them; each also answers to its bare name, unless that is among `taken`. */
export function adoptHandlers(use: Task, set: TaskSet, origin: Origin, taken: ReadonlySet<string>): Task[] {
  const plain: Task = { ...use, tags: [], notify: [], blocks: [] }
  const { label: _label, ...once } = origin
  return (set.role?.handlers ?? []).map(handler => {
    const { name } = handler
    const adopted = adopt(handler, plain, once, { when: [], id: set.path })
    return { ...adopted, listen: taken.has(name) ? handler.listen : [name, ...handler.listen] }
  })
}
