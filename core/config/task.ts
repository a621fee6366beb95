// One task of a playbook: its words, its one resource word, and the check of that resource's YAML as far as it can be told.

import type { At } from '../errors.js'
import { insideText, rememberText } from '../language/position.js'
import { suggestion } from '../language/suggest.js'
import type { Task } from '../playbook.js'
import type { Raw } from '../raw.js'
import type { Schema } from '../schema.js'
import { check } from './check.js'
import { type TaskEntry, taskSchema, taskWords } from './playbook-schema.js'
import type { Problems } from './problems.js'
import { partOf, valueAt } from './raw.js'
import { unsupportedWord } from './unsupported.js'
import type { Wrong } from './words.js'

/** A resource's word and the shape of its YAML. */
export type ResourceKind = { readonly kind: string; readonly schema: Schema<unknown> }

const commandWords = ['check', 'read_only']
const commandKinds = ['command', 'shell']

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether something in the value is known only after rendering: a template, or a secret's place. */
function isOpen(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('{{')
  if (Array.isArray(value)) return value.some(isOpen)
  if (!isPlain(value)) return false
  const inner = Object.values(value)
  return (typeof value.secret === 'string' && inner.length === 1) || inner.some(isOpen)
}

const isSecretUse = (value: unknown): boolean => isPlain(value) && Object.keys(value).join() === 'secret'

/** Drops what a schema says of parts that are not rendered yet; an unknown key stays a mistake. */
function closedOnly(wrong: Wrong, raw: Raw): null | undefined {
  if (wrong.unknown !== undefined) return isSecretUse(valueAt(raw.value, wrong.path.slice(0, -1))) ? null : undefined
  for (let length = wrong.path.length; length > 0; length--)
    if (isSecretUse(valueAt(raw.value, wrong.path.slice(0, length - 1)))) return null
  return isOpen(valueAt(raw.value, wrong.path)) ? null : undefined
}

/** A condition; a list means that all must hold. */
function readCondition(raw: Raw, word: string): { text: string; at: At } {
  const part = partOf(raw, [word])
  if (!Array.isArray(part.value)) return { text: String(part.value), at: part.at }
  const texts = part.value.map(String)
  const starts: number[] = []
  let text = ''
  for (const [index, each] of texts.entries()) {
    if (index > 0) text += ' && '
    starts.push(text.length + 1)
    text += `(${each})`
  }
  const at = rememberText({ ...part.at }, offset => {
    const index = Math.max(
      0,
      starts.findLastIndex(start => start <= offset),
    )
    return insideText(part.where([index]), Math.max(0, offset - (starts[index] ?? 0)))
  })
  return { text, at }
}

/** The texts of a word that takes one text or a list of them, each with its place. */
function readTexts(raw: Raw, word: string): { text: string; at: At }[] {
  const value = valueAt(raw.value, [word])
  if (value === undefined) return []
  if (!Array.isArray(value)) return [{ text: String(value), at: raw.where([word]) }]
  return value.map((each, index) => ({ text: String(each), at: raw.where([word, index]) }))
}

/** Tags, also as one comma separated text. */
export const readTags = (raw: Raw): string[] =>
  readTexts(raw, 'tags').flatMap(({ text }) =>
    text
      .split(',')
      .map(tag => tag.trim())
      .filter(tag => tag !== ''),
  )

/** What a task without a name is called: its resource's word and the first short thing in its YAML. */
function defaultName(kind: string, value: unknown): string {
  const first = isPlain(value) ? (value.name ?? value.dest ?? value.path ?? Object.values(value)[0]) : value
  const words = Array.isArray(first)
    ? first.filter(each => typeof each !== 'object').join(' ')
    : isPlain(first)
      ? ''
      : String(first ?? '')
  const line = words.replace(/\s+/g, ' ').trim()
  return `${kind} ${line.length > 60 ? `${line.slice(0, 59)}…` : line}`.trim()
}

/** The resource's own YAML; `check` and `read_only` of a task belong to its command or shell. */
function readArgs(raw: Raw, kind: string, problems: Problems): Raw {
  const args = partOf(raw, [kind])
  const words = commandWords.filter(word => valueAt(raw.value, [word]) !== undefined)
  if (words.length === 0) return args
  if (!commandKinds.includes(kind)) {
    for (const word of words)
      problems.add(`\`${word}\` belongs to the command resource, not to ${kind}`, raw.where([word], 'key'))
    return args
  }
  // The short forms `command: TEXT` and `shell: TEXT` are shell text.
  const own = typeof args.value === 'string' ? { sh: args.value } : args.value
  if (!isPlain(own)) return args
  const outside = Object.fromEntries(words.map(word => [word, valueAt(raw.value, [word])]))
  return {
    value: { ...own, ...outside },
    at: args.at,
    where(path, what) {
      const [first, ...rest] = path
      if (typeof first === 'string' && words.includes(first)) return raw.where(path, what)
      return args.where(isPlain(args.value) || first === undefined ? path : rest, what)
    },
  }
}

/** The one resource word of a task; mistakes go to `problems`. */
function findKind(raw: Raw, kinds: readonly ResourceKind[], problems: Problems): ResourceKind | undefined {
  const keys = Object.keys(raw.value as object).filter(key => !taskWords.includes(key))
  const known = keys.flatMap(key => kinds.filter(each => each.kind === key))
  const unknown = keys.filter(key => !kinds.some(each => each.kind === key))
  for (const key of unknown)
    problems.add(
      unsupportedWord(key, 'task') ??
        `unknown word "${key}" in a task${suggestion(key, [...kinds.map(each => each.kind), ...taskWords])}`,
      raw.where([key], 'key'),
    )
  if (known.length > 1)
    problems.add(
      `a task does one thing; this one has ${known.map(each => each.kind).join(' and ')}`,
      raw.where([known[1]?.kind ?? ''], 'key'),
    )
  if (known.length === 0 && unknown.length === 0)
    problems.add(
      `a task needs a resource: one of ${kinds
        .map(each => each.kind)
        .sort()
        .join(', ')}`,
      raw.at,
    )
  return known.length === 1 ? known[0] : undefined
}

/** Reads one task or handler; undefined, with problems, where it cannot be told what it does. */
export function readTask(
  raw: Raw,
  kinds: readonly ResourceKind[],
  folder: string,
  problems: Problems,
): Task | undefined {
  if (!isPlain(raw.value)) {
    problems.add('a task must be a map', raw.at)
    return undefined
  }
  const entry: TaskEntry | undefined = check(taskSchema, raw, problems)
  const kind = findKind(raw, kinds, problems)
  if (entry === undefined || kind === undefined) return undefined
  const args = readArgs(raw, kind.kind, problems)
  check(kind.schema, args, problems, { name: kind.kind, reword: closedOnly })
  const task: Task = {
    name: entry.name ?? defaultName(kind.kind, partOf(raw, [kind.kind]).value),
    kind: kind.kind,
    args,
    at: raw.at,
    when: entry.when === undefined ? [] : [readCondition(raw, 'when')],
    loop_control: { loop_var: 'item' },
    listen: [],
    run_once: false,
    blocks: [],
    origin: { folder, defaults: {}, vars: [] },
    notify: readTexts(raw, 'notify').map(({ text, at }) => ({ name: text, at })),
    tags: readTags(raw),
    vars: entry.vars ?? {},
    ignore_errors: entry.ignore_errors ?? false,
    no_log: entry.no_log ?? false,
  }
  if (entry.changed_when !== undefined) task.changed_when = readCondition(raw, 'changed_when')
  if (entry.failed_when !== undefined) task.failed_when = readCondition(raw, 'failed_when')
  if (entry.loop !== undefined) task.loop = partOf(raw, ['loop'])
  if (entry.register !== undefined) task.register = entry.register
  if (entry.become !== undefined) task.become = entry.become
  if (entry.become_user !== undefined) task.become_user = entry.become_user
  if (entry.environment !== undefined) task.environment = partOf(raw, ['environment'])
  if (entry.timeout !== undefined) task.timeout = entry.timeout
  return task
}
