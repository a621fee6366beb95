// Does one task's step on a host: the change, then in the same exec the probes of all that is still to come.
import type { ExecOptions } from '../connection.js'
import { UserError } from '../errors.js'
import type { TaskStep } from '../plan/host-steps.js'
import { handlerName, instancesOf, registerNames } from '../plan/host-work.js'
import { judge, shown } from '../plan/judge.js'
import { ask, newMarker, probePiece, takeAnswer, userOf } from '../plan/read-host.js'
import { resolveAgain, resolveRun } from '../plan/resolve.js'
import { type Instance, type Result, resultOf, titleOf } from '../plan/task-run.js'
import { type Answer, joinChange, splitAnswers } from '../probe/join.js'
import type { StepResult } from '../provider.js'
import { quote, type Sh } from '../sh.js'
import { clearPending, markPending } from '../state.js'
import { endsItsMark, isDue, noteCleared, noteMarked, notifiedBy, settleMark } from './marks.js'
import type { TaskContext } from './task-context.js'

/** Bytes. A script that is longer as a quoted word goes without the probes that would follow it: an argument is bounded by the kernel. */
const longestArgument = 100_000

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

/** Takes what a following probe tells. One that no longer works harms its own step alone: it is asked again when its turn comes. */
function takeFollowing(instance: Instance, one: Instance, answer: Answer | undefined): void {
  try {
    takeAnswer(one, answer)
  } catch (error) {
    if (one === instance || !(error instanceof UserError)) throw error
    one.state = 'wanted'
    one.changes = []
    delete one.result
  }
}

/** Asks in an exec of its own what could not come with the change. */
async function lookAgain(
  { work, signal }: TaskContext,
  instance: Instance,
  follow: readonly Instance[],
): Promise<void> {
  if (work.connection === undefined || follow.length === 0) return
  const answers = await ask(work.connection, follow.map(probePiece), { signal })
  for (const one of follow) takeFollowing(instance, one, answers.get(one.id))
}

/** Runs one command of an instance; with the last one come the probes of what follows. */
async function change(context: TaskContext, instance: Instance, command: Sh, last: boolean): Promise<Answer> {
  const { work, project } = context
  if (work.connection === undefined) throw new Error(`${work.host.name} is not connected`)
  const marker = newMarker()
  const piece = { id: instance.id, command, user: userOf(instance) }
  const handlers = notifiedBy(work, instance)
  noteMarked(context, handlers)
  const before = markPending(project, handlers.map(handlerName)).sh
  const clears = last && endsItsMark(instance)
  const afterwards = clears ? clearPending(project, handlerName(instance.run)).sh : ''
  const follow = last ? stillToCome(context, instance) : []
  let probes = follow.map(probePiece)
  let text = joinChange(piece, probes, marker, { before, afterwards })
  if (command.stdin !== undefined && Buffer.byteLength(quote(text)) > longestArgument) {
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
      output: shown(instance, exit.stdout, exit.stderr),
    })
  if (answer.code !== 0) return answer
  if (clears) noteCleared(context, instance.run)
  if (probes.length < follow.length) await lookAgain(context, instance, follow)
  else for (const one of follow) takeFollowing(instance, one, answers.get(`${one.id} again`))
  return answer
}

const failure = (context: TaskContext, instance: Instance, answer: Answer): UserError =>
  new UserError(`${instance.verb || 'the change'} failed with code ${answer.code}`, {
    where: `${context.work.host.name}, ${titleOf(instance)}`,
    at: instance.run.task.at,
    output: shown(instance, answer.out, answer.err),
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
  const result = judge(context.resolve, instance, raw)
  instance.result = result
  if (result.failed && !task.ignore_errors)
    throw failure(context, instance, { code: answer.code, out: printed.out, err: printed.err })
  if (answer.code !== 0) {
    await lookAgain(context, instance, stillToCome(context, instance))
    instance.result = result
  }
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
  return instance.changes.length > 0 ? apply(context, instance) : already(context.work.lastChange)
}

/** Does a listed step of a task or handler, or finds that it is so already. */
export async function performTask(context: TaskContext, step: TaskStep): Promise<StepResult> {
  const { run } = step.instance
  if (!run.handler) return performStep(context, step)
  const result = isDue(context, run)
    ? await performStep(context, step)
    : ({ state: 'already', text: 'nothing notified it' } as const)
  await settleMark(context, run)
  return result
}

async function performStep(context: TaskContext, { instance }: TaskStep): Promise<StepResult> {
  const { run } = instance
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
