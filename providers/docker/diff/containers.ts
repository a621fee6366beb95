// Which containers must be made, replaced or started, and why.
import type { Change } from '../../../core/step.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { canonicalHash, causeOf, changesBetween, parseSpec } from '../canonical.js'
import { containerSpec } from '../containers/spec.js'
import { findImage } from '../images/reference.js'
import { isOurContainer, labels, ownerOf } from '../labels.js'
import type { SeenContainer } from '../observe/seen.js'
import { makeStep, type Work } from '../work.js'
import { makingOf } from './images.js'
import { leftoverOf } from './leftovers.js'
import { boundTo, inOrder, predecessors } from './order.js'
import { type DiffContext, stepIds } from './parts.js'
import { warnOfAdoption } from './stores.js'

interface Reason {
  causes: string[]
  changes: Change[]
}

/** Why a container that is there must be replaced; no causes if it need not be. */
function reasonToReplace(context: DiffContext, want: ContainerWant, found: SeenContainer): Reason {
  const spec = containerSpec(want.config, context.wanted.key)
  const sameSpec = found.labels[labels.specHash] === canonicalHash(spec)
  const changes = sameSpec ? [] : changesBetween(parseSpec(found.labels[labels.spec]), spec)
  const causes = sameSpec ? [] : [changes.length > 0 ? causeOf(changes) : 'settings differ']
  const { image } = want.config
  const making = makingOf(context, image)
  const now = findImage(context.seen.images, image)
  if (making) causes.push(`image is ${making.made} anew`)
  else if (sameSpec && now && now.id !== found.imageId) {
    causes.push(`image ${image} is another one now`)
    changes.push({ what: 'image id', from: found.imageId.slice(7, 19), to: now.id.slice(7, 19) })
  }
  for (const name of boundTo(want)) {
    const step = context.steps.get(`container ${name}`)
    if (step && step.verb !== 'start') causes.push(`container ${name} is replaced`)
  }
  if (found.state === 'dead' || found.state === 'removing') causes.push(`it is ${found.state}`)
  return { causes, changes }
}

/** A job that has done its work: it ended well, is not to be restarted, and somebody waits for just that. */
const isFinishedJob = ({ wanted, scope }: DiffContext, want: ContainerWant, found: SeenContainer): boolean =>
  found.state === 'exited' &&
  found.exitCode === 0 &&
  (want.config.restart === undefined || want.config.restart.name === 'no') &&
  wanted.containers.some(({ dependsOn }) =>
    dependsOn.some(
      ({ condition, on }) =>
        condition === 'completed' && on.some(place => place.host === scope.name && place.container === want.name),
    ),
  )

const stoppedCause = ({ state, exitCode }: SeenContainer): string => {
  if (state === 'created') return 'created, but not started'
  if (state === 'exited')
    return exitCode === undefined || exitCode === 0 ? 'stopped' : `stopped (exit code ${exitCode})`
  return state
}

/** What is there under a wanted name: ours, or nothing. Another owner's is a problem. */
function ourOwn(
  context: DiffContext,
  want: ContainerWant,
  found: SeenContainer | undefined,
): SeenContainer | undefined {
  if (!found || isOurContainer(found.labels, context.wanted.project)) return found
  const owner = ownerOf(found.labels, context.wanted.project)
  const byCompose = owner !== 'ours' && owner.other === `Docker Compose project ${context.wanted.project}`
  context.problems.push({
    text: `container ${want.name} is there already and belongs to ${owner === 'ours' ? 'somebody else' : owner.other}`,
    hint: byCompose
      ? `run \`docker compose -p ${context.wanted.project} down\` first: it keeps the volumes, and they are adopted`
      : 'remove it, or give ours another name (`container_name`)',
    at: want.at,
  })
  return undefined
}

function diffContainer(context: DiffContext, want: ContainerWant, after: string[]): void {
  const { scope, seen, wanted, steps, warnings } = context
  const thing = `container ${want.name}`
  const found = ourOwn(
    context,
    want,
    seen.containers.find(({ name }) => name === want.name),
  )
  const [leftover, ...more] = seen.containers.filter(
    container => leftoverOf(container) === want.name && isOurContainer(container.labels, wanted.project),
  )
  const origin = { project: wanted.project, key: wanted.key }
  const add = (told: { verb: string; cause: string; changes?: Change[] }, work: Work): void => {
    steps.set(thing, makeStep(scope, thing, { ...told, after }, work))
  }
  // One that is still to become healthy has proved nothing: until then the old one is all that is known to be good.
  const isGood = found?.state === 'running' && (found.health === 'none' || found.health === 'healthy')
  if (leftover && !isGood) {
    const discard = [...(found ? [found.id] : []), ...more.map(({ id }) => id)]
    const cause = 'an interrupted run left it half replaced'
    return add({ verb: 'replace', cause }, { ...origin, kind: 'replace-container', want, old: leftover.id, discard })
  }
  for (const old of leftover ? [leftover, ...more] : []) {
    const oldThing = `container ${old.name}`
    const work = { ...origin, kind: 'remove-container', id: old.id, volumes: undefined } as const
    steps.set(oldThing, makeStep(scope, oldThing, { verb: 'remove', cause: 'an interrupted run left it behind' }, work))
  }
  if (!found) return add({ verb: 'create', cause: 'not there' }, { ...origin, kind: 'create-container', want })

  const { causes, changes } = reasonToReplace(context, want, found)
  if (causes.length > 0) {
    const work = { ...origin, kind: 'replace-container', want, old: found.id, discard: [] as string[] } as const
    return add({ verb: 'replace', cause: causes.join(', '), changes }, work)
  }
  const isUp = found.state === 'running' || found.state === 'restarting'
  if (!isUp && !isFinishedJob(context, want, found)) {
    const work = { ...origin, kind: 'start-container', want, id: found.id, paused: found.state === 'paused' } as const
    return add({ verb: 'start', cause: stoppedCause(found) }, work)
  }
  context.unchanged++
  if (found.state === 'restarting') warnings.push(`${thing} keeps restarting; \`longshore logs\` may tell why`)
  if (found.health === 'unhealthy') warnings.push(`${thing} is unhealthy; \`longshore logs\` may tell why`)
}

/** Adds the steps for containers. */
export function diffContainers(context: DiffContext): void {
  const { wanted, scope } = context
  const before = predecessors(wanted, scope.name)
  const ordered = inOrder(wanted, before)
  for (const want of ordered) {
    const { config } = want
    const needs = [
      ...config.networks.map(({ name }) => `network ${name}`),
      ...config.mounts.flatMap(({ type, source }) =>
        type === 'volume' && source !== undefined ? [`volume ${source}`] : [],
      ),
      ...[...(before.get(want.name) ?? [])].map(name => `container ${name}`),
    ]
    const making = makingOf(context, config.image)
    diffContainer(context, want, [...(making ? [making.step.id] : []), ...stepIds(context, ...needs)])
  }
  const changed = ordered.filter(({ name }) => context.steps.has(`container ${name}`))
  warnOfAdoption(
    context,
    new Set(changed.flatMap(({ config }) => config.mounts.flatMap(({ source }) => source ?? []))),
    new Set(changed.flatMap(({ config }) => config.networks.map(({ name }) => name))),
  )
}
