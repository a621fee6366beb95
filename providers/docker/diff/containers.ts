// Which containers must be made, replaced or started, and why.
import type { Change } from '../../../core/step.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { causeOf } from '../canonical.js'
import { isOurContainer, ownerOf } from '../labels.js'
import type { SeenContainer } from '../observe/seen.js'
import { makeStep, type Work } from '../work.js'
import { makingOf } from './images.js'
import { leftoverOf, trialOf } from './leftovers.js'
import { inOrder, predecessors } from './order.js'
import { orderOfTwo, orderText } from './order-of-two.js'
import { type DiffContext, stepIds } from './parts.js'
import { hardenedChanges, reasonToReplace } from './reasons.js'
import { addFileUpdate, shippedThings } from './shipped.js'
import { warnOfAdoption } from './stores.js'

/** A job that has done its work: it ended well, is not to be restarted for that, and somebody waits for just that. */
const isFinishedJob = ({ wanted, scope }: DiffContext, want: ContainerWant, found: SeenContainer): boolean =>
  found.state === 'exited' &&
  found.exitCode === 0 &&
  ['no', 'on-failure'].includes(want.config.restart?.name ?? 'no') &&
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
  const trials = seen.containers.filter(
    container => trialOf(container) === want.name && isOurContainer(container.labels, wanted.project),
  )
  const replace = (old: SeenContainer, causes: string[], changes: Change[], discard: string[]): void => {
    const two = orderOfTwo(want, old)
    if (two?.warning !== undefined) warnings.push(two.warning)
    const cause = `${causes.join(', ')}${two === undefined ? '' : `; ${orderText(two)}`}`
    const work = { ...origin, kind: 'replace-container', want, old: old.id, discard } as const
    add({ verb: 'replace', cause, changes }, { ...work, order: two?.order ?? 'stop-first' })
  }
  // One that is still to become healthy has proved nothing: until then the old one is all that is known to be good.
  const isGood = found?.state === 'running' && (found.health === 'none' || found.health === 'healthy')
  const isHalf = leftover !== undefined && !isGood
  for (const old of [...trials, ...(leftover && !isHalf ? [leftover, ...more] : [])]) {
    const oldThing = `container ${old.name}`
    const work = { ...origin, kind: 'remove-container', id: old.id, volumes: undefined } as const
    const step = makeStep(scope, oldThing, { verb: 'remove', cause: 'an interrupted run left it behind' }, work)
    steps.set(oldThing, step)
    if (trials.includes(old)) after.push(step.id)
  }
  if (isHalf) {
    const discard = [...(found ? [found.id] : []), ...more.map(({ id }) => id)]
    return replace(leftover, ['an interrupted run left it half replaced'], [], discard)
  }
  if (!found) {
    const changes = hardenedChanges(context, want)
    const told = { verb: 'create', cause: 'not there', ...(changes.length === 0 ? {} : { changes }) }
    return add(told, { ...origin, kind: 'create-container', want })
  }

  const { causes, changes, limits } = reasonToReplace(context, want, found)
  if (causes.length > 0) return replace(found, causes, changes, [])
  const isUp = found.state === 'running' || found.state === 'restarting'
  if (limits.length > 0) {
    const isStarted = isUp || isFinishedJob(context, want, found)
    const cause = `${causeOf(limits)}${isStarted ? '' : `; ${stoppedCause(found)}`}`
    const work = { ...origin, kind: 'update-container', want, id: found.id, paused: found.state === 'paused' } as const
    add({ verb: 'update', cause, changes: limits }, { ...work, starts: !isStarted })
    const files = { thing: `files of ${want.name}`, after: stepIds(context, thing) }
    if (isUp) addFileUpdate(context, want, found, files)
    return
  }
  if (!isUp && !isFinishedJob(context, want, found)) {
    const work = { ...origin, kind: 'start-container', want, id: found.id, paused: found.state === 'paused' } as const
    return add({ verb: 'start', cause: stoppedCause(found) }, work)
  }
  if (!(isUp && addFileUpdate(context, want, found, { thing, after }))) context.unchanged++
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
      ...shippedThings(context, want),
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
