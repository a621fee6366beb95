// Whether the front door must be told anew where domains lead, and why. Pure.
import type { Change } from '../../../core/step.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { canonicalJson, causeOf, changesBetween } from '../canonical.js'
import type { DiffContext } from '../diff/parts.js'
import { stepIds } from '../diff/parts.js'
import { makeStep } from '../work.js'
import { doorConfig, doorSpec } from './config.js'

/** The first digits of an id: the name by which the engine's name server knows a container. */
export const shortId = (id: string): string => id.slice(0, 12)

/** Containers that run and are not changed by this plan, and that the front door does not lead to. */
function strayed({ wanted, seen, steps }: DiffContext, door: NonNullable<ContainerWant['door']>): Change[] {
  const services = new Set(door.sites.map(({ service }) => service))
  return wanted.containers.flatMap(({ service, number, name }) => {
    const found = seen.containers.find(container => container.name === name)
    if (!services.has(service) || found?.state !== 'running' || steps.has(`container ${name}`)) return []
    const serving = seen.door?.serving[`${service}/${number}`] ?? []
    if (serving.length === 1 && serving[0] === shortId(found.id)) return []
    return [{ what: name, from: serving.length === 0 ? 'not led to' : `led to ${serving.join(', ')}`, to: 'led to' }]
  })
}

const prefix = 'domains.'

/** Domains first, by their own names; which containers there are is told with them. */
function inOrder(changes: readonly Change[]): Change[] {
  const [domains, others] = [true, false].map(isOne => changes.filter(({ what }) => what.startsWith(prefix) === isOne))
  const named = (domains ?? []).map(change => ({ ...change, what: change.what.slice(prefix.length) }))
  return [...named, ...(others ?? []).filter(({ what }) => named.length === 0 || !what.startsWith('numbers.'))]
}

/** Adds the step that tells the front door where domains lead; the containers have their steps already. */
export function diffDoor(context: DiffContext): void {
  const { scope, wanted, seen, steps } = context
  for (const want of wanted.containers) {
    if (want.door === undefined) continue
    const changes = inOrder(changesBetween(seen.door?.spec ?? {}, doorSpec(want.door, wanted.key)))
    const isOther = canonicalJson(seen.door?.config ?? {}) !== canonicalJson(doorConfig(want.door, wanted.key))
    if (changes.length === 0) changes.push(...strayed(context, want.door))
    if (changes.length === 0 && isOther)
      changes.push({ what: 'configuration', from: 'changed by others', to: 'as the file says' })
    const starts = steps.has(`container ${want.name}`)
    if (changes.length === 0 && !starts) {
      context.unchanged++
      continue
    }
    const cause = changes.length === 0 ? 'its container starts' : causeOf(changes)
    const step = makeStep(
      scope,
      'front door',
      { verb: 'route', cause, changes, after: stepIds(context, `container ${want.name}`) },
      { project: wanted.project, key: wanted.key, kind: 'route', want },
    )
    const services = new Set(want.door.sites.map(({ service }) => service))
    const waits = wanted.containers.flatMap(({ service, name }) =>
      services.has(service) ? stepIds(context, `container ${name}`) : [],
    )
    steps.set(step.thing, { ...step, ...(waits.length === 0 ? {} : { waits }) })
  }
}
