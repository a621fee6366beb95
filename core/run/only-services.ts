// A plan for some services alone: the steps of their containers and of what those need, out of the plan for everything.
import { containerStepId } from '../plan/graph.js'
import type { Step } from '../step.js'
import { portRulesPlay } from './host-engine.js'
import { isTask } from './policy.js'
import type { RunPlan } from './session.js'

/** Steps that come with containers: those of engines, and the rules for published ports. */
const goesAlong = (step: Step): boolean => !isTask(step) || step.instance.run.play.name === portRulesPlay

/** Ids of these steps and of all that they come after. */
function withNeeds(steps: readonly Step[], ids: Iterable<string>): Set<string> {
  const byId = new Map(steps.map(step => [step.id, step]))
  const needed = new Set<string>()
  const visit = (id: string): void => {
    const step = byId.get(id)
    if (step === undefined || needed.has(id) || !goesAlong(step)) return
    needed.add(id)
    for (const before of [...step.after, ...(step.waits ?? [])]) visit(before)
  }
  for (const id of ids) visit(id)
  return needed
}

const containerName = (step: Step): string | undefined =>
  isTask(step) || !step.thing.startsWith('container ') ? undefined : step.thing.slice('container '.length)

/** True for the step of a container of the service, also of one that is one too many. */
const isOf =
  ({ sides }: RunPlan, project: string, service: string) =>
  (step: Step): boolean => {
    if (step.thing === `service ${service}`) return true
    const name = containerName(step)
    if (name === undefined) return false
    const wanted = sides.find(({ scope }) => scope.name === step.host)?.wanted
    const known = wanted?.containers.find(container => container.name === name)
    if (known !== undefined) return known.service === service
    return (
      step.verb === 'remove' &&
      name.startsWith(`${project}-${service}-`) &&
      /^\d+$/.test(name.slice(`${project}-${service}-`.length))
    )
  }

const narrowed = (plan: RunPlan, ids: ReadonlySet<string>, only: readonly string[]): RunPlan => ({
  ...plan,
  steps: plan.steps.filter(({ id }) => ids.has(id)),
  silent: [],
  orphans: [],
  only,
})

/** Services that have a container among these steps. */
const servicesIn = ({ sides }: RunPlan, steps: readonly Step[]): string[] => [
  ...new Set(
    steps.flatMap(step => {
      if (!isTask(step) && step.thing.startsWith('service ')) return step.thing.slice('service '.length)
      const wanted = sides.find(({ scope }) => scope.name === step.host)?.wanted
      return wanted?.containers.find(({ name }) => name === containerName(step))?.service ?? []
    }),
  ),
]

/** The part of a plan that is for these services, with what they need. */
export function onlyServices(plan: RunPlan, project: string, services: readonly string[]): RunPlan {
  const roots = plan.steps.filter(step => services.some(service => isOf(plan, project, service)(step)))
  const ids = withNeeds(
    plan.steps,
    roots.map(({ id }) => id),
  )
  // Who leads traffic to these containers must know of them.
  for (const { id, verb, after, waits = [] } of plan.steps)
    if (verb === 'route' && waits.some(each => ids.has(each)) && after.every(each => ids.has(each))) ids.add(id)
  const others = servicesIn(
    plan,
    plan.steps.filter(({ id }) => ids.has(id)),
  )
  return narrowed(plan, ids, [...new Set([...services, ...others])])
}

/**
 * The part of a plan that must be done before a container of the service can run beside its own ones: its image, networks and volumes, and
 * with `dependencies` the containers that it waits for.
 */
export function onlyNeedsOf(plan: RunPlan, host: string, service: string, dependencies: boolean): RunPlan {
  const wants = plan.sides.find(({ scope }) => scope.name === host)?.wanted?.containers ?? []
  const own = wants.filter(container => container.service === service)
  const ownIds = new Set(own.map(({ name }) => containerStepId(host, name)))
  const before = plan.steps
    .filter(({ id }) => ownIds.has(id))
    .flatMap(({ after, waits }) => [...after, ...(waits ?? [])])
  const waited = own.flatMap(({ dependsOn }) => dependsOn.flatMap(({ on }) => on))
  const isContainer = (id: string): boolean => / ?\/container /.test(id)
  const roots = dependencies
    ? [...before, ...waited.map(one => containerStepId(one.host, one.container))]
    : before.filter(id => !isContainer(id))
  const ids = withNeeds(plan.steps, roots)
  for (const id of ownIds) ids.delete(id)
  return narrowed(
    plan,
    ids,
    servicesIn(
      plan,
      plan.steps.filter(({ id }) => ids.has(id)),
    ),
  )
}
