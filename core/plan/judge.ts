// What a task says of its own result: `failed_when` and `changed_when`.
import { UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import { evaluateCondition } from '../language/index.js'
import { type HostWork, instancesOf } from './host-work.js'
import type { ResolveContext } from './resolve.js'
import { type Instance, type Result, titleOf } from './task-run.js'

/** The result as the task's own conditions see it. */
export function judge(resolve: ResolveContext, instance: Instance, result: Result): Result {
  const { task } = instance.run
  const judged = { ...result }
  const vars = { ...instance.vars, result: judged, ...(task.register === undefined ? {} : { [task.register]: judged }) }
  const scope = resolve.scopeOf(instance.run, vars)
  if (task.failed_when) judged.failed = evaluateCondition(task.failed_when.text, scope, task.failed_when.at)
  if (task.changed_when) judged.changed = evaluateCondition(task.changed_when.text, scope, task.changed_when.at)
  return judged
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

/** Judges the commands that have run with the reads. A UserError for one that has failed by its own words, unless it may. */
export function judgeReads(work: HostWork, resolve: ResolveContext): void {
  for (const instance of instancesOf(work)) {
    const { run, result } = instance
    if (run.task.failed_when === undefined || instance.state !== 'read' || result?.rc === undefined) continue
    instance.result = judge(resolve, instance, result)
    if (instance.result.failed && !run.task.ignore_errors)
      throw new UserError(`failed by its own words, with code ${result.rc}`, {
        where: `${work.host.name}, ${titleOf(instance)}`,
        at: run.task.failed_when.at,
        output: shown(instance, result.stdout ?? '', result.stderr ?? ''),
      })
  }
}
