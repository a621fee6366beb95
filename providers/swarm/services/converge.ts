// Waits until a service is as it shall be, or tells why it will not be: with what its containers said.
import { exitCodes, UserError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { demultiplexer, lineSplitter } from '../../docker/api/stream.js'
import { hasStatus, pause } from '../../docker/apply/job.js'
import type { SwarmJob } from '../job.js'
import { desiredOf } from '../seen.js'
import type { NodeShape, ServiceShape, TaskShape } from '../shapes.js'
import { waitUntilGone } from './gone.js'
import { isOnEach } from './standing.js'

/** Milliseconds without anything new, between two looks, that containers without a health check must stay up, and for new nodes to be given some. */
const patience = { still: 120_000, pause: 500, stay: 2_000, findOut: 30_000 }

/** So many failures of one place in a row, and none that runs, and a new service is given up. */
const mostFailures = 3
const mostFailuresBesideGood = 6

/** What was asked of it. */
export interface Sent {
  id: string
  /** The service's version before; 0 where nothing was sent. */
  since: number
  isNew: boolean
  changed: boolean
  goesBack?: boolean
  /** Nothing was sent: the swarm is about to start containers, or is to find out that new nodes shall run some. */
  awaits?: 'containers' | 'nodes'
  /** Puts back what was there before, where that is to be done. */
  undo?: () => Promise<void>
}

interface Look {
  service: ServiceShape
  tasks: TaskShape[]
  nodes: NodeShape[]
}

async function look(job: SwarmJob, id: string): Promise<Look> {
  return job.ask(async api => {
    const [service, tasks, nodes] = await Promise.all([
      api.json<ServiceShape>({ path: `/services/${id}`, query: { insertDefaults: false } }),
      api.json<TaskShape[] | null>({ path: '/tasks', query: { filters: { service: [id] } } }),
      api.json<NodeShape[]>({ path: '/nodes' }),
    ])
    return { service, tasks: tasks ?? [], nodes }
  })
}

const isOver = ({ Status }: TaskShape): boolean => ['failed', 'rejected', 'orphaned'].includes(Status.State)

/** Nodes that a global service runs on: those that take tasks and satisfy its constraints have one that shall run. */
const shallRun = ({ service, tasks, nodes }: Look): number => {
  const wanted = tasks.filter(({ DesiredState }) => DesiredState === 'running')
  if (service.Spec.Mode.Global !== undefined) {
    const up = new Set(nodes.filter(({ Status }) => Status.State === 'ready').map(({ ID }) => ID))
    return Math.max(1, wanted.filter(({ NodeID = '' }) => up.has(NodeID)).length)
  }
  return desiredOf(service, nodes.length)
}

const partsThatReplace = [
  'ContainerSpec',
  'Resources',
  'RestartPolicy',
  'Networks',
  'LogDriver',
  'ForceUpdate',
] as const

/** True for a task of the service as it is now: a change of these parts makes another task. */
const isOfSpec = ({ Spec }: TaskShape, service: ServiceShape): boolean =>
  partsThatReplace.every(
    part => JSON.stringify(Spec[part] ?? null) === JSON.stringify(service.Spec.TaskTemplate[part] ?? null),
  )

/** True while a container that shall not run any more still does; of a node that is down nobody knows. */
function isStopping({ tasks, nodes }: Look): boolean {
  const up = new Set(nodes.filter(({ Status }) => Status.State === 'ready').map(({ ID }) => ID))
  return tasks.some(
    ({ DesiredState, Status, NodeID = '' }) =>
      Status.State === 'running' && DesiredState !== 'running' && DesiredState !== 'ready' && up.has(NodeID),
  )
}

const latestFirst = (tasks: readonly TaskShape[]): TaskShape[] =>
  [...tasks].sort((one, other) => (one.CreatedAt < other.CreatedAt ? 1 : -1))

const reasonOf = ({ Status }: TaskShape): string =>
  Status.Err ||
  (Status.ContainerStatus?.ExitCode ? `exit code ${Status.ContainerStatus.ExitCode}` : Status.Message) ||
  Status.State

/** The last lines that a container of a failed task printed, read where it ran. */
async function lastWords(job: SwarmJob, task: TaskShape): Promise<string[]> {
  const id = task.Status.ContainerStatus?.ContainerID
  if (id === undefined || id === '') return []
  for (const { engine } of await job.engines()) {
    try {
      const query = { stdout: true, stderr: true, tail: 20 }
      const stream = await engine.api.stream({ path: `/containers/${id}/logs`, query, signal: job.signal })
      const lines: string[] = []
      const split = lineSplitter(line => void lines.push(cleanLine(line)))
      const take = demultiplexer(chunk => split.write(chunk))
      for await (const chunk of stream) take(chunk as Buffer)
      split.end()
      return lines.slice(-20)
    } catch (error) {
      job.signal.throwIfAborted()
      if (!hasStatus(error, 404)) return []
    }
  }
  return []
}

async function failure(
  job: SwarmJob,
  message: string,
  { tasks }: Look,
  exit: number,
  hint?: string,
): Promise<UserError> {
  const failed = latestFirst(tasks).filter(isOver)
  const reasons = [...new Set(failed.slice(0, 5).map(reasonOf))]
  const words = failed[0] === undefined ? [] : await lastWords(job, failed[0])
  return new UserError(reasons.length === 0 ? message : `${message}: ${reasons[0]}`, {
    where: job.where,
    exit,
    output: [...reasons.slice(1), ...words].join('\n'),
    hint,
  })
}

/** What an update that the swarm has ended otherwise than well comes to. */
async function judge(job: SwarmJob, seen: Look, { goesBack }: Sent): Promise<UserError | undefined> {
  const { State = '', Message = '' } = seen.service.UpdateStatus ?? {}
  if (State === 'rollback_completed' && !goesBack)
    return failure(
      job,
      'the new version did not come up, and the swarm has put the one before back',
      seen,
      exitCodes.rolledBack,
    )
  if (State === 'paused')
    return failure(
      job,
      `the update stopped half way (${cleanLine(Message)})`,
      seen,
      exitCodes.failed,
      'mend it and run `longshore up` again, or `longshore rollback`',
    )
  if (State === 'rollback_paused')
    return failure(job, `what was there before did not come up either (${cleanLine(Message)})`, seen, exitCodes.failed)
  return undefined
}

/** True for a job whose tasks have all ended well. */
function isDoneJob({ service, tasks }: Look): boolean {
  const { Mode } = service.Spec
  if (Mode.ReplicatedJob === undefined && Mode.GlobalJob === undefined) return false
  const wanted = Mode.ReplicatedJob?.TotalCompletions ?? 1
  return tasks.filter(({ Status }) => Status.State === 'complete').length >= wanted
}

/** What did not fail while the swarm looked, and does not stay up afterwards: put back, where the swarm would have done so. */
async function giveUp(job: SwarmJob, want: ContainerWant | undefined, sent: Sent, seen: Look): Promise<UserError> {
  const hint = '`longshore logs` may tell more'
  const { undo } = sent
  if (undo === undefined) return failure(job, 'its containers do not stay up', seen, exitCodes.failed, hint)
  const why = 'the new version does not stay up, and the one before is put back'
  const error = await failure(job, why, seen, exitCodes.rolledBack)
  job.tell('it does not stay up: going back')
  await undo()
  await converge(job, want, { id: sent.id, since: sent.since, isNew: false, changed: true, goesBack: true })
  return error
}

const isOneShot = (want: ContainerWant | undefined): boolean =>
  want?.config.restart !== undefined && ['no', 'on-failure'].includes(want.config.restart.name)

/**
 * Settles when all of a service's containers run as they shall (one with a health check counts as running when that is good), or have
 * ended well where that is their end. A UserError (exit code 6 where the swarm has rolled back) when it goes otherwise.
 */
export async function converge(job: SwarmJob, want: ContainerWant | undefined, sent: Sent): Promise<void> {
  let before = ''
  let changedAt = performance.now()
  let goodSince: number | undefined
  /** Of a service that was there before: what had failed by then tells nothing. */
  let oldFailures: ReadonlySet<string> | undefined
  for (;;) {
    const seen = await look(job, sent.id)
    const { service, tasks } = seen
    const state = service.UpdateStatus?.State ?? ''
    const wrong = sent.changed || sent.since === 0 ? await judge(job, seen, sent) : undefined
    if (wrong) throw wrong
    const wanted = shallRun(seen)
    const live = tasks.filter(({ DesiredState }) => DesiredState === 'running' || DesiredState === 'ready')
    const up = tasks.filter(
      ({ DesiredState, Status }) => DesiredState === 'running' && Status.State === 'running',
    ).length
    const complete = tasks.filter(({ Status }) => Status.State === 'complete').length
    const isMoving = state === 'updating' || state === 'rollback_started'
    const isEnough = up >= wanted || (isOneShot(want) && up + complete >= wanted) || isDoneJob(seen)
    const isEnded = state === 'completed' || state === 'rollback_completed'
    const isNow = isEnded || live.every(task => isOfSpec(task, service))
    if (
      !isMoving &&
      isEnough &&
      isNow &&
      !isStopping(seen) &&
      (service.Spec.Mode.Global !== undefined || live.length <= wanted)
    ) {
      goodSince ??= performance.now()
      // One that ends as soon as it has started is not up; and the swarm takes a moment to begin an update.
      const isWaiting = sent.awaits === 'nodes' && !isOnEach(seen, want?.spread?.hosts ?? [])
      const stay = isWaiting ? patience.findOut : patience.stay
      if ((!sent.awaits && (isEnded || !sent.changed)) || performance.now() - goodSince >= stay) {
        if (sent.changed && !sent.isNew) await waitUntilGone(job, sent.id, new Set(live.map(({ ID }) => ID)))
        return
      }
    } else goodSince = undefined
    oldFailures ??= new Set(sent.isNew ? [] : tasks.filter(isOver).map(({ ID }) => ID))
    const failures = tasks.filter(task => isOver(task) && !oldFailures?.has(task.ID) && isOfSpec(task, service)).length
    if (!isMoving && up < wanted && failures >= (up === 0 ? mostFailures : mostFailuresBesideGood))
      throw await giveUp(job, want, sent, seen)
    const now = `${state} ${up}/${wanted} ${tasks.map(({ ID, Status }) => `${ID}${Status.State}`).join()}`
    if (now !== before) {
      before = now
      changedAt = performance.now()
      job.tell(`${up} of ${wanted} run${isMoving ? `, ${state.replace('_', ' ')}` : ''}`)
    } else if (performance.now() - changedAt > patience.still) {
      const pending = latestFirst(tasks).find(({ Status }) => Status.Err)
      throw await failure(
        job,
        `${up} of ${wanted} run, and nothing moves any more${pending ? ` (${reasonOf(pending)})` : ''}`,
        seen,
        exitCodes.failed,
      )
    }
    await pause(patience.pause, job.signal)
  }
}
