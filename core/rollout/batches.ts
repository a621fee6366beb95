// In which order the containers of a service are replaced: the first host before all others, then so many at once as the file says. Pure.
import { defaultRollout } from '../containers/rollout.js'
import { containerStepId } from '../plan/step-ids.js'
import type { Step } from '../step.js'
import type { Rollout, Wanted } from '../wanted.js'

/** The replacements of one service in a plan. */
export interface ServiceRollout {
  service: string
  rollout: Rollout
  /** Ids of steps: each batch comes when the one before has ended. */
  batches: string[][]
}

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  list.length === 0
    ? []
    : size === 0
      ? [[...list]]
      : Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
          list.slice(index * size, (index + 1) * size),
        )

/** The services of which the plan replaces containers, with their batches. */
export function rolloutsOf(steps: readonly Step[], wanted: ReadonlyMap<string, Wanted>): ServiceRollout[] {
  const replaced = new Set(steps.filter(({ verb }) => verb === 'replace').map(({ id }) => id))
  const services = new Map<string, { rollout: Rollout; byHost: string[][] }>()
  for (const host of [...wanted.keys()].sort()) {
    const here = new Map<string, string[]>()
    for (const { service, name, rollout = defaultRollout } of wanted.get(host)?.containers ?? []) {
      const id = containerStepId(host, name)
      if (!replaced.has(id)) continue
      const known = services.get(service) ?? { rollout, byHost: [] }
      services.set(service, known)
      const ids = here.get(service) ?? []
      if (ids.length === 0) known.byHost.push(ids)
      here.set(service, ids)
      ids.push(id)
    }
  }
  return [...services].map(([service, { rollout, byHost }]) => {
    const [first = [], ...others] = byHost
    const batches = [...chunks(first, rollout.parallelism), ...chunks(others.flat(), rollout.parallelism)]
    return { service, rollout, batches }
  })
}

/** Lets each batch wait for the one before; where that would close a circle with what the steps wait for already, it does not. */
export function inBatches(steps: readonly Step[], wanted: ReadonlyMap<string, Wanted>): Step[] {
  const waits = new Map<string, string[]>()
  const byId = new Map(steps.map(step => [step.id, step]))
  const comesAfter = (id: string, target: string, seen = new Set<string>()): boolean => {
    if (id === target) return true
    if (seen.has(id)) return false
    seen.add(id)
    const step = byId.get(id)
    const before = [...(step?.after ?? []), ...(step?.waits ?? []), ...(waits.get(id) ?? [])]
    return before.some(other => comesAfter(other, target, seen))
  }
  for (const { batches } of rolloutsOf(steps, wanted))
    for (const [index, batch] of batches.entries())
      for (const id of batch) {
        const free = (batches[index - 1] ?? []).filter(before => !comesAfter(before, id))
        if (free.length > 0) waits.set(id, free)
      }
  return steps.map(step => {
    const more = waits.get(step.id)
    return more === undefined ? step : { ...step, waits: [...(step.waits ?? []), ...more] }
  })
}
