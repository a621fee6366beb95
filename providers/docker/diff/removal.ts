// Which things of ours are no longer declared, and the steps that remove them.
import type { EngineStep, Scope } from '../../../core/provider.js'
import type { Wanted } from '../../../core/wanted.js'
import { parseSpec } from '../canonical.js'
import { isKeptName } from '../images/keep.js'
import { familiarReference } from '../images/reference.js'
import { isOurContainer, labels } from '../labels.js'
import type { Seen, SeenContainer, SeenThing } from '../observe/seen.js'
import { carrierLabel } from '../ship/holdings.js'
import { makeStep, type Origin, stepId } from '../work.js'
import { leftoverOf, trialOf } from './leftovers.js'
import type { DiffContext } from './parts.js'
import { downFiles } from './shipped.js'

const removeContainer = (
  scope: Scope,
  origin: Origin,
  found: SeenContainer,
  cause: string,
  withVolumes: boolean,
): EngineStep => {
  const thing = `container ${found.name}`
  const volumes = withVolumes ? found.anonymousVolumes : undefined
  const work = { ...origin, kind: 'remove-container', id: found.id, volumes } as const
  const loses =
    volumes && volumes.length > 0 ? { loses: `the data in ${volumes.length} unnamed volume(s) of ${found.name}` } : {}
  return makeStep(scope, thing, { verb: 'remove', cause, ...loses }, work)
}

const removeNetwork = (scope: Scope, origin: Origin, found: SeenThing, cause: string, after: string[]): EngineStep =>
  makeStep(
    scope,
    `network ${found.name}`,
    { verb: 'remove', cause, after },
    { ...origin, kind: 'remove-network', id: found.id },
  )

const isOurs = (project: string, found: { labels: Readonly<Record<string, string>> }): boolean =>
  found.labels[labels.project] === project

/** Why a container goes whose service is still declared. */
function surplusCause({ containers }: Wanted, service: string): string {
  const count = containers.filter(container => container.service === service).length
  return count === 0
    ? `none of ${service} is wanted here`
    : `${count} of ${service} ${count === 1 ? 'is' : 'are'} wanted here`
}

/**
 * Names what is ours and no longer declared; with `prune`, containers and networks get `remove` steps. Volumes are only named:
 * nobody loses data for having edited a file.
 */
export function diffOrphans(context: DiffContext, prune: boolean): void {
  const { scope, wanted, seen, steps, orphans } = context
  const origin = { project: wanted.project, key: wanted.key }
  const wantedContainers = new Set(wanted.containers.map(({ name }) => name))
  const cause = 'no longer declared'
  const removed: string[] = []
  for (const found of seen.containers) {
    if (!isOurContainer(found.labels, wanted.project)) continue
    if (wantedContainers.has(found.name) || wantedContainers.has(leftoverOf(found) ?? trialOf(found) ?? '')) continue
    // What somebody runs by hand beside the services is nobody's leftover.
    if (found.labels[labels.oneOff] !== undefined) continue
    const service = found.labels[labels.service] ?? ''
    if (wanted.dealt?.includes(service)) {
      const step = removeContainer(scope, origin, found, surplusCause(wanted, service), false)
      steps.set(step.thing, step)
      continue
    }
    const step = removeContainer(scope, origin, found, cause, false)
    orphans.push(step.thing)
    removed.push(step.id)
    if (prune) steps.set(step.thing, step)
  }
  for (const found of seen.networks) {
    if (!isOurs(wanted.project, found) || wanted.networks.some(({ name }) => name === found.name)) continue
    // Containers that are replaced may leave it only then.
    const replaced = [...steps.values()].flatMap(({ verb, thing, id }) =>
      verb === 'replace' && thing.startsWith('container ') ? [id] : [],
    )
    const step = removeNetwork(scope, origin, found, cause, [...removed, ...replaced])
    orphans.push(step.thing)
    if (prune) steps.set(step.thing, step)
  }
  for (const found of seen.volumes)
    if (isOurs(wanted.project, found) && !wanted.volumes.some(({ name }) => name === found.name))
      orphans.push(`volume ${found.name}`)
}

/** The steps of `down`: containers first, then networks, and volumes and images where that was asked for. */
export function downSteps(
  scope: Scope,
  project: string,
  seen: Seen,
  options: { volumes: boolean; images: boolean },
): EngineStep[] {
  const origin: Origin = { project, key: new Uint8Array() }
  const containers = seen.containers
    .filter(found => isOurContainer(found.labels, project))
    .map(found => removeContainer(scope, origin, found, 'down', options.volumes))
  const after = containers.map(({ id }) => id)
  const steps = [...containers, ...downFiles(scope, origin, seen, after)]
  for (const found of seen.networks)
    if (isOurs(project, found)) steps.push(removeNetwork(scope, origin, found, 'down', after))
  if (options.volumes)
    for (const found of seen.volumes)
      if (isOurs(project, found)) {
        const told = { verb: 'remove', cause: 'down --volumes', after, loses: `the data in volume ${found.name}` }
        const work = { ...origin, kind: 'remove-volume', name: found.name } as const
        steps.push(makeStep(scope, `volume ${found.name}`, told, work))
      }
  if (options.images) steps.push(...imageSteps(scope, origin, seen, after))
  return steps
}

/** Steps for the images that we made for this project; one that others made from them carries another name, and stays. */
function imageSteps(scope: Scope, origin: Origin, seen: Seen, after: string[]): EngineStep[] {
  const refs = new Map<string, string[]>()
  for (const { id, tags, labels: found } of seen.images) {
    const ref = found[labels.image]
    if (ref === undefined || !isOurs(origin.project, { labels: found })) continue
    // An older build of it lost its name to a newer one.
    // It may have one of ours by now, which keeps it for a rollback.
    const kept = tags.filter(tag => isKeptName(origin.project, tag))
    const isNamed = tags.includes(familiarReference(ref))
    if (!isNamed && kept.length < tags.length) continue
    const mine = isNamed ? [...kept, familiarReference(ref)] : kept.length > 0 ? kept : [id]
    refs.set(ref, [...(refs.get(ref) ?? []), ...mine])
  }
  for (const { id, labels: found } of seen.images) refs.get(found[carrierLabel] ?? '')?.push(id)
  const known = new Set([...refs.values()].flat())
  const others = seen.images
    .flatMap(({ tags }) => tags)
    .filter(tag => isKeptName(origin.project, tag) && !known.has(tag))
    .map(tag => {
      const told = { verb: 'remove', cause: 'down --images', after: [...after] }
      return makeStep(scope, `image ${tag}`, told, { ...origin, kind: 'remove-image', refs: [tag] })
    })
  const made = [...refs].map(([ref, mine]) => {
    const bases = [...refs.keys()].filter(other => other !== ref && isBuiltUpon(seen, other, ref))
    const told = {
      verb: 'remove',
      cause: 'down --images',
      // An image cannot go before those that were built upon it.
      after: [...after, ...bases.map(other => stepId(scope, `image ${other}`))],
    }
    return makeStep(scope, `image ${ref}`, told, { ...origin, kind: 'remove-image', refs: mine })
  })
  return [...made, ...others]
}

const isBuiltUpon = (seen: Seen, ref: string, base: string): boolean =>
  seen.images.some(image => {
    if (image.labels[labels.image] !== ref) return false
    const { bases } = parseSpec(image.labels[labels.buildSpec])
    return Object.keys(bases ?? {}).some(name => familiarReference(name) === familiarReference(base))
  })
