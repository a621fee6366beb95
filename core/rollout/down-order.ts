// The order in which `down` takes containers away: those that stand on others go before them, so that each can end in peace.
import type { RawService } from '../project.js'
import type { Step } from '../step.js'
import { dependencies } from './dependencies.js'

const removed = ({ verb, thing }: Step): string | undefined =>
  verb === 'remove' && thing.startsWith('container ') ? thing.slice('container '.length) : undefined

/** The service that a container is of, by its name; undefined for one that no service of the file has. */
function serviceOf(container: string, project: string, services: readonly RawService[]): string | undefined {
  const named = services.find(({ raw: { value } }) => {
    const own = typeof value === 'object' && value !== null && 'container_name' in value ? value.container_name : ''
    return own === container
  })
  if (named !== undefined) return named.name
  const numbered = container.startsWith(`${project}-`) ? container.slice(project.length + 1).replace(/-\d+$/, '') : ''
  return services.find(({ name }) => name === numbered)?.name
}

/** The steps, in which the removal of a container waits until all that stand on it have ended or gone, whatever became of that, on all hosts. */
export function inDownOrder(steps: readonly Step[], project: string, services: readonly RawService[]): Step[] {
  const needs = dependencies(services)
  const goes = steps.flatMap(step => {
    const container = removed(step)
    const service = container === undefined ? undefined : serviceOf(container, project, services)
    return service === undefined ? [] : [{ id: step.id, service }]
  })
  return steps.map(step => {
    const service = goes.find(({ id }) => id === step.id)?.service
    if (service === undefined) return step
    const before = goes.filter(one => needs.get(one.service)?.has(service)).map(({ id }) => id)
    return before.length === 0 ? step : { ...step, waits: [...(step.waits ?? []), ...before] }
  })
}
