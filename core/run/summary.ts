// What is told of a run: each step's end as an event, and the counts of each host.
import { exitCodes, messageOf, UserError } from '../errors.js'
import type { Emit, HostSummary } from '../events.js'
import type { HostWork } from '../plan/host-work.js'
import type { Step } from '../step.js'
import type { StepEnd } from './execute.js'
import { type RunPlan, worksInside } from './session.js'

/** Whatever was thrown, as an error of the step. */
export const asUserError = (error: unknown, step: Step): UserError =>
  error instanceof UserError
    ? error
    : new UserError(messageOf(error), { where: `${step.host}, ${step.verb} ${step.thing}`, cause: error })

/** Tells how a step has ended; `rescued` is the block whose rescue takes its failure. */
export function tell(emit: Emit, step: Step, end: StepEnd, ms: number, rescued: string | undefined): void {
  const { id, host, thing, verb } = step
  const base = { type: 'step' as const, id, host, thing, verb, ms }
  if (end.state === 'done' || end.state === 'already') {
    const text = end.text === undefined ? {} : { text: end.text }
    return emit({ ...base, state: end.state, ...text, ...(end.ignored ? { ignored: true } : {}) })
  }
  if (end.state === 'blocked') {
    const by = end.by.startsWith(`${host}/`) ? end.by.slice(host.length + 1) : end.by
    return emit({ ...base, state: 'skipped', text: `waits for ${by}` })
  }
  if (end.state === 'cancelled') return emit({ ...base, state: 'skipped', text: 'interrupted' })
  const error = asUserError(end.error, step)
  emit({
    ...base,
    state: error.exit === exitCodes.rolledBack ? 'rolled-back' : 'failed',
    text: error.message,
    ...(error.output === undefined ? {} : { output: error.output }),
    ...(rescued === undefined ? {} : { rescued }),
  })
}

const isUnreachable = (end: StepEnd | undefined): boolean =>
  end?.state === 'failed' && end.error instanceof UserError && end.error.exit === exitCodes.unreachable

/** Counts per host, as Ansible's users read them. `rescued` are the ids of steps whose failure a rescue took. */
export function summarise(
  plan: RunPlan,
  ends: ReadonlyMap<string, StepEnd>,
  rescued: ReadonlySet<string>,
): HostSummary[] {
  const apart = (plan.together ?? []).filter(({ ids }) => ids.size > 0).map(({ scope }) => scope.name)
  const hosts = worksInside(plan).map((work): { host: string; work?: HostWork } => ({ host: work.host.name, work }))
  return [...hosts, ...apart.map((host): { host: string; work?: HostWork } => ({ host }))].map(({ host, work }) => {
    const steps = plan.steps.filter(step => step.host === host)
    const all = steps.map(step => ends.get(step.id))
    const count = (...states: string[]): number =>
      all.filter(end => end !== undefined && states.includes(end.state)).length
    const taken = steps.filter(({ id }) => rescued.has(id)).length
    const ignored = all.filter(end => end !== undefined && 'ignored' in end).length
    return {
      host,
      ok: count('already') + (plan.unchangedByHost.get(host) ?? 0),
      changed: count('done'),
      failed: count('failed') - taken + (work?.problem && work.problem.exit !== exitCodes.unreachable ? 1 : 0),
      skipped: count('blocked', 'cancelled'),
      ...(work === undefined ? { together: true as const } : {}),
      unreachable: work?.problem?.exit === exitCodes.unreachable || all.some(isUnreachable),
      ...(taken === 0 ? {} : { rescued: taken }),
      ...(ignored === 0 ? {} : { ignored }),
    }
  })
}
