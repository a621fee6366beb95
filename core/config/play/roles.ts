// The `roles:` of a play: each entry becomes a task that stands for the role's.
import { nearest } from '../../language/suggest.js'
import type { Task } from '../../playbook.js'
import type { Raw } from '../../raw.js'
import { check } from '../check.js'
import type { Problems } from '../problems.js'
import { partOf } from '../raw.js'
import { checkSyntax } from '../syntax.js'
import type { Wrong } from '../words.js'
import { isPlain } from './parts.js'
import { makeTask, readShared } from './task.js'
import { roleUseSchema } from './words.js'

const words = Object.keys(roleUseSchema.shape)

/** Older playbooks put a role's variables beside its name. */
const answerTo = ({ unknown, path }: Wrong): string | undefined =>
  unknown === undefined || path.length > 1 || nearest(unknown, words) !== undefined
    ? undefined
    : `unknown word "${unknown}" in a role; its variables stand under \`vars\``

function readUse(raw: Raw, folder: string, problems: Problems): Task | undefined {
  if (typeof raw.value === 'string') return makeTask('role', raw, raw.at, folder, readShared({}, raw))
  if (!isPlain(raw.value)) {
    problems.add('a role must be a name or a map', raw.at)
    return undefined
  }
  const entry = check(roleUseSchema, raw, problems, { name: 'role', reword: answerTo })
  if (entry === undefined) return undefined
  const word = entry.role === undefined ? 'name' : 'role'
  if (entry[word] === undefined) {
    problems.add('a role needs its name: `role: NAME`', raw.at)
    return undefined
  }
  const name = word === 'role' && entry.name !== undefined ? { name: entry.name } : {}
  return makeTask('role', partOf(raw, [word]), raw.at, folder, { ...readShared(entry, raw), ...name })
}

/** Reads the roles of a play, in order; mistakes go to `problems`. */
export function readRoles(raw: Raw, folder: string, problems: Problems): Task[] {
  if (!Array.isArray(raw.value)) return []
  return raw.value.flatMap((_, index) => {
    const task = readUse(partOf(raw, [index]), folder, problems)
    if (task === undefined) return []
    checkSyntax(task, problems)
    return [task]
  })
}
