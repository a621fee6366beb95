// A tag of `--tags` that no task has is a mistake: without this check the run would do nothing, and say that all is well.
import { isUse } from '../config/index.js'
import { usageError } from '../errors.js'
import { suggestion } from '../language/index.js'
import type { Task, TaskSet } from '../playbook.js'
import type { Project } from '../project.js'

/** Every tag of the project's plays; undefined where an include opens only at its turn, and may bring any. */
function knownTags({ playbooks }: Project): Set<string> | undefined {
  const known = new Set<string>()
  const seen = new Set<TaskSet>()
  let isOpen = false
  const add = ({ kind, tags, opens }: Task): void => {
    for (const tag of tags) known.add(tag)
    if (opens === undefined) isOpen ||= isUse({ kind })
    if (opens === undefined || seen.has(opens)) return
    seen.add(opens)
    opens.tasks.forEach(add)
  }
  for (const play of playbooks.flatMap(use => use.plays)) {
    for (const tag of play.tags) known.add(tag)
    play.tasks.forEach(add)
  }
  return isOpen ? undefined : known
}

/** Throws a usage error for a wanted tag that no play and no task has. */
export function checkTags(wanted: readonly string[], project: Project): void {
  if (wanted.length === 0 || project.playbooks.length === 0) return
  const known = knownTags(project)
  const wrong = wanted.find(tag => known !== undefined && tag !== 'always' && !known.has(tag))
  if (wrong !== undefined)
    throw usageError(`no task has the tag "${wrong}"${suggestion(wrong, known ?? [])}`, {
      at: { file: '--tags', line: 1, column: 1 },
    })
}
