// Who must give up a published port before another container can have it.
import type { EngineStep } from '../../../core/provider.js'
import { isOurContainer } from '../labels.js'
import type { DiffContext } from './parts.js'

const reaches = (
  steps: ReadonlyMap<string, EngineStep>,
  from: string,
  to: string,
  seen = new Set<string>(),
): boolean => {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  const step = steps.get(from)
  return step?.after.some(id => reaches(steps, id, to, seen)) ?? false
}

/**
 * Lets a container wait for the replacement or removal of another one of ours that holds a port which it is to publish (a renamed
 * service keeps its port). Two that swap their ports would wait for each other: then only one of them does.
 */
export function orderByPorts(context: DiffContext): void {
  const byId = new Map([...context.steps.values()].map(step => [step.id, step]))
  for (const want of context.wanted.containers) {
    const step = context.steps.get(`container ${want.name}`)
    if (!step) continue
    for (const holder of context.seen.containers) {
      const giving = context.steps.get(`container ${holder.name}`)
      if (!giving || giving === step || !isOurContainer(holder.labels, context.wanted.project)) continue
      const clash = want.config.ports.some(
        ({ published, protocol }) =>
          published !== undefined && holder.ports.some(port => port.PublicPort === published && port.Type === protocol),
      )
      if (clash && !step.after.includes(giving.id) && !reaches(byId, giving.id, step.id)) step.after.push(giving.id)
    }
  }
}
