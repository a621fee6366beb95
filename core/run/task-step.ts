// Does one task's step on a host: the change, then in the same exec the probes of all that is still to come.
import type { ExecOptions } from '../connection.js'
import { UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import { evaluateCondition } from '../language/index.js'
import type { TaskStep } from '../plan/host-steps.js'
import { type HostWork, handlerName, instancesOf, registerNames } from '../plan/host-work.js'
import { ask, newMarker, probePiece, takeAnswer, userOf } from '../plan/read-host.js'
import { type ResolveContext, resolveAgain, resolveRun } from '../plan/resolve.js'
import { type Instance, type Result, resultOf, type TaskRun, titleOf } from '../plan/task-run.js'
import { type Answer, joinChange, splitAnswers } from '../probe/join.js'
import type { StepResult } from '../provider.js'
import type { Sh } from '../sh.js'
import { clearPending, markPending, pendingKey } from '../state.js'

/** What a host's steps share while they run. */
export interface TaskContext {
  project: string
  work: HostWork
  resolve: ResolveContext
  signal: AbortSignal
  /** Ids of the steps that the plan listed for this host. */
  listed: ReadonlySet<string>
  /** Is told the last line that a command printed. */
  output(id: string, line: string): void
}

/** A script longer than this goes without the probes that would follow it: the argument of `sh -c` is bounded by the kernel. */
const longestArgument = 90_000

/** Lines of a failed command that are shown. */
const shownLines = 20

const lastLines = (...texts: readonly string[]): string =>
  texts
    .flatMap(text => text.trimEnd().split('\n'))
    .filter(line => line !== '')
    .map(line => cleanLine(line))
    .slice(-shownLines)
    .join('\n')

const execOptions = (context: TaskContext, instance: Instance, marker: string): ExecOptions => {
  const { timeout } = instance.run.task
  let answered = false
  return {
    as: 'best',
    signal: context.signal,
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    onLine: line => {
      answered ||= line.startsWith(marker)
      if (!answered && line.trim() !== '' && !instance.run.task.no_log) context.output(instance.id, line)
    },
  }
}

/** What must be asked again after this instance changed the host: itself, and all that is still to come. */
function stillToCome(context: TaskContext, instance: Instance): Instance[] {
  const all = instancesOf(context.work)
  const from = all.indexOf(instance)
  return all.slice(from).filter(one => {
    if (one === instance) return !one.run.handler
    if (one.run.handler && !context.listed.has(one.id)) return false
    return one.want !== undefined && (one.state === 'read' || one.state === 'wanted')
  })
}

/** Runs one command of an instance; with the last one come the probes of what follows. */
async function change(context: TaskContext, instance: Instance, command: Sh, last: boolean): Promise<Answer> {
  const { work, project } = context
  if (work.connection === undefined) throw new Error(`${work.host.name} is not connected`)
  const marker = newMarker()
  const piece = { id: instance.id, command, user: userOf(instance) }
  const handlers = instance.run.task.notify.map(({ name }) => `${instance.run.play.name}/${name}`)
  const before = markPending(project, handlers).sh
  const afterwards = last && instance.run.handler ? clearPending(project, handlerName(instance.run)).sh : ''
  const follow = last ? stillToCome(context, instance) : []
  let probes = follow.map(probePiece)
  let text = joinChange(piece, probes, marker, { before, afterwards })
  if (text.length > longestArgument && command.stdin !== undefined) {
    probes = []
    text = joinChange(piece, probes, marker, { before, afterwards })
  }
  const script: Sh = command.stdin === undefined ? { sh: text } : { sh: text, stdin: command.stdin }
  const exit = await work.connection.exec(script, execOptions(context, instance, marker))
  const answers = splitAnswers(exit, [instance.id, ...probes.map(probe => `${probe.id} again`)], marker)
  const answer = answers.get(instance.id)
  if (answer === undefined)
    throw new UserError('the host ended the command without an answer', {
      where: `${work.host.name}, ${titleOf(instance)}`,
      output: lastLines(exit.stdout, exit.stderr),
    })
  if (answer.code === 0 && last) {
    const asked =
      probes.length === follow.length
        ? undefined
        : await ask(work.connection, follow.map(probePiece), { signal: context.signal })
    for (const one of follow) takeAnswer(one, asked ? asked.get(one.id) : answers.get(`${one.id} again`))
  }
  return answer
}

const judge = (context: TaskContext, instance: Instance, result: Result): Result => {
  const { task } = instance.run
  const judged = { ...result }
  const vars = { ...instance.vars, result: judged, ...(task.register === undefined ? {} : { [task.register]: judged }) }
  const scope = context.resolve.scopeOf(instance.run, vars)
  if (task.failed_when) judged.failed = evaluateCondition(task.failed_when.text, scope, task.failed_when.at)
  if (task.changed_when) judged.changed = evaluateCondition(task.changed_when.text, scope, task.changed_when.at)
  return judged
}

const failure = (context: TaskContext, instance: Instance, answer: Answer): UserError =>
  new UserError(`${instance.verb || 'the change'} failed with code ${answer.code}`, {
    where: `${context.work.host.name}, ${titleOf(instance)}`,
    at: instance.run.task.at,
    output: instance.run.task.no_log ? '(not shown: no_log)' : lastLines(answer.out, answer.err),
  })

/** Verbs that act each time they are asked to, so that asking again cannot show that they have worked. */
const actsEachTime = new Set(['run', 'restart', 'reload', 'restarted', 'reloaded'])

async function apply(context: TaskContext, instance: Instance): Promise<StepResult> {
  const { work } = context
  const { kind, task, handler } = instance.run
  const { verb } = instance
  const commands = kind.apply(instance.want, instance.seen)
  let answer: Answer = { code: 0, out: '', err: '' }
  const printed = { out: '', err: '' }
  work.dirty = true
  for (const [index, command] of commands.entries()) {
    answer = await change(context, instance, command, index === commands.length - 1)
    printed.out += answer.out
    printed.err += answer.err
    if (answer.code !== 0) break
  }
  const raw: Result = {
    changed: true,
    failed: answer.code !== 0,
    skipped: false,
    rc: answer.code,
    stdout: printed.out.trimEnd(),
    stderr: printed.err.trimEnd(),
  }
  const result = judge(context, instance, raw)
  instance.result = result
  if (result.failed && !task.ignore_errors)
    throw failure(context, instance, { code: answer.code, out: printed.out, err: printed.err })
  work.lastChange = titleOf(instance)
  if (!result.failed && !handler && !actsEachTime.has(verb) && instance.changes.length > 0)
    throw new UserError(`still differs after the change: ${instance.changes.map(one => one.what).join(', ')}`, {
      where: `${work.host.name}, ${titleOf(instance)}`,
      at: task.at,
    })
  return {
    state: result.changed ? 'done' : 'already',
    ...(result.failed ? { text: 'failed, as allowed by ignore_errors' } : {}),
  }
}

const already = (by: string | undefined): StepResult =>
  by === undefined ? { state: 'already' } : { state: 'already', text: `by ${by}` }

/** Asks the host anew how this instance stands. */
async function readAgain(context: TaskContext, instance: Instance): Promise<void> {
  if (context.work.connection === undefined) throw new Error(`${context.work.host.name} is not connected`)
  const answers = await ask(context.work.connection, [probePiece(instance)], { signal: context.signal })
  takeAnswer(instance, answers.get(instance.id))
}

async function performInstance(context: TaskContext, instance: Instance): Promise<StepResult> {
  if (context.work.dirty) await resolveAgain(instance, registerNames(context.work), context.resolve)
  if (instance.state === 'waiting') await resolveRun(instance.run, context.resolve)
  if (instance.state === 'skipped') return { state: 'already', text: 'its condition is false' }
  if (instance.state === 'waiting')
    throw new UserError(
      `cannot run: ${instance.waits?.for === 'register' ? `${instance.waits.name} was never registered` : 'facts are missing'}`,
      {
        where: `${context.work.host.name}, ${titleOf(instance)}`,
        at: instance.run.task.at,
      },
    )
  if (instance.state === 'wanted') await readAgain(context, instance)
  if (instance.changes.length > 0) return apply(context, instance)
  if (instance.run.handler) await settleMark(context, instance.run)
  return already(context.work.lastChange)
}

/** Removes the mark of a handler that turned out to have nothing to do. */
async function settleMark({ work, project, signal }: TaskContext, run: TaskRun): Promise<void> {
  await work.connection?.exec(clearPending(project, handlerName(run)), { as: 'best', signal })
}

const wasNotified = ({ work }: TaskContext, run: TaskRun): boolean =>
  work.state.pending.includes(pendingKey(handlerName(run))) ||
  work.runs.some(
    other =>
      other.play === run.play &&
      other.task.notify.some(({ name }) => name === run.task.name) &&
      (other.instances ?? []).some(instance => instance.result?.changed),
  )

/** Does a listed step of a task or handler, or finds that it is so already. */
export async function performTask(context: TaskContext, step: TaskStep): Promise<StepResult> {
  const { instance } = step
  const { run } = instance
  if (run.handler && !wasNotified(context, run)) return { state: 'already', text: 'nothing notified it' }
  if (run.instances?.includes(instance)) return performInstance(context, instance)
  await resolveRun(run, context.resolve)
  let changed = false
  for (const one of run.instances ?? []) changed = (await performInstance(context, one)).state === 'done' || changed
  if (resultOf(run) === undefined && run.instances === undefined)
    throw new UserError('its loop cannot be known', {
      where: `${context.work.host.name}, ${run.task.name}`,
      at: run.task.at,
    })
  return changed ? { state: 'done' } : already(context.work.lastChange)
}

/** Looks again, after a run that changed the host, at what the plan left out because of a register: its condition may hold by now. */
export async function readLeftOut(context: TaskContext): Promise<void> {
  const { work, listed } = context
  if (!work.dirty) return
  const registers = registerNames(work)
  for (const instance of instancesOf(work)) {
    if (instance.state !== 'skipped' || instance.run.handler || listed.has(instance.id)) continue
    const state = await resolveAgain(instance, registers, context.resolve)
    if (state === 'wanted') await readAgain(context, instance)
  }
}
