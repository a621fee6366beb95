// Does what the plan lists, and nothing else: locks, walks the graph, tells what happened, and sums up.
import { exitCodes, messageOf, UserError } from '../errors.js'
import type { HostSummary } from '../events.js'
import type { TaskStep } from '../plan/host-steps.js'
import type { HostWork } from '../plan/host-work.js'
import { resolverFor } from '../plan/scope.js'
import type { ApplyContext, EngineStep, StepResult } from '../provider.js'
import type { Step } from '../step.js'
import { type EngineSide, engineFor, performEngineStep } from './engine-side.js'
import { executeSteps, type StepEnd } from './execute.js'
import { leftOut, readLeftOut } from './left-out.js'
import { type LockOwner, lockHosts, unlockHosts } from './lock.js'
import { type RunPlan, type SessionContext, worksInside } from './session.js'
import type { TaskContext } from './task-context.js'
import { performTask } from './task-step.js'

/** Steps at the same time on one host: a host's engine answers no faster to more. */
const perHost = 4

/** What a run came to. */
export interface RunResult {
  exit: number
  /** The first error of each kind, for the report. */
  errors: UserError[]
}

const isTask = (step: Step): step is TaskStep => 'instance' in step
const isEngine = (step: Step): step is EngineStep => 'work' in step

const asUserError = (error: unknown, step: Step): UserError =>
  error instanceof UserError
    ? error
    : new UserError(messageOf(error), { where: `${step.host}, ${step.verb} ${step.thing}`, cause: error })

/** Told apart: what the user can mend, and what is a mistake of ours. */
const isOurs = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof UserError) &&
  (error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError)

/** What the tasks of a host share while they run; one for each host. */
function taskContexts(context: SessionContext, plan: RunPlan): (work: HostWork) => TaskContext {
  const listed = new Set(plan.steps.map(step => step.id))
  const known = new Map<HostWork, TaskContext>()
  return work => {
    const made: TaskContext = known.get(work) ?? {
      project: context.project.name,
      work,
      resolve: resolverFor(work, plan.works, context),
      signal: context.signal,
      listed,
      marked: new Set(work.state.pending),
      output: (id, text) => context.emit({ type: 'output', id, host: work.host.name, text }),
    }
    known.set(work, made)
    return made
  }
}

function performer(
  context: SessionContext,
  plan: RunPlan,
  taskContext: (work: HostWork) => TaskContext,
): (step: Step) => Promise<StepResult> {
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
    engineOf: host => engineFor(sideOf(host), applyContext),
  }
  return async step => {
    if (isTask(step)) {
      const work = plan.works.find(one => one.host.name === step.host)
      if (work) return performTask(taskContext(work), step)
    }
    if (isEngine(step)) {
      const side = sideOf(step.host)
      const result = await performEngineStep(side, step, applyContext)
      if (result.state === 'done') side.work.changedEngine = true
      return result
    }
    throw new Error(`nobody does ${step.id}`)
  }
}

const tell = (context: SessionContext, step: Step, end: StepEnd, ms: number): void => {
  const { id, host, thing, verb } = step
  const base = { type: 'step' as const, id, host, thing, verb, ms }
  if (end.state === 'done' || end.state === 'already')
    return context.emit({ ...base, state: end.state, ...(end.text === undefined ? {} : { text: end.text }) })
  if (end.state === 'blocked') return context.emit({ ...base, state: 'skipped', text: `waits for ${end.by}` })
  if (end.state === 'cancelled') return context.emit({ ...base, state: 'skipped', text: 'interrupted' })
  const error = asUserError(end.error, step)
  context.emit({
    ...base,
    state: error.exit === exitCodes.rolledBack ? 'rolled-back' : 'failed',
    text: error.message,
    ...(error.output === undefined ? {} : { output: error.output }),
  })
}

/** Counts per host, as Ansible's users read them. */
function summarise(plan: RunPlan, ends: ReadonlyMap<string, StepEnd>): HostSummary[] {
  const unchangedOf = plan.unchangedByHost
  return worksInside(plan).map(work => {
    const host = work.host.name
    const all = plan.steps.filter(step => step.host === host).map(step => ends.get(step.id)?.state)
    const count = (...states: string[]): number =>
      all.filter(state => state !== undefined && states.includes(state)).length
    return {
      host,
      ok: count('already') + (unchangedOf.get(host) ?? 0),
      changed: count('done'),
      failed: count('failed') + (work.problem && work.problem.exit !== exitCodes.unreachable ? 1 : 0),
      skipped: count('blocked', 'cancelled'),
      unreachable:
        work.problem?.exit === exitCodes.unreachable ||
        plan.steps.some(step => step.host === host && isUnreachable(ends.get(step.id))),
    }
  })
}

const isUnreachable = (end: StepEnd | undefined): boolean =>
  end?.state === 'failed' && end.error instanceof UserError && end.error.exit === exitCodes.unreachable

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
    ...plan.works.flatMap(work => leftOut(work, listed).map(thing => `${work.host.name}: ${thing}`)),
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

/** Runs the plan. Failures are told as events and come back in the result; only mistakes of ours and a held lock are thrown. */
export async function runPlan(context: SessionContext, plan: RunPlan, owner: LockOwner): Promise<RunResult> {
  const began = performance.now()
  const { project, signal } = context
  const names = new Set(plan.steps.map(step => step.host))
  const works = plan.works.filter(work => work.problem === undefined && names.has(work.host.name))
  const problems = plan.works.flatMap(work => work.problem ?? [])
  const broken = new Map(plan.works.filter(work => work.problem).map(work => [work.host.name, work.problem]))
  await lockHosts(works, project.name, owner, context)
  for (const side of plan.sides) if (side.wanted && side.work.state.key) side.wanted.key = side.work.state.key
  const ours: unknown[] = []
  const errors: UserError[] = []
  const taskContext = taskContexts(context, plan)
  let ends: Map<string, StepEnd>
  try {
    ends = await executeSteps(plan.steps, {
      signal,
      forks: context.forks,
      perHost,
      broken: new Set([...broken.keys()]),
      perform: performer(context, plan, taskContext),
      started: step =>
        context.emit({
          type: 'step',
          id: step.id,
          host: step.host,
          thing: step.thing,
          verb: step.verb,
          state: 'start',
        }),
      ended: (step, end, ms) => {
        if (end.state === 'failed') {
          if (isOurs(end.error)) ours.push(end.error)
          // What ails an engine fails many steps with one error.
          const error = asUserError(end.error, step)
          if (!errors.includes(error)) errors.push(error)
        }
        tell(context, step, end, ms)
      },
    })
    if (errors.length === 0 && !signal.aborted)
      await Promise.all(
        works.map(work =>
          readLeftOut(taskContext(work)).catch((error: unknown) => {
            if (!(error instanceof UserError)) throw error
            errors.push(error)
          }),
        ),
      )
  } finally {
    await unlockHosts(works, project.name, owner, context.emit)
  }
  if (ours.length > 0) throw ours[0]
  // After a failure what differs may still be what the steps left undone would have mended.
  const isWhole = errors.length === 0 && !signal.aborted
  const all = [...problems, ...errors, ...(isWhole ? unforeseen(plan) : [])]
  const exit = exitOf(all, signal.aborted)
  context.emit({ type: 'summary', hosts: summarise(plan, ends), ms: Math.round(performance.now() - began), exit })
  return { exit, errors: all }
}
