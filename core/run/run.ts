// Does what the plan lists, and nothing else: locks, walks the graph, tells what happened, and sums up.
import { exitCodes, UserError } from '../errors.js'
import type { HostSummary } from '../events.js'
import { beginHistory, type Recording } from '../history/record.js'
import type { HostWork } from '../plan/host-work.js'
import { titleOf } from '../plan/task-run.js'
import type { ApplyContext, EngineStep } from '../provider.js'
import { concludeRollouts } from '../rollout/conclude.js'
import { createTurns } from '../rollout/turns.js'
import { clearMarks } from '../state.js'
import type { Step } from '../step.js'
import { performTogether } from '../together/side.js'
import { concludeEngineStep, type EngineSide, engineFor, performEngineStep } from './engine-side.js'
import { executeSteps, type StepEnd } from './execute.js'
import { type LockOwner, lockHosts, unlockHosts } from './lock.js'
import { createPolicy, isTask } from './policy.js'
import type { RunPlan, SessionContext } from './session.js'
import { asUserError, summarise, tell } from './summary.js'
import { delegateHost } from './task/delegates.js'
import { leftOut, readLeftOut } from './task/left-out.js'
import type { TaskEnd } from './task/perform-instance.js'
import { strayMarks } from './task/stray-marks.js'
import type { TaskContext } from './task/task-context.js'
import { taskContexts } from './task/task-contexts.js'
import { performTask } from './task/task-step.js'

/** Steps at the same time on one host: a host's engine answers no faster to more. */
const perHost = 4

/** What a run came to. */
export interface RunResult {
  exit: number
  /** The first error of each kind, for the report. */
  errors: UserError[]
  hosts: HostSummary[]
}

const isEngine = (step: Step): step is EngineStep => 'work' in step

/** Told apart: what the user can mend, and what is a mistake of ours. */
const isOurs = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof UserError) &&
  (error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError)

function performer(
  context: SessionContext,
  plan: RunPlan,
  taskContext: (work: HostWork) => TaskContext,
): { perform(step: Step): Promise<TaskEnd>; conclude(step: Step, how: 'keep' | 'undo'): Promise<void> } {
  const sideOf = (host: string): EngineSide => {
    const side = plan.sides.find(one => one.scope.hosts.includes(host))
    if (side === undefined)
      throw new UserError('its engine is not part of this run', { where: host, hint: 'widen --on to take it in' })
    return side
  }
  const applyContext: ApplyContext = {
    emit: context.emit,
    signal: context.signal,
    files: context.files,
    prune: context.prune,
    ...(context.doPlay && { doPlay: context.doPlay }),
    engineOf: host => engineFor(sideOf(host), applyContext),
  }
  const perform = async (step: Step): Promise<TaskEnd> => {
    if (isTask(step)) {
      const work = plan.works.find(one => one.host.name === step.host)
      if (work) return performTask(taskContext(work), step)
    }
    const together = plan.together?.find(({ ids }) => ids.has(step.id))
    if (together && isEngine(step)) return performTogether(together, step, applyContext, context)
    if (isEngine(step)) {
      const side = sideOf(step.host)
      const result = await performEngineStep(side, step, applyContext)
      if (result.state === 'done') side.work.changedEngine = true
      return result
    }
    throw new Error(`nobody does ${step.id}`)
  }
  return {
    perform,
    async conclude(step, how) {
      if (isEngine(step)) await concludeEngineStep(sideOf(step.host), step, how, applyContext)
    },
  }
}

/** The exit code of errors taken together: the worst thing that happened. */
export function exitOf(errors: readonly UserError[], interrupted: boolean): number {
  if (interrupted) return exitCodes.interrupted
  const ranked = [exitCodes.rolledBack, exitCodes.failed, exitCodes.usage, exitCodes.locked, exitCodes.unreachable]
  return (
    ranked.find(code => errors.some(error => error.exit === code)) ??
    (errors.length > 0 ? exitCodes.failed : exitCodes.done)
  )
}

const unforeseen = (plan: RunPlan): UserError[] => {
  const listed = new Set(plan.steps.map(step => step.id))
  const things = [
    ...plan.sides.flatMap(side => side.unforeseen.map(step => `${step.host}: ${step.verb} ${step.thing}`)),
    ...(plan.only === undefined ? plan.works : []).flatMap(work =>
      leftOut(work, listed).map(thing => `${work.host.name}: ${thing}`),
    ),
  ]
  return things.length === 0
    ? []
    : [
        new UserError(
          `${things.length} more came up during the run and was not in the plan, so it was not done: ${things.join(', ')}`,
          {
            hint: 'run the command again to see it planned',
          },
        ),
      ]
}

/** The hosts that this run may change: those of its steps, and those that tasks are delegated to. */
function worksToLock(context: SessionContext, { works, steps, together = [] }: RunPlan): HostWork[] {
  const names = new Set(steps.map(step => step.host))
  // What is done through any of them is kept from other runs on all of them.
  for (const { ids, hosts } of together)
    if (steps.some(({ id }) => ids.has(id))) for (const { name } of hosts) names.add(name)
  for (const step of steps) {
    const host = isTask(step) ? delegateHost(step.instance, works, context.project.hosts) : undefined
    if (host) names.add(host.name)
  }
  return works.filter(work => work.problem === undefined && work.connection !== undefined && names.has(work.host.name))
}

/** Tells what tasks have to say where nothing is to be done. */
export function tellMessages({ emit }: SessionContext, { silent }: RunPlan): void {
  for (const { host, instance } of silent) {
    const { kind, task } = instance.run
    if (instance.want === undefined || instance.state !== 'read') continue
    const text = task.no_log ? '(not shown: no_log)' : kind.message?.(instance.want)
    if (text !== undefined) emit({ type: 'message', host, task: titleOf(instance), text })
  }
}

/** Runs the plan. Failures are told as events and come back in the result; only mistakes of ours and a held lock are thrown. */
export async function runPlan(context: SessionContext, plan: RunPlan, owner: LockOwner): Promise<RunResult> {
  const began = performance.now()
  const { project, signal, emit } = context
  const works = worksToLock(context, plan)
  const problems = plan.works.flatMap(work => work.problem ?? [])
  await lockHosts(works, project.name, owner, context)
  for (const side of plan.sides) if (side.wanted && side.work.state.key) side.wanted.key = side.work.state.key
  const ours: unknown[] = []
  const errors: UserError[] = []
  const rescued = new Set<string>()
  const policy = createPolicy(plan)
  const moves = { any: false }
  const taskContext = taskContexts(context, plan, moves)
  const work = performer(context, plan, taskContext)
  const turns = createTurns(
    plan.steps,
    new Map(plan.sides.flatMap(({ scope, wanted }) => (wanted ? [[scope.name, wanted]] : []))),
  )
  let ends = new Map<string, StepEnd>()
  let recording: Recording | undefined
  try {
    recording = await beginHistory(context, plan, owner)
    ends = await executeSteps([...plan.steps, ...plan.silent], {
      signal,
      forks: context.forks,
      perHost,
      broken: new Set(plan.works.flatMap(work => (work.problem ? [work.host.name] : []))),
      gates: plan.gates,
      policy: step => turns.decide(step) ?? policy.decide(step),
      perform: async step => {
        await turns.turn(step, signal)
        return work.perform(step)
      },
      started: step => {
        const { id, host, thing, verb } = step
        if (!('silent' in step)) emit({ type: 'step', id, host, thing, verb, state: 'start' })
      },
      ended: (step, end, ms) => {
        moves.any ||= end.state === 'done' || end.state === 'failed'
        turns.note(step, end)
        const taken = policy.note(step, end)
        if (taken !== undefined) rescued.add(step.id)
        if (end.state === 'failed') {
          if (isOurs(end.error)) ours.push(end.error)
          // What ails an engine fails many steps with one error.
          const error = asUserError(end.error, step)
          if (taken === undefined && !errors.includes(error)) errors.push(error)
        }
        if (!('silent' in step) || end.state === 'failed') tell(emit, step, end, ms, taken)
      },
    })
    errors.push(...(await concludeRollouts(turns, { steps: plan.steps, ends, signal, emit, conclude: work.conclude })))
    if (errors.length === 0 && !signal.aborted)
      await Promise.all(
        works.map(work =>
          afterwards(context, taskContext(work), plan).catch((error: unknown) => {
            if (!(error instanceof UserError)) throw error
            errors.push(error)
          }),
        ),
      )
  } finally {
    await recording?.finish(ends)
    await unlockHosts(works, project.name, owner, emit)
  }
  if (ours.length > 0) throw ours[0]
  // After a failure what differs may still be what the steps left undone would have mended.
  const isWhole = errors.length === 0 && !signal.aborted
  const all = [...problems, ...errors, ...(isWhole ? unforeseen(plan) : [])]
  const exit = exitOf(all, signal.aborted)
  const hosts = summarise(plan, ends, rescued)
  emit({ type: 'summary', hosts, ms: Math.round(performance.now() - began), exit })
  return { exit, errors: all, hosts }
}

/** When all has gone well on a host: what came up is looked for, and marks that nobody answers to are taken away. */
async function afterwards(context: SessionContext, task: TaskContext, plan: RunPlan): Promise<void> {
  await readLeftOut(task)
  const keys = strayMarks(task.work, plan.works, context)
  if (keys.length > 0)
    await task.work.connection?.exec(clearMarks(context.project.name, keys), { as: 'best', signal: context.signal })
}
