// Puts the steps of engines that are one between those of their hosts: after what makes the hosts ready, before what comes after containers.
import type { HostSteps } from '../plan/graph.js'
import type { Step } from '../step.js'
import type { TogetherSide } from './side.js'

/**
 * The graph with these steps in it. Each waits for what brings the engines; what all of them do together also comes after the images and
 * volumes of the hosts, and playbooks after containers come after it.
 */
export function joinTogether(
  steps: readonly Step[],
  hostSteps: readonly HostSteps[],
  sides: readonly Pick<TogetherSide, 'planned' | 'scope'>[],
): Step[] {
  let joined = [...steps]
  for (const { planned, scope } of sides) {
    if (planned === undefined || planned.steps.length === 0) continue
    const own = hostSteps.filter(({ host }) => scope.hosts.includes(host))
    const ready = own.flatMap(({ before }) => before.at(-1)?.id ?? [])
    const readyOf = (host: string): string[] => {
      const id = own.find(one => one.host === host)?.before.at(-1)?.id
      return id === undefined ? [] : [id]
    }
    const listed = new Set(joined.map(({ id }) => id))
    const engines = own.flatMap(({ engine }) => engine.map(({ id }) => id)).filter(id => listed.has(id))
    const members = planned.steps.filter(({ host }) => host !== scope.name).map(({ id }) => id)
    const added = planned.steps.map((step): Step => {
      const waits = [...(step.waits ?? []), ...ready].filter(id => listed.has(id))
      const after =
        step.host === scope.name
          ? [...engines, ...members, ...step.after]
          : [...readyOf(step.host).filter(id => listed.has(id)), ...step.after]
      const unique = [...new Set(after)].filter(id => id !== step.id)
      return { ...step, after: unique, ...(waits.length === 0 ? {} : { waits }) }
    })
    const last = added.filter(({ host }) => host === scope.name).map(({ id }) => id)
    const later = new Set(own.flatMap(({ after }) => after.map(({ id }) => id)))
    const first = joined.filter(({ id }) => !later.has(id))
    const rest = joined
      .filter(({ id }) => later.has(id))
      .map(step => (last.length === 0 ? step : { ...step, after: [...new Set([...step.after, ...last])] }))
    joined = [...first, ...added, ...rest]
  }
  return joined
}
