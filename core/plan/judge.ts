// What a task says of its own result: `failed_when` and `changed_when`.
import { UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import { evaluateCondition, type Scope } from '../language/index.js'
import { type HostWork, instancesOf } from './host-work.js'
import { keepFault } from './read-host.js'
import type { ResolveContext } from './resolve.js'
import { type Instance, type Result, titleOf } from './task-run.js'

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

/** What is judged when it is read: commands that only read, and kinds that tell something; where nothing is to be changed. */
const isJudged = ({ state, changes, result, run: { kind } }: Instance): boolean =>
  state === 'read' &&
  changes.length === 0 &&
  !result?.skipped &&
  (result?.rc !== undefined || kind.result !== undefined)

/**
 * Judges what was just read by the task's own conditions. One whose `until` does not hold yet is to be done: it is read again at its
 * turn. Gives the error of one that has failed and may not.
 */
export function judgeRead(resolve: ResolveContext, instance: Instance): UserError | undefined {
  const { task } = instance.run
  const { result } = instance
  if (result === undefined || !isJudged(instance)) return undefined
  if (!task.failed_when && !task.changed_when && !task.until) return undefined
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

/** Judges all that was read for the plan. The first UserError that no rescue would take is thrown. */
export function judgeReads(work: HostWork, resolve: ResolveContext): void {
  for (const instance of instancesOf(work)) {
    const error = judgeRead(resolve, instance)
    if (error) keepFault(instance, error)
  }
}
