// One task of a playbook: its words checked and read.
import type { Task } from '../../playbook.js'
import type { Raw } from '../../raw.js'
import { check, takesEnvironment } from '../check.js'
import { mergeMaps } from '../merge.js'
import type { Problems } from '../problems.js'
import { partOf, valueAt } from '../raw.js'
import { checkSyntax } from '../syntax.js'
import { closedOnly, defaultName, findKind, isUse, type ResourceKind, readArgs } from './kind.js'
import { isPlain, readCondition, readTags, readTexts } from './parts.js'
import { type TaskEntry, taskSchema } from './words.js'

/** What reading the tasks of one file needs. */
export interface Reading {
  kinds: readonly ResourceKind[]
  /** Where `src` starts. */
  folder: string
  /** Whether they are handlers. */
  handlers: boolean
  problems: Problems
}

/** Words that say something of one task's own doing. */
const doingWords = [
  'register',
  'changed_when',
  'failed_when',
  'until',
  'retries',
  'delay',
  'check',
  'read_only',
] as const

/** Adds the mistakes of words that are right each alone. */
function checkTogether(raw: Raw, resource: ResourceKind, { handlers, problems }: Reading): void {
  const { kind } = resource
  const has = (word: string): boolean => valueAt(raw.value, [word]) !== undefined
  const refuse = (word: string, why: string): void => {
    if (has(word)) problems.add(why, raw.where([word], 'key'))
  }
  if (isUse({ kind })) {
    for (const word of doingWords) refuse(word, `\`${word}\` does not go with ${kind}; put it on the tasks in there`)
    if (handlers) problems.add(`a handler is one task; ${kind} cannot stand here`, raw.where([kind], 'key'))
  }
  if (!isUse({ kind }) && !takesEnvironment(resource))
    refuse('environment', `\`environment\` does not go with ${kind}; it is for commands`)
  if (!handlers) refuse('listen', '`listen` belongs to a handler')
  if (!has('loop')) refuse('loop_control', '`loop_control` needs a `loop`')
}

/** What tasks, blocks and roles may say alike. */
export function readShared(
  entry: Pick<
    TaskEntry,
    | 'when'
    | 'vars'
    | 'no_log'
    | 'run_once'
    | 'ignore_errors'
    | 'become'
    | 'become_user'
    | 'environment'
    | 'timeout'
    | 'delegate_to'
  >,
  raw: Raw,
) {
  return {
    when: entry.when === undefined ? [] : [readCondition(raw, 'when')],
    tags: readTags(raw),
    notify: readTexts(raw, 'notify').map(({ text, at }) => ({ name: text, at })),
    vars: entry.vars ?? {},
    no_log: entry.no_log ?? false,
    run_once: entry.run_once ?? false,
    ...(entry.ignore_errors === undefined ? {} : { ignore_errors: entry.ignore_errors }),
    ...(entry.become === undefined ? {} : { become: entry.become }),
    ...(entry.become_user === undefined ? {} : { become_user: entry.become_user }),
    ...(entry.environment === undefined ? {} : { environment: partOf(raw, ['environment']) }),
    ...(entry.timeout === undefined ? {} : { timeout: entry.timeout }),
    ...(entry.delegate_to === undefined ? {} : { delegate_to: partOf(raw, ['delegate_to']) }),
  }
}

/** A task of these parts, and nothing else said. */
export const makeTask = (
  kind: string,
  args: Raw,
  at: Task['at'],
  folder: string,
  words: ReturnType<typeof readShared> & { name?: string | undefined },
): Task => ({
  ...words,
  name: words.name ?? defaultName(kind, args.value),
  kind,
  args,
  at,
  loop_control: { loop_var: 'item' },
  listen: [],
  blocks: [],
  origin: { folder, defaults: {}, vars: [], entries: {} },
})

function readLoop(entry: TaskEntry, raw: Raw): Pick<Task, 'loop' | 'loop_control'> {
  const { loop_var = 'item', index_var, label } = entry.loop_control ?? {}
  return {
    loop: partOf(raw, ['loop']),
    loop_control: {
      loop_var,
      ...(index_var === undefined ? {} : { index_var }),
      ...(label === undefined ? {} : { label: partOf(raw, ['loop_control', 'label']) }),
    },
  }
}

/** Reads one task or handler; undefined, with problems, where it cannot be told what it does. */
export function readTask(raw: Raw, reading: Reading): Task | undefined {
  const { kinds, folder, problems } = reading
  if (!isPlain(raw.value)) {
    problems.add('a task must be a map', raw.at)
    return undefined
  }
  const entry: TaskEntry | undefined = check(taskSchema, raw, problems)
  const kind = findKind(raw, kinds, problems)
  if (kind !== undefined) checkTogether(raw, kind, reading)
  if (entry === undefined || kind === undefined) return undefined
  const args = readArgs(raw, kind.kind, problems)
  const checked = check(kind.schema, args, problems, { name: kind.kind, reword: closedOnly })
  if (isUse(kind) && checked === undefined) return undefined
  const name = entry.name ?? defaultName(kind.kind, partOf(raw, [kind.kind]).value)
  const shared = readShared(entry, raw)
  const vars =
    isUse(kind) && isPlain(args.value) && isPlain(args.value.vars)
      ? mergeMaps(shared.vars, args.value.vars)
      : shared.vars
  const task = makeTask(kind.kind, args, raw.at, folder, { ...shared, name, vars })
  if (entry.loop !== undefined) Object.assign(task, readLoop(entry, raw))
  if (entry.changed_when !== undefined) task.changed_when = readCondition(raw, 'changed_when')
  if (entry.failed_when !== undefined) task.failed_when = readCondition(raw, 'failed_when')
  if (entry.until !== undefined) task.until = readCondition(raw, 'until')
  if (entry.register !== undefined) task.register = entry.register
  if (entry.retries !== undefined) task.retries = entry.retries
  if (entry.delay !== undefined) task.delay = entry.delay
  task.listen = readTexts(raw, 'listen').map(({ text }) => text)
  checkSyntax(task, problems)
  return task
}
