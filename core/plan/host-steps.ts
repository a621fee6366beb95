// From what was read to steps: which tasks and handlers of a host are listed, with their causes.
import { cleanLine } from '../events.js'
import type { BlockPart } from '../playbook.js'
import type { Stage } from '../project.js'
import { pendingKey } from '../state.js'
import type { Change, Step } from '../step.js'
import { type HostWork, handlerName, notifiedInside, registerNames } from './host-work.js'
import { type Instance, type TaskRun, titleOf } from './task-run.js'

/** A step of a task, with the instance behind it. */
export interface TaskStep extends Step {
  instance: Instance
  /** It only tells something when its turn comes: no plan lists it. */
  silent?: true
}

/** What a host's tasks come to. */
export interface HostPlan {
  before: TaskStep[]
  after: TaskStep[]
  /** Tasks that need nothing. */
  unchanged: number
}

const words = (change: Change, verb: string): string => {
  // Of a command only why it runs: that it runs is the verb.
  // A command is run: that says no more than its verb.
  if (change.to === verb && change.what === 'command') return change.from
  if (change.what === 'content' && change.diff !== undefined) return 'content differs'
  if (change.from === '' && change.to === '') return change.what
  return `${change.what}: ${change.from} → ${change.to}`
}

/** The cause in one line. */
const causeOf = (changes: readonly Change[], verb: string): string =>
  changes.map(change => words(change, verb)).join(', ')

/** What a task's thing and verb are; as long as its values are not known for sure, its own name stands for them. */
function calledFor(instance: Instance, isSure: boolean): { thing: string; verb: string } {
  const { run, want, verb } = instance
  const { kind, gives, task } = run
  const known = (isSure && verb) || (want !== undefined && kind.acts?.(want)) || (kind.unknown ? 'run' : 'change')
  if (want !== undefined && isSure && !task.no_log) return { thing: cleanLine(kind.name(want)), verb: known }
  if (kind.gives) return { thing: `variables ${gives.filter(name => name !== task.register).join(', ')}`, verb: 'set' }
  return { thing: `${kind.kind} "${titleOf(instance)}"`, verb: known }
}

/** What differs; of a task that is not to be shown only which parts. */
const shownChanges = ({ run, changes }: Instance): Change[] =>
  run.task.no_log
    ? changes.map(({ what, loses }) => ({ what, from: '', to: '', ...(loses === undefined ? {} : { loses }) }))
    : changes

/** The task's name, and where it is done if that is not as usual. */
const placeWords = (instance: Instance): string => {
  const { run, delegate } = instance
  const isOther = delegate !== undefined && delegate !== run.host
  return [titleOf(instance), ...(isOther ? [`on ${delegate}`] : []), ...(run.task.run_once ? ['once'] : [])].join(', ')
}

const isBefore = (stage: Stage): boolean => stage !== 'after-containers'

/** Decides what is listed. Pure: the same answers give the same steps. */
export function planHost(work: HostWork): HostPlan {
  const plan: HostPlan = { before: [], after: [], unchanged: 0 }
  const touched = new Map<string, string>()
  const notified = new Map<string, string>()
  /** The last step that may have put files on the host that nobody can foretell. */
  let brought: string | undefined
  /** The last such step that is done for sure. */
  let surely: string | undefined
  /** Registers of what only reads, and what comes before it on this host that may have it read something else. */
  const shaky = new Map<string, string>()
  /** Handlers that an include may come to notify: what it holds is known only at its turn. */
  const doubtful = new Map<string, string>()
  const registers = registerNames(work)
  /** Blocks with a step in their part `block`: only they can come to need their rescue. */
  const acting = new Set<string>()
  const blockKey = ({ play }: TaskRun, block: string): string => `${play.name} ${play.at.line} ${block}`

  const list = (
    instance: Instance,
    cause: string,
    certainty: Step['certainty'],
    changes: Change[],
    silent: true | undefined = instance.run.kind.message && true,
  ): void => {
    const { run } = instance
    const title = titleOf(instance)
    const doubt = doubtOf(instance)
    const isSure = doubt === undefined || run.kind.message !== undefined
    const loses = changes.flatMap(change => (change.loses === undefined ? [] : [change.loses])).join(', ')
    const { thing, verb } = calledFor(instance, isSure)
    const step: TaskStep = {
      id: instance.id,
      host: work.host.name,
      thing,
      verb,
      cause: [placeWords(instance), isSure ? cause : doubt].filter(words => words !== '').join(': '),
      after: [],
      certainty: isSure ? certainty : 'unknown',
      instance,
      ...(silent ? { silent } : {}),
      ...(loses === '' ? {} : { loses }),
      ...(changes.length === 0 || !isSure ? {} : { changes }),
    }
    ;(isBefore(run.stage) ? plan.before : plan.after).push(step)
    if (silent) return
    for (const { block, part } of run.task.blocks) if (part === 'block') acting.add(blockKey(run, block))
    for (const key of instance.want === undefined ? [] : (run.kind.touches?.(instance.want) ?? []))
      touched.set(key, title)
    if (instance.want !== undefined && run.kind.brings?.(instance.want)) {
      brought = title
      if (step.certainty === 'will') surely = title
    }
    notify(instance)
  }

  const notify = (instance: Instance): void => {
    const { play, task } = instance.run
    for (const { name } of task.notify) notified.set(`${play.name}/${name}`, titleOf(instance))
  }

  /** Why what was read may be out of date when this instance's turn comes. */
  const doubtOf = ({ reads }: Instance): string | undefined => {
    const name = [...(reads ?? [])].find(read => shaky.has(read))
    return name === undefined ? undefined : `depends on ${name}, after ${shaky.get(name)}`
  }

  const touchedBy = ({ run: { kind }, want, seen }: Instance): string | undefined =>
    kind
      .touches?.(want)
      .map(key => touched.get(key))
      .find(by => by !== undefined) ?? (kind.mayReturn?.(want, seen) ? brought : undefined)

  const task = (instance: Instance): void => {
    const { run, state, fault } = instance
    const changes = shownChanges(instance)
    if (state === 'waiting') {
      const name = instance.waits?.for === 'register' ? instance.waits.name : 'facts'
      return list(instance, `depends on ${name}`, 'unknown', [])
    }
    if (state === 'skipped') return doubtOf(instance) === undefined ? undefined : list(instance, '', 'unknown', [])
    if (fault) return list(instance, `cannot be read yet: ${fault.message}`, 'unknown', [])
    if (run.kind.message) return list(instance, '', 'will', [])
    const unknown = run.kind.unknown?.(instance.want) ?? false
    if (changes.length > 0)
      return list(instance, causeOf(changes, instance.verb), unknown ? 'unknown' : 'will', changes)
    const by = touchedBy(instance)
    if (by !== undefined) return list(instance, `after ${by}`, 'will', [])
    if (run.task.register !== undefined && instance.result?.rc !== undefined && surely !== undefined)
      shaky.set(run.task.register, surely)
    plan.unchanged++
    // What all hosts hear of is read again before any of them goes on, if it is out of date by then.
    if (run.task.run_once && run.gives.length > 0) list(instance, '', 'will', [], true)
    // What only reads can say of itself that something has changed.
    if (instance.result?.changed) notify(instance)
  }

  /** The block whose failure a task waits for; undefined for one that is no part of a rescue. */
  const rescueOf = ({ task }: TaskRun): BlockPart | undefined => task.blocks.findLast(({ part }) => part === 'rescue')

  /** A task that only runs after a failure: what it would find then cannot be known, but for a condition that no register decides. */
  const rescue = (run: TaskRun, { name }: BlockPart): void => {
    if (!run.task.blocks.every(({ part, block }) => part !== 'rescue' || acting.has(blockKey(run, block)))) return
    const cause = `only if ${name} fails`
    if (run.instances === undefined) return open(run, cause)
    for (const instance of run.instances)
      if (instance.state !== 'skipped' || mayHold(instance)) list(instance, cause, 'unknown', [])
  }

  const handler = (run: TaskRun): void => {
    const name = handlerName(run)
    const called = [name, ...run.task.listen.map(topic => `${run.play.name}/${topic}`)]
    const by = called.map(one => notified.get(one)).find(notifier => notifier !== undefined)
    const maybe = called.map(one => doubtful.get(one)).find(notifier => notifier !== undefined)
    const due = work.state.pending.includes(pendingKey(name))
    if (by === undefined && !due && maybe === undefined) return
    const cause = by !== undefined ? `notified by ${by}` : due ? 'interrupted run' : `if ${maybe} notifies it`
    const isSure = by !== undefined || due
    if (run.instances === undefined) open(run, cause)
    for (const instance of run.instances ?? [])
      if (instance.state === 'skipped' && mayHold(instance))
        list(instance, `${cause}, if its condition holds by then`, 'unknown', [])
      else if (instance.state !== 'skipped')
        list(instance, cause, isSure && instance.state !== 'waiting' ? 'will' : 'unknown', [])
  }

  const open = (run: TaskRun, cause: string): void => {
    const stand: Instance = { id: run.id, run, vars: {}, state: 'waiting', changes: [], verb: '' }
    list(stand, cause, 'unknown', [])
    if (run.maker === undefined) return
    const handlers = work.runs.filter(other => other.handler && other.play === run.play)
    const names = notifiedInside(run.task) ?? handlers.map(other => other.task.name)
    for (const name of names) {
      const key = `${run.play.name}/${name}`
      if (!doubtful.has(key)) doubtful.set(key, run.task.name)
    }
  }
  /** A condition that is false now, and reads what the run may change. */
  const mayHold = ({ reads }: Instance): boolean => [...(reads ?? [])].some(read => registers.has(read))
  const loopWaits = ({ waits, maker }: TaskRun): string =>
    `${maker ? '' : 'its loop '}depends on ${waits?.for === 'register' ? waits.name : 'facts'}`

  for (const run of work.runs) {
    if (run.follows) continue
    const rescued = rescueOf(run)
    if (rescued) rescue(run, rescued)
    else if (run.handler) handler(run)
    else if (run.instances === undefined) open(run, loopWaits(run))
    else run.instances.forEach(task)
  }
  return plan
}
