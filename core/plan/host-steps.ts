// From what was read to steps: which tasks and handlers of a host are listed, with their causes.
import type { Stage } from '../project.js'
import { pendingKey } from '../state.js'
import type { Change, Step } from '../step.js'
import { type HostWork, handlerName } from './host-work.js'
import { type Instance, type TaskRun, titleOf } from './task-run.js'

/** A step of a task, with the instance behind it. */
export interface TaskStep extends Step {
  instance: Instance
}

/** What a host's tasks come to. */
export interface HostPlan {
  before: TaskStep[]
  after: TaskStep[]
  /** Tasks that need nothing. */
  unchanged: number
}

const words = (change: Change): string => {
  if (change.what === 'content' && change.diff !== undefined) return 'content differs'
  if (change.from === '' && change.to === '') return change.what
  return `${change.what}: ${change.from} → ${change.to}`
}

/** The cause in one line. */
const causeOf = (changes: readonly Change[]): string => changes.map(words).join(', ')

const isBefore = (stage: Stage): boolean => stage !== 'after-containers'

/** Decides what is listed. Pure: the same answers give the same steps. */
export function planHost(work: HostWork): HostPlan {
  const plan: HostPlan = { before: [], after: [], unchanged: 0 }
  const touched = new Map<string, string>()
  const notified = new Map<string, string>()

  const list = (instance: Instance, cause: string, certainty: Step['certainty'], changes: Change[]): void => {
    const { run } = instance
    const title = titleOf(instance)
    const loses = changes.flatMap(change => (change.loses === undefined ? [] : [change.loses])).join(', ')
    const thing = instance.want === undefined ? run.kind.kind : run.kind.name(instance.want)
    const step: TaskStep = {
      id: instance.id,
      host: work.host.name,
      thing,
      verb: instance.verb || (run.kind.unknown !== undefined ? 'run' : 'change'),
      cause: cause === '' ? title : `${title}: ${cause}`,
      after: [],
      certainty,
      instance,
      ...(loses === '' ? {} : { loses }),
      ...(changes.length === 0 ? {} : { changes }),
    }
    ;(isBefore(run.stage) ? plan.before : plan.after).push(step)
    for (const key of instance.want === undefined ? [] : (run.kind.touches?.(instance.want) ?? []))
      touched.set(key, title)
    for (const { name } of run.task.notify) notified.set(`${run.play.name}/${name}`, title)
  }

  const touchedBy = (instance: Instance): string | undefined =>
    instance.run.kind
      .touches?.(instance.want)
      .map(key => touched.get(key))
      .find(by => by !== undefined)

  const task = (instance: Instance): void => {
    if (instance.state === 'waiting') {
      const name = instance.waits?.for === 'register' ? instance.waits.name : 'facts'
      return list(instance, `depends on ${name}`, 'unknown', [])
    }
    if (instance.state === 'skipped') return
    const unknown = instance.run.kind.unknown?.(instance.want) ?? false
    if (instance.changes.length > 0)
      return list(instance, causeOf(instance.changes), unknown ? 'unknown' : 'will', instance.changes)
    const by = touchedBy(instance)
    if (by !== undefined) return list(instance, `after ${by}`, 'will', [])
    plan.unchanged++
  }

  const handler = (run: TaskRun): void => {
    const name = handlerName(run)
    const by = notified.get(name)
    const due = work.state.pending.includes(pendingKey(name))
    if (by === undefined && !due) return
    const cause = by === undefined ? 'interrupted run' : `notified by ${by}`
    if (run.instances === undefined) open(run, cause)
    for (const instance of run.instances ?? [])
      if (instance.state !== 'skipped') list(instance, cause, instance.state === 'waiting' ? 'unknown' : 'will', [])
  }

  const open = (run: TaskRun, cause: string): void => {
    const stand: Instance = { id: run.id, run, vars: {}, state: 'waiting', changes: [], verb: '' }
    list(stand, cause, 'unknown', [])
  }
  const loopWaits = ({ waits }: TaskRun): string =>
    `its loop depends on ${waits?.for === 'register' ? waits.name : 'facts'}`

  for (const run of work.runs) {
    if (run.handler) handler(run)
    else if (run.instances === undefined) open(run, loopWaits(run))
    else run.instances.forEach(task)
  }
  return plan
}
