// Handlers: each has a name of its own, and whom `notify` names must be there.
import { suggestion } from '../../language/suggest.js'
import type { Task } from '../../playbook.js'
import type { Raw } from '../../raw.js'
import type { Problems } from '../problems.js'
import { isPlain } from './parts.js'

/** A handler is found by its name: in one list, each must have one of its own. Gives the names. */
export function checkNames(raw: Raw, problems: Problems): Set<string> {
  const names = new Set<string>()
  for (const [index, entry] of (Array.isArray(raw.value) ? raw.value : []).entries()) {
    const name = isPlain(entry) ? entry.name : undefined
    if (typeof name !== 'string') problems.add('a handler needs a name', raw.where([index]))
    else if (names.has(name)) problems.add(`there are two handlers "${name}"`, raw.where([index, 'name']))
    else names.add(name)
  }
  return names
}

/** The names that handlers answer to. */
export const answersTo = (handlers: readonly Task[]): Set<string> =>
  new Set(handlers.flatMap(({ name, listen }) => [name, ...listen]))

/** Tells of each `notify` that finds nobody. */
export function checkNotify(
  notify: Task['notify'],
  names: ReadonlySet<string>,
  tell: (message: string, at: Task['at']) => void,
): void {
  for (const { name, at } of notify)
    if (!names.has(name)) tell(`there is no handler "${name}" in this play${suggestion(name, names, 'handlers')}`, at)
}
