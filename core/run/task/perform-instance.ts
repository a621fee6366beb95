// Does one pass of a task on a host: as it stands now, not as it was planned, and as often as it must be tried.
import { exitCodes, UserError } from '../../errors.js'
import { failedByItsWords, isEnough, judge, shown } from '../../plan/judge.js'
import { isSpoken, settleSpoken } from '../../plan/read-host.js'
import { resolveRun } from '../../plan/resolve.js'
import { type Instance, type Result, titleOf } from '../../plan/task-run.js'
import { type Answer, tookTooLong } from '../../probe/join.js'
import type { StepResult } from '../../provider.js'
import { change } from './change.js'
import { askAnew, catchUp, isFresh, resolveNow } from './fresh.js'
import type { TaskContext } from './task-context.js'
import { mostTries, tryAgain } from './tries.js'

/** How a task's step ended; `ignored`: it has failed, and may. */
export type TaskEnd = StepResult & { ignored?: true }

const whereOf = (context: TaskContext, instance: Instance): string => `${context.work.host.name}, ${titleOf(instance)}`

const failure = (context: TaskContext, instance: Instance, answer: Answer): UserError => {
  const { kind, task } = instance.run
  const verb = instance.verb || 'the change'
  const isUndone = kind.rolledBackCode !== undefined && answer.code === kind.rolledBackCode
  const isLate = task.timeout !== undefined && answer.code === tookTooLong
  const how = isUndone ? 'failed, and was undone' : `failed with code ${answer.code}`
  return new UserError(isLate ? `${verb} did not end within ${task.timeout} s` : `${verb} ${how}`, {
    where: whereOf(context, instance),
    at: task.at,
    output: shown(instance, answer.out, answer.err),
    exit: isUndone ? exitCodes.rolledBack : exitCodes.failed,
  })
}

/** What was printed by a command that only reads. */
const outputOf = ({ seen }: Instance): Pick<Result, 'stdout' | 'stderr'> =>
  typeof seen === 'object' && seen !== null && 'stdout' in seen ? (seen as Pick<Result, 'stdout' | 'stderr'>) : {}

const untilError = (
  context: TaskContext,
  instance: Instance,
  tries: number,
  { stdout, stderr }: Pick<Result, 'stdout' | 'stderr'>,
): UserError =>
  new UserError(`\`until\` did not hold after ${tries === 1 ? '1 try' : `${tries} tries`}`, {
    where: whereOf(context, instance),
    at: instance.run.task.until?.at ?? instance.run.task.at,
    output: shown(instance, stdout ?? '', stderr ?? ''),
  })

/** Verbs that act each time they are asked to, so that asking again cannot show that they have worked. */
const actsEachTime = new Set(['run', 'restart', 'reload', 'restarted', 'reloaded'])

interface Try {
  result: Result
  answer: Answer
  /** What the last command printed. */
  last: string
}

/** Runs the commands of a change once. */
async function applyOnce(context: TaskContext, instance: Instance, seen: unknown): Promise<Try> {
  const { kind } = instance.run
  const commands = kind.apply(instance.want, seen)
  let answer: Answer = { code: 0, out: '', err: '' }
  const printed = { out: '', err: '' }
  for (const [index, command] of commands.entries()) {
    answer = await change(context, instance, command, index === commands.length - 1)
    printed.out += answer.out
    printed.err += answer.err
    if (answer.code !== 0) break
  }
  const raw: Result = {
    ...(answer.code === 0 ? kind.result?.(instance.want, instance.seen) : {}),
    changed: true,
    failed: answer.code !== 0,
    skipped: false,
    rc: answer.code,
    stdout: printed.out.trimEnd(),
    stderr: printed.err.trimEnd(),
  }
  const told = { code: answer.code, ...printed }
  return { result: judge(context.resolve, instance, raw), answer: told, last: answer.out }
}

const allowed = 'failed, as allowed by ignore_errors'

async function apply(context: TaskContext, instance: Instance): Promise<TaskEnd> {
  const { kind, task, handler } = instance.run
  const { verb, seen } = instance
  const {
    result: tried,
    enough,
    tries,
  } = await tryAgain(context, instance, async () => {
    const result = await applyOnce(context, instance, seen)
    return { result, enough: isEnough(context.resolve, instance, result.result) }
  })
  const { answer, last } = tried
  const isUnmet = !enough && task.until !== undefined
  const result: Result = isUnmet ? { ...tried.result, failed: true } : tried.result
  instance.result = result
  if (result.failed && !task.ignore_errors)
    throw isUnmet ? untilError(context, instance, tries, result) : failure(context, instance, answer)
  if (result.changed) context.placeOf(instance).context.work.lastChange = titleOf(instance)
  // What goes to this machine is no difference on the host.
  const showsItself = !kind.keeps && !handler && !actsEachTime.has(verb)
  if (!result.failed && showsItself && instance.changes.length > 0)
    throw new UserError(`still differs after the change: ${instance.changes.map(one => one.what).join(', ')}`, {
      where: whereOf(context, instance),
      at: task.at,
    })
  if (answer.code === 0 && kind.keeps) await context.keep(kind.keeps(instance.want, last))
  const state = result.changed ? 'done' : 'already'
  if (result.failed) return { state, text: allowed, ignored: true }
  if (tries > 1) return { state, text: `at try ${tries}` }
  return state === 'done' ? { state } : { state, text: 'by its own words' }
}

/** True for what only reads and whose `until` did not hold when it was read last. */
const isAwaited = ({ changes: [first], verb }: Instance): boolean => verb === 'wait' && first?.what === 'until'

/** Asks the host anew how this instance stands; again and again, where the task says so. */
async function readAgain(context: TaskContext, instance: Instance): Promise<TaskEnd | undefined> {
  const { connection, context: place } = context.placeOf(instance)
  const { result: error, tries } = await tryAgain(context, instance, async () => {
    try {
      await askAnew(context, { connection, place }, [instance])
      return { result: undefined, enough: !isAwaited(instance) }
    } catch (error) {
      if (!(error instanceof UserError) || error.exit === exitCodes.unreachable) throw error
      return { result: error, enough: false }
    }
  })
  if (error) throw error
  return tries > 1 ? { state: 'already', text: `at try ${tries}` } : undefined
}

async function performInstance(context: TaskContext, instance: Instance): Promise<TaskEnd> {
  const { run } = instance
  await catchUp(context, instance)
  await resolveNow(context, instance)
  if (instance.state === 'waiting') await resolveRun(run, context.resolve)
  if (instance.state === 'skipped') return { state: 'already', text: 'its condition is false' }
  if (instance.state === 'waiting')
    throw new UserError(
      `cannot run: ${instance.waits?.for === 'register' ? `${instance.waits.name} was never registered` : 'facts are missing'}`,
      {
        where: whereOf(context, instance),
        at: run.task.at,
      },
    )
  if (isSpoken(instance)) {
    settleSpoken(instance)
    const text = run.kind.message?.(instance.want)
    if (text !== undefined) context.message(titleOf(instance), run.task.no_log ? '(not shown: no_log)' : text)
    return { state: 'already', text: 'known now' }
  }
  // Hosts that do something on one host wait for one another; what is tried again and again keeps nobody waiting.
  const act = (): Promise<TaskEnd> => actNow(context, instance)
  return mostTries(instance) > 1 ? act() : context.placeOf(instance).context.inTurn(act)
}

/** Looks where what is known is out of date, and does what is to be done. */
async function actNow(context: TaskContext, instance: Instance): Promise<TaskEnd> {
  const { run } = instance
  const mustRead = instance.state === 'wanted' || instance.fault !== undefined || isAwaited(instance)
  const read = mustRead || !isFresh(context, instance) ? await readAgain(context, instance) : undefined
  if (isAwaited(instance)) throw untilError(context, instance, mostTries(instance), outputOf(instance))
  if (instance.changes.length > 0) return apply(context, instance)
  if (instance.result?.failed && !run.task.ignore_errors) throw failedByItsWords(instance, instance.result)
  return read ?? { state: 'already' }
}

/** Does an instance; what the task may do wrong is told, and no failure of it. A lost host is never ignored. */
export async function performAllowed(context: TaskContext, instance: Instance): Promise<TaskEnd> {
  try {
    return await performInstance(context, instance)
  } catch (error) {
    const isLost = error instanceof UserError && error.exit === exitCodes.unreachable
    if (!(error instanceof UserError) || isLost || context.signal.aborted || !instance.run.task.ignore_errors) {
      if (instance.result === undefined) instance.result = { changed: false, failed: true, skipped: false }
      throw error
    }
    instance.result ??= { changed: false, failed: true, skipped: false }
    return { state: 'done', text: `${allowed}: ${error.message}`, ignored: true }
  }
}
