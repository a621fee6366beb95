// What a task says of its own result: `failed_when` and `changed_when`.
import { UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import { evaluateCondition, expressionReferences, type Scope } from '../language/index.js'
import { type HostWork, instancesOf } from './host-work.js'
import { keepFault } from './read-host.js'
import type { ResolveContext } from './resolve.js'
import { type Instance, isJudged, type Result, titleOf } from './task-run.js'

/** What the task's own conditions see besides all else: the result, by that name and by the one it is registered under. */
const scopeWith = (resolve: ResolveContext, { run, vars }: Instance, result: Result): Scope =>
  resolve.scopeOf(run, {
    ...vars,
    result,
    ...(run.task.register === undefined ? {} : { [run.task.register]: result }),
  })

/** The result as the task's own conditions see it. */
export function judge(resolve: ResolveContext, instance: Instance, result: Result): Result {
  const { failed_when: failed, changed_when: changed } = instance.run.task
  const judged = { ...result }
  const scope = scopeWith(resolve, instance, judged)
  if (failed) judged.failed = evaluateCondition(failed.text, scope, failed.at)
  if (changed) judged.changed = evaluateCondition(changed.text, scope, changed.at)
  return judged
}

/** Whether the task need not be tried again: what `until` says, else that it has not failed. */
export function isEnough(resolve: ResolveContext, instance: Instance, result: Result): boolean {
  const { until } = instance.run.task
  return until ? evaluateCondition(until.text, scopeWith(resolve, instance, result), until.at) : !result.failed
}

/** Lines of a command that are shown when it has failed. */
const shownLines = 20

/** The last lines of what a command printed; nothing of it where the task says `no_log`. */
export const shown = ({ run }: Instance, ...texts: readonly string[]): string =>
  run.task.no_log
    ? '(not shown: no_log)'
    : texts
        .flatMap(text => text.trimEnd().split('\n'))
        .filter(line => line !== '')
        .map(line => cleanLine(line))
        .slice(-shownLines)
        .join('\n')

/**
 * Judges what was just read by the task's own conditions. One whose `until` does not hold yet is to be done: it is read again at its
 * turn. Gives the error of one that has failed and may not.
 */
export function judgeRead(resolve: ResolveContext, instance: Instance): UserError | undefined {
  const { task } = instance.run
  const { result } = instance
  if (result === undefined || !isJudged(instance)) return undefined
  const judged = judge(resolve, instance, result)
  if (task.until && !isEnough(resolve, instance, judged)) {
    instance.changes = [{ what: 'until', from: 'not yet', to: task.until.text }]
    instance.verb = 'wait'
    delete instance.result
    return undefined
  }
  instance.result = judged
  return judged.failed && !task.ignore_errors ? failedByItsWords(instance, judged) : undefined
}

/** The error of an instance that its own `failed_when` has failed. */
export const failedByItsWords = (instance: Instance, { rc, stdout = '', stderr = '' }: Result): UserError =>
  new UserError(`failed by its own words${rc === undefined ? '' : `, with code ${rc}`}`, {
    where: `${instance.run.host}, ${titleOf(instance)}`,
    at: instance.run.task.failed_when?.at ?? instance.run.task.at,
    output: shown(instance, stdout, stderr),
  })

/** Names that an instance's own conditions read, besides what it has come to itself. */
function namesJudgedBy({ run: { task } }: Instance): string[] {
  const conditions = [task.failed_when, task.changed_when, task.until].flatMap(one => one ?? [])
  const names = conditions.flatMap(({ text }) => [...expressionReferences(text, {})])
  return names.filter(name => name !== 'result' && name !== task.register)
}

/**
 * Judges what was read for the plan, before anything is made of it: later tasks read whether it has changed or failed. `last`: also
 * where the conditions read what is not known yet. The first UserError that no rescue would take is thrown.
 */
export function judgeReads(work: HostWork, resolve: ResolveContext, { last }: { last: boolean }): void {
  for (const instance of instancesOf(work)) {
    if (!instance.unjudged) continue
    if (!last && namesJudgedBy(instance).some(name => resolve.blocked(instance.run, name))) continue
    delete instance.unjudged
    const error = judgeRead(resolve, instance)
    if (error) keepFault(instance, error)
  }
}
