// The passes of a task's loop: over a list, a map, or what one expression gives.
import { type At, likeError, UserError, usageError } from '../errors.js'
import { cleanLine } from '../events.js'
import {
  evaluate,
  evaluateCondition,
  expressionReferences,
  references,
  renderText,
  renderValue,
  type Scope,
} from '../language/index.js'
import type { Task } from '../playbook.js'
import type { Vars } from '../raw.js'
import type { TaskRun, Waits } from './task-run.js'

/** What is known while a task gets its values. */
export interface Known {
  /** Variables in force for one task and one pass of its loop. */
  scopeOf(run: TaskRun, vars: Vars): Scope
  /** Why a task cannot read a name yet; undefined when it can. */
  blocked(run: TaskRun, name: string): Waits | undefined
}

/** One pass: the task's variables with the entry, and what the pass is called; a task without a loop has one pass without a name. */
export interface Pass {
  vars: Vars
  label?: string
}

/** The first reason why some name cannot be read yet. */
export function firstBlock(run: TaskRun, names: Iterable<string>, known: Known): Waits | undefined {
  let first: Waits | undefined
  for (const name of names) {
    run.reads = (run.reads ?? new Set()).add(name)
    first ??= known.blocked(run, name)
  }
  return first
}

/** The same error with the task's place, when it has none of its own. */
export const located = (error: unknown, at: At): unknown =>
  error instanceof UserError && error.at === undefined ? likeError(error, { at }) : error

const isExpression = (loop: unknown): loop is string => typeof loop === 'string' && !loop.includes('{{')

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value))

/** What the loop goes over; a map's entries have `key` and `value`. */
function entriesOf({ loop, name }: Task, scope: Scope): unknown[] {
  if (loop === undefined) return []
  const given = isExpression(loop.value) ? evaluate(loop.value, scope, loop.at) : renderValue(loop.value, loop, scope)
  if (Array.isArray(given)) return given
  if (isMap(given)) return Object.entries(given).map(([key, value]) => ({ key, value }))
  throw usageError(`the loop of "${name}" must give a list or a map`, {
    at: loop.at,
    hint: 'write a list, a map, or an expression that gives one',
  })
}

const longestLabel = 60

/** The part of an entry that tells it from the others: the key of a map's entry, or what it is called. */
function partOfLabel(entry: unknown): unknown {
  if (!isMap(entry)) return entry
  const told = 'key' in entry && 'value' in entry ? entry.key : entry.name
  return ['string', 'number'].includes(typeof told) ? told : entry
}

/** What a pass is called where nothing says it: the entry, short. */
function plainLabel(entry: unknown): string {
  const told = partOfLabel(entry)
  const text = typeof told === 'object' ? JSON.stringify(told) : String(told)
  return text.length > longestLabel ? `${text.slice(0, longestLabel - 1)}…` : text
}

function labelOf(entry: unknown, index: number, { loop_control: { label }, no_log }: Task, scope: () => Scope): string {
  if (label === undefined) return no_log ? `#${index + 1}` : cleanLine(plainLabel(entry))
  const { text, secret } = renderText(String(label.value), { scope: scope(), at: label.at })
  return secret ? '(secret)' : cleanLine(text)
}

/** Names that the loop reads, and the label of its passes. */
function namesOf({ loop, loop_control: { label } }: Task, { vars }: Scope): string[] {
  if (loop === undefined) return []
  const names = isExpression(loop.value) ? expressionReferences(loop.value, vars) : references(loop.value, vars)
  return [...names, ...(label === undefined ? [] : references(label.value, vars))]
}

/** True where a condition that reads no entry of the loop is false: then nobody needs the loop, and what is wrong with it is no matter. */
function isOff(run: TaskRun, known: Known): boolean {
  const { loop_var, index_var = loop_var } = run.task.loop_control
  try {
    const scope = known.scopeOf(run, run.task.vars)
    for (const { text, at } of run.task.when) {
      const names = expressionReferences(text, scope.vars)
      if (names.has(loop_var) || names.has(index_var) || firstBlock(run, names, known)) return false
      if (!evaluateCondition(text, scope, at)) return true
    }
    return false
  } catch {
    return false
  }
}

/** The passes of a task, or why they cannot be known yet. */
export function passesOf(run: TaskRun, known: Known): Pass[] | Waits {
  const { task } = run
  if (task.loop === undefined) return [{ vars: task.vars }]
  const { loop_var, index_var } = task.loop_control
  try {
    const scope = known.scopeOf(run, task.vars)
    const waits = firstBlock(run, namesOf(task, scope), known)
    if (waits) return waits
    return entriesOf(task, scope).map((entry, index) => {
      const vars = { ...task.vars, [loop_var]: entry, ...(index_var === undefined ? {} : { [index_var]: index }) }
      return { vars, label: labelOf(entry, index, task, () => known.scopeOf(run, vars)) }
    })
  } catch (error) {
    if (isOff(run, known)) return []
    throw located(error, task.loop.at)
  }
}
