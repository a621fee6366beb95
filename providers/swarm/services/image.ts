// Which image a service's containers are made from: the very one that its nodes have, so that they all run the same.
import type { EngineStep } from '../../../core/provider.js'
import type { Member, WantedTogether } from '../../../core/together/ability.js'
import type { ContainerWant, ImageWant } from '../../../core/wanted.js'
import { unlessMissing } from '../../docker/apply/job.js'
import { digestIn, familiarReference, findImage, type SeenImage } from '../../docker/images/reference.js'
import type { Seen } from '../../docker/observe/seen.js'
import type { SwarmJob } from '../job.js'

const imageWant = (wanted: WantedTogether, host: string, ref: string): ImageWant | undefined =>
  wanted.byHost.get(host)?.images.find(image => familiarReference(image.ref) === familiarReference(ref))

/** The host that makes an image for all; undefined where each pulls its own. */
export function makerOf(wanted: WantedTogether, hosts: readonly string[], ref: string): string | undefined {
  for (const host of hosts) {
    const want = imageWant(wanted, host, ref)
    if (want !== undefined && want.from !== 'pull') return want.from === 'host' ? want.host : host
  }
  return undefined
}

const stepFor = ({ steps = [] }: Member, ref: string): EngineStep | undefined =>
  steps.find(({ thing }) => thing === `image ${ref}`)

const imagesOf = ({ seen }: Member): readonly SeenImage[] => (seen as Seen | undefined)?.images ?? []

/** True where this run makes the image anew, so that what runs is of an older one. */
export function isMadeAnew(
  members: readonly Member[],
  wanted: WantedTogether,
  hosts: readonly string[],
  ref: string,
): boolean {
  const maker = makerOf(wanted, hosts, ref)
  return members.some(member => {
    const step = stepFor(member, ref)
    if (step === undefined || step.verb === 'tag') return false
    if (maker !== undefined) return member.host.name === maker
    // One that only lacks it pulls what the others have.
    return findImage(imagesOf(member), ref) !== undefined
  })
}

/** Whether what a service runs is the image that its reference leads to on the nodes; undefined where no node that answers has it. */
export function isCurrent(
  members: readonly Member[],
  wanted: WantedTogether,
  { hosts, ref, used }: { hosts: readonly string[]; ref: string; used: string },
): { current: boolean; id: string } | undefined {
  if (used === ref) return { current: true, id: '' }
  const maker = makerOf(wanted, hosts, ref)
  const ordered = [...members].sort((one, other) => Number(other.host.name === maker) - Number(one.host.name === maker))
  for (const member of ordered) {
    if (!hosts.includes(member.host.name) && member.host.name !== maker) continue
    const found = findImage(imagesOf(member), ref)
    if (found === undefined) continue
    const digest = digestIn(used)
    const current = found.id === used || (digest !== undefined && found.digests.some(own => own.endsWith(`@${digest}`)))
    return { current, id: found.id }
  }
  return undefined
}

/** The image that a service goes back to, wherever its reference leads by now. */
export interface ImageThen {
  id: string
  /** "redis@sha256:…", where it came from a registry. */
  digest?: string | undefined
}

/** The image of then; undefined where today's is meant. */
export const thenOf = ({ imageId, imageDigest }: ContainerWant): ImageThen | undefined =>
  imageId === undefined ? undefined : { id: imageId, digest: imageDigest }

/** Whether what a service runs is the image of then: by its name, or as some node knows both. */
export function isThatOfThen(members: readonly Member[], { id, digest }: ImageThen, used: string): boolean {
  const [then, now] = [digestIn(digest ?? ''), digestIn(used)]
  if (used === id || (then !== undefined && now === then)) return true
  const isIt = (image: SeenImage, own: string, sum: string | undefined): boolean =>
    image.id === own || (sum !== undefined && image.digests.some(one => one.endsWith(`@${sum}`)))
  return members.some(member => imagesOf(member).some(image => isIt(image, id, then) && isIt(image, used, now)))
}

interface Inspected {
  Id: string
  RepoDigests?: string[] | null
}

/**
 * The name for an image that these nodes, of so many that were asked, have: the digest of what came from a registry, the id that all of
 * them know it by (an engine pulls nothing for an id), or where neither can be told the reference itself.
 */
export function nameFor(
  ref: string,
  { images, asked, past }: { images: readonly Inspected[]; asked: number; past?: ImageThen | undefined },
): string {
  const name = familiarReference(ref).replace(/[:@][^/]*$/, '')
  const digests = images.flatMap(({ RepoDigests }) => RepoDigests ?? []).filter(own => own.startsWith(`${name}@`))
  const recorded = digestIn(past?.digest ?? '')
  const ids = new Set(images.map(({ Id }) => Id))
  const [id] = ids
  const isOnAll = ids.size === 1 && images.length === asked
  // What lost its digest on its way to all nodes is there; where some lack it, they pull what was recorded.
  const sum = recorded !== undefined && (digests.length > 0 || !isOnAll) ? recorded : digests[0]?.split('@')[1]
  if (sum !== undefined) return `${ref.replace(/@.*$/, '')}@${sum}`
  return ids.size === 1 && id !== undefined ? id : (past?.id ?? ref)
}

/** What a service is to name as its image. With one of then it is that, wherever the reference leads by now. */
export async function resolveImage(job: SwarmJob, ref: string, past?: ImageThen): Promise<string> {
  const engines = await job.engines()
  const path = `/images/${past?.id ?? ref}/json`
  const found = await Promise.all(
    engines.map(({ engine }) =>
      unlessMissing(engine.api.json<Inspected>({ path, signal: job.signal })).catch((): undefined => undefined),
    ),
  )
  return nameFor(ref, { images: found.filter(image => image !== undefined), asked: engines.length, past })
}
