// Hosts that tasks are delegated to, as far as their names have no templates: each must be there.
import { hasShell, shellless } from '../../engine-alone/address.js'
import { suggestion } from '../../language/suggest.js'
import type { Play, Task, TaskSet } from '../../playbook.js'
import type { Host } from '../../project.js'
import type { Problems } from '../problems.js'

const controllerNames = new Set(['localhost', '127.0.0.1', '::1'])

/** True for the names of this machine that are no host's of the file. */
export const isController = (name: string): boolean => controllerNames.has(name)

/** Adds each `delegate_to` of a play, and of what it includes, that names nobody. */
export function checkDelegates({ tasks, handlers }: Play, hosts: readonly Host[], problems: Problems): void {
  const names = hosts.map(host => host.name)
  const seen = new Set<TaskSet>()
  const check = ({ delegate_to: raw, opens }: Task): void => {
    const name = String(raw?.value ?? '')
    if (raw !== undefined && !name.includes('{{') && !names.includes(name) && !isController(name))
      problems.add(`there is no host "${name}" to delegate to${suggestion(name, names)}`, raw.at)
    if (raw !== undefined && hosts.some(host => host.name === name && !hasShell(host)))
      problems.add(`nothing can be delegated to ${name}: it ${shellless}`, raw.at)
    if (opens === undefined || seen.has(opens)) return
    seen.add(opens)
    for (const task of [...opens.tasks, ...(opens.role?.handlers ?? [])]) check(task)
  }
  for (const task of [...tasks, ...handlers]) check(task)
}
