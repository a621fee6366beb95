// The word of a task that says what it does: which kind it is, and the check of its YAML as far as it can be told before templates.
import { suggestion } from '../../language/suggest.js'
import type { Raw } from '../../raw.js'
import type { Schema } from '../../schema.js'
import type { Problems } from '../problems.js'
import { partOf, valueAt } from '../raw.js'
import type { Wrong } from '../words.js'
import { isPlain } from './parts.js'
import { peerAnswer } from './peer-answer.js'
import { includeSchema, roleSchema, taskWords } from './words.js'

/** A resource's word and the shape of its YAML. */
export type ResourceKind = { readonly kind: string; readonly schema: Schema<unknown> }

/** The words that stand for tasks of other files. */
export const ownKinds: readonly ResourceKind[] = [
  { kind: 'include', schema: includeSchema },
  { kind: 'role', schema: roleSchema },
]

/** Whether a task stands for those of another file. */
export const isUse = ({ kind }: { kind: string }): boolean => ownKinds.some(own => own.kind === kind)

const commandWords = ['check', 'read_only']
const commandKinds = ['command', 'shell']

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
export function closedOnly(wrong: Wrong, raw: Raw): null | undefined {
  if (wrong.unknown !== undefined) return isSecretUse(valueAt(raw.value, wrong.path.slice(0, -1))) ? null : undefined
  for (let length = wrong.path.length; length > 0; length--)
    if (isSecretUse(valueAt(raw.value, wrong.path.slice(0, length - 1)))) return null
  // A short form that the schema has turned into its long one stands at none of its places.
  const [first = ''] = wrong.path
  const isShort = (wrong.path.length > 1 || !isPlain(raw.value)) && valueAt(raw.value, [first]) === undefined
  return isOpen(isShort ? raw.value : valueAt(raw.value, wrong.path)) ? null : undefined
}

/** What a task without a name is called: its resource's word and the first short thing in its YAML. */
export function defaultName(kind: string, value: unknown): string {
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
export function readArgs(raw: Raw, kind: string, problems: Problems): Raw {
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
export function findKind(raw: Raw, kinds: readonly ResourceKind[], problems: Problems): ResourceKind | undefined {
  const all = [...kinds, ...ownKinds]
  const keys = Object.keys(raw.value as object).filter(key => !taskWords.includes(key))
  const known = keys.flatMap(key => all.filter(each => each.kind === key))
  const unknown = keys.filter(key => !all.some(each => each.kind === key))
  const bare = known.find(({ kind }) => valueAt(raw.value, [kind]) === null)
  for (const key of unknown)
    problems.add(
      (bare && `unknown word "${key}" in a task; what belongs to ${bare.kind} is indented below it`) ??
        peerAnswer(key, 'a task') ??
        `unknown word "${key}" in a task${suggestion(key, [...all.map(each => each.kind), ...taskWords])}`,
      raw.where([key], 'key'),
    )
  if (known.length > 1)
    problems.add(
      `a task does one thing; this one has ${known.map(each => each.kind).join(' and ')}`,
      raw.where([known[1]?.kind ?? ''], 'key'),
    )
  if (known.length === 0 && unknown.length === 0)
    problems.add(
      `a task needs a resource: one of ${all
        .map(each => each.kind)
        .sort()
        .join(', ')}`,
      raw.at,
    )
  return known.length === 1 ? known[0] : undefined
}
