// One command of a change on a host: marks before it, and in the same exec the probes of what comes next.
import type { ExecOptions } from '../../connection.js'
import { exitCodes, UserError } from '../../errors.js'
import { handlerName } from '../../plan/host-work.js'
import { shown } from '../../plan/judge.js'
import { ask, newMarker, probePiece, userOf } from '../../plan/read-host.js'
import { type Instance, titleOf } from '../../plan/task-run.js'
import { type Answer, joinChange, splitAnswers } from '../../probe/join.js'
import { quote, type Sh } from '../../sh.js'
import { clearPending, markPending } from '../../state.js'
import { comeBack } from './come-back.js'
import { followUps, noteChange, takeFollowing, takeOwn } from './fresh.js'
import { endsItsMark, noteCleared, noteMarked, notifiedBy } from './marks.js'
import type { Place, TaskContext } from './task-context.js'

/** Bytes. A script that is longer as a quoted word goes without the probes that would follow it: an argument is bounded by the kernel. */
const longestArgument = 100_000

/** Milliseconds that a connection waits beyond a task's own limit, which the host itself keeps. */
const graceMs = 30_000

const execOptions = (context: TaskContext, instance: Instance, marker: string): ExecOptions => {
  const { timeout } = instance.run.task
  let answered = false
  return {
    as: 'best',
    signal: context.signal,
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 + graceMs }),
    onLine: line => {
      answered ||= line.startsWith(marker)
      if (!answered && line.trim() !== '' && !instance.run.task.no_log) context.output(instance.id, line)
    },
  }
}

/** The id of a probe that follows a change: no name of a host begins so, and no id of an instance. */
const again = (id: string): string => `again ${id}`

/** Takes a following answer: the instance's own must be understood, those of others are asked again at their turn. */
const takeOne = (context: TaskContext, place: Place, instance: Instance, one: Instance, answer?: Answer): void =>
  one === instance ? takeOwn(place.context, one, answer) : takeFollowing(context, one, answer)

/** Asks in an exec of its own what could not come with the change. */
async function lookAgain(
  context: TaskContext,
  place: Place,
  instance: Instance,
  some: readonly Instance[],
): Promise<void> {
  if (some.length === 0) return
  const answers = await ask(place.connection, some.map(probePiece), { signal: context.signal })
  for (const one of some) takeOne(context, place, instance, one, answers.get(one.id))
}

/** The marks of what an instance notifies: text that goes with the change, or an exec of its own where the change is on another host. */
async function marksBefore(context: TaskContext, instance: Instance, place: Place): Promise<string> {
  const { work, project, signal } = context
  const handlers = notifiedBy(work, instance)
  noteMarked(context, handlers)
  const marks = markPending(project, handlers.map(handlerName))
  if (place.context === context || handlers.length === 0) return marks.sh
  const exit = await work.connection?.exec(marks, { as: 'best', signal })
  if (exit?.code !== 0)
    throw new UserError('cannot mark on the host what is due after this', {
      where: `${work.host.name}, ${titleOf(instance)}`,
      output: exit?.stderr.trim(),
    })
  return ''
}

/** Runs one command of an instance; with the last one come the probes of what follows. */
export async function change(context: TaskContext, instance: Instance, command: Sh, last: boolean): Promise<Answer> {
  const { project } = context
  const { task, kind } = instance.run
  const place = context.placeOf(instance)
  const marker = newMarker()
  const piece = {
    id: instance.id,
    command,
    user: userOf(instance),
    ...(task.timeout === undefined ? {} : { timeout: task.timeout }),
  }
  const before = await marksBefore(context, instance, place)
  const clears = last && place.context === context && endsItsMark(context, instance)
  const afterwards = clears ? clearPending(project, handlerName(instance.run)).sh : ''
  const leaves = last ? kind.returnsWithin?.(instance.want) : undefined
  const follow = last && leaves === undefined ? followUps(context, instance) : []
  let probes = follow.map(probePiece)
  let text = joinChange(piece, probes, marker, { before, afterwards })
  if (command.stdin !== undefined && Buffer.byteLength(quote(text)) > longestArgument) {
    probes = []
    text = joinChange(piece, probes, marker, { before, afterwards })
  }
  const script: Sh = command.stdin === undefined ? { sh: text } : { sh: text, stdin: command.stdin }
  noteChange(place.context)
  const exit = await place.connection.exec(script, execOptions(context, instance, marker)).catch((error: unknown) => {
    // A host that is on its way down may take the connection with it before it has answered.
    const isGone = error instanceof UserError && error.exit === exitCodes.unreachable
    if (leaves === undefined || !isGone || context.signal.aborted) throw error
    return undefined
  })
  const answers = exit && splitAnswers(exit, [instance.id, ...probes.map(probe => again(probe.id))], marker)
  const answer = answers ? answers.get(instance.id) : { code: 0, out: '', err: '' }
  if (answer === undefined && leaves === undefined)
    throw new UserError('the host ended the command without an answer', {
      where: `${context.work.host.name}, ${titleOf(instance)}`,
      output: shown(instance, exit?.stdout ?? '', exit?.stderr ?? ''),
    })
  if (answer !== undefined && answer.code !== 0) return answer
  if (clears) noteCleared(context, instance.run)
  if (leaves !== undefined) await comeBack(context, place, instance, leaves)
  else if (probes.length < follow.length) await lookAgain(context, place, instance, follow)
  else for (const one of follow) takeOne(context, place, instance, one, answers?.get(again(one.id)))
  return answer ?? { code: 0, out: '', err: '' }
}
