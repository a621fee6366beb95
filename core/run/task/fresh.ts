// Which answers still hold after a change, and reading anew, once, those that the next step needs.
import { isDeepStrictEqual } from 'node:util'
import type { Connection } from '../../connection.js'
import { UserError } from '../../errors.js'
import { instancesOf, registerNames } from '../../plan/host-work.js'
import { judgeRead } from '../../plan/judge.js'
import { ask, isSpoken, probePiece, settleSpoken, takeAnswer } from '../../plan/read-host.js'
import { resolveAgain } from '../../plan/resolve.js'
import type { Instance, TaskRun } from '../../plan/task-run.js'
import type { Answer } from '../../probe/join.js'
import { isDue, notifiedBy } from './marks.js'
import type { TaskContext } from './task-context.js'

/** Notes that something has changed the host: no answer from before holds any more. */
export const noteChange = (context: TaskContext): void => {
  context.changes++
  context.work.dirty = true
}

/** True where an instance's answer is from after the last change of the host that it is done on. */
export const isFresh = (context: TaskContext, instance: Instance): boolean => {
  const place = instance.delegate === undefined ? context : context.placeOf(instance).context
  return (place.readAt.get(instance) ?? 0) === place.changes
}

/** Takes an answer that came after the last change. A fault, and a failure by the task's own words, is thrown. */
export function takeFresh(
  context: TaskContext,
  place: TaskContext,
  instance: Instance,
  answer: Answer | undefined,
): void {
  takeAnswer(instance, answer)
  place.readAt.set(instance, place.changes)
  const error = judgeRead(context.resolve, instance)
  if (error) throw error
}

/** Takes the answer that tells what an instance's own change has come to; its conditions judge the change, not this. */
export function takeOwn(place: TaskContext, instance: Instance, answer: Answer | undefined): void {
  takeAnswer(instance, answer)
  place.readAt.set(instance, place.changes)
}

/** Takes what a probe that followed a change tells of what is still to come. One that no longer works is asked again at its turn. */
export function takeFollowing(context: TaskContext, one: Instance, answer: Answer | undefined): void {
  try {
    takeFresh(context, context, one, answer)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    one.state = 'wanted'
    one.changes = []
    delete one.result
    context.readAt.set(one, -1)
  }
}

/** True for a task that only runs after a failure. */
export const isRescue = ({ task }: TaskRun): boolean => task.blocks.some(({ part }) => part === 'rescue')

/** True for what can be asked of its own host. */
const isAskable = (one: Instance): boolean =>
  one.want !== undefined &&
  one.delegate === undefined &&
  !isSpoken(one) &&
  (one.state === 'read' || one.state === 'wanted')

/** True where later tasks can read what it tells, or where it can fail by its own words. */
const isHeard = ({ run: { task, gives } }: Instance): boolean =>
  task.register !== undefined || gives.length > 0 || task.failed_when !== undefined

/** True for what is a step of the plan, or a part of one: a pass of its loop, a task of what it includes. */
export const isListed = ({ listed }: Pick<TaskContext, 'listed'>, { id, run }: Instance): boolean => {
  if (listed.has(id)) return true
  for (let one: TaskRun | undefined = run; one !== undefined; one = one.from) if (listed.has(one.id)) return true
  return false
}

/**
 * What is asked in the same exec as a change: the instance itself, and what is still to come up to the next step that will be acted
 * upon; of what is unlisted on the way there only what that step can hear of.
 */
export function followUps(context: TaskContext, instance: Instance): Instance[] {
  const { work, listed } = context
  const found = instance.run.handler ? [] : [instance]
  if (instance.delegate !== undefined || !work.runs.includes(instance.run)) return found
  const notified = notifiedBy(work, instance)
  let isPassed = false
  for (const run of work.runs.slice(work.runs.indexOf(instance.run))) {
    if (run.follows || (isRescue(run) && run !== instance.run)) continue
    if (run.handler && run !== instance.run && !notified.includes(run) && !isDue(context, run)) continue
    if (run.instances === undefined && listed.has(run.id)) return found
    for (const one of run.instances ?? []) {
      if (one === instance) isPassed = true
      else if (isPassed && one.state !== 'skipped') {
        const isStep = isListed(context, one)
        if (isAskable(one) && (isStep || (!run.handler && isHeard(one)))) found.push(one)
        if (isStep) return found
      }
    }
  }
  return found
}

/** Asks a host for some instances, and takes what it answers. The first fault is thrown. */
export async function askAnew(
  context: TaskContext,
  { connection, place }: { connection: Connection; place: TaskContext },
  some: readonly Instance[],
): Promise<void> {
  if (some.length === 0) return
  const answers = await ask(connection, some.map(probePiece), { signal: context.signal })
  for (const one of some) takeFresh(context, place, one, answers.get(one.id))
}

/** Resolves an instance anew where what it reads may have changed. An answer to the same question stays. */
export async function resolveNow(context: TaskContext, instance: Instance): Promise<void> {
  if (!context.hasMoved()) return
  const { state, want } = instance
  await resolveAgain(instance, registerNames(context.work), context.resolve)
  if (state === 'read' && instance.state === 'wanted' && !instance.fault && isDeepStrictEqual(want, instance.want))
    instance.state = 'read'
}

/** The unlisted tasks between the last step and this one have their turn: what they give is what the host says now. */
export async function catchUp(context: TaskContext, instance: Instance): Promise<void> {
  if (!context.hasMoved()) return
  const stale: Instance[] = []
  for (const one of instancesOf(context.work)) {
    if (one === instance || one.run === instance.run) break
    if (one.run.handler || isListed(context, one) || context.passed.has(one) || isRescue(one.run)) continue
    context.passed.add(one)
    await resolveNow(context, one)
    if (one.state === 'waiting' || one.state === 'skipped') continue
    if (isSpoken(one)) settleSpoken(one)
    else if (isHeard(one) && (one.state === 'wanted' || !isFresh(context, one))) stale.push(one)
  }
  const byPlace = new Map<Connection, { place: TaskContext; some: Instance[] }>()
  for (const one of stale) {
    const { connection, context: place } = context.placeOf(one)
    const known = byPlace.get(connection) ?? { place, some: [] }
    byPlace.set(connection, known)
    known.some.push(one)
  }
  for (const [connection, { place, some }] of byPlace) await askAnew(context, { connection, place }, some)
}
