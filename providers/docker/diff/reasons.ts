// Why a container that is there must become another one, and what of it the engine can change as it runs.
import type { Change } from '../../../core/step.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { canonicalHash, causeOf, changesBetween, parseSpec } from '../canonical.js'
import { canUpdate, limitsInForce, limitsOf, withoutLimits } from '../containers/limits.js'
import { containerSpec } from '../containers/spec.js'
import { findImage } from '../images/reference.js'
import { labels } from '../labels.js'
import type { SeenContainer } from '../observe/seen.js'
import { makingOf } from './images.js'
import { boundTo } from './order.js'
import type { DiffContext } from './parts.js'
import { tellShipped } from './shipped.js'

interface Reason {
  causes: string[]
  changes: Change[]
  /** Differences that need no other container. */
  limits: Change[]
}

/** Changes that `harden` has made say so. */
const marked = (changes: readonly Change[], { hardened = [] }: ContainerWant): Change[] =>
  changes.map(change => (hardened.includes(change.what) ? { ...change, to: `${change.to} (harden)` } : change))

/** What `harden` gives to a container that is still to be made. */
export function hardenedChanges({ wanted }: DiffContext, want: ContainerWant): Change[] {
  const spec = Object.entries(containerSpec(want.config, wanted.key))
  const ours = Object.fromEntries(spec.filter(([field]) => want.hardened?.includes(field)))
  return marked(changesBetween({}, ours), want)
}

/** Verbs of steps after which a container is still the one that it was. */
const keeping = ['start', 'update']

/**
 * Where the file differs from a container: from its spec as its label has it, and from the limits that are in force. Limits can change
 * on a container that runs, which its label does not follow; only the engine knows them.
 */
function differences(context: DiffContext, want: ContainerWant, found: SeenContainer): Reason {
  const spec = containerSpec(want.config, context.wanted.key)
  const isSame = found.labels[labels.specHash] === canonicalHash(spec)
  const stored = parseSpec(found.labels[labels.spec])
  const wanted = limitsOf(spec)
  const inForce = found.limits
    ? limitsInForce(found.limits, wanted, limitsOf(stored))
    : limitsOf(isSame ? spec : stored)
  const limits = changesBetween(inForce, wanted)
  const others = isSame ? [] : changesBetween(withoutLimits(stored), withoutLimits(spec))
  const told = marked(tellShipped(others), want)
  const isUnread = !isSame && Object.keys(stored).length === 0
  const updates = limits.length === 0 || (!context.seen.fixedLimits && canUpdate(inForce, wanted))
  if (told.length === 0 && !isUnread && updates) return { causes: [], changes: [], limits }
  const changes = [...told, ...limits].sort((one, other) => (one.what < other.what ? -1 : 1))
  return { causes: [changes.length > 0 ? causeOf(changes) : 'settings differ'], changes, limits: [] }
}

/** Why a container that is there must be replaced; no causes if it need not be. */
export function reasonToReplace(context: DiffContext, want: ContainerWant, found: SeenContainer): Reason {
  const { causes, changes, limits } = differences(context, want, found)
  const { image } = want.config
  const making = makingOf(context, image)
  const now = want.imageId === undefined ? findImage(context.seen.images, image) : { id: want.imageId }
  if (making) causes.push(`image is ${making.made} anew`)
  else if (causes.length === 0 && now && now.id !== found.imageId) {
    causes.push(`image ${image} is another one now`)
    changes.push({ what: 'image id', from: found.imageId.slice(7, 19), to: now.id.slice(7, 19) })
  }
  for (const name of boundTo(want)) {
    const step = context.steps.get(`container ${name}`)
    if (step && !keeping.includes(step.verb)) causes.push(`container ${name} is replaced`)
  }
  if (found.state === 'dead' || found.state === 'removing') causes.push(`it is ${found.state}`)
  return causes.length > 0 ? { causes, changes: [...changes, ...limits], limits: [] } : { causes, changes, limits }
}
