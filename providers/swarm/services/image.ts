// Which image a service's containers are made from: the very one that its nodes have, so that they all run the same.
import type { EngineStep } from '../../../core/provider.js'
import type { Member, WantedTogether } from '../../../core/together/ability.js'
import type { ImageWant } from '../../../core/wanted.js'
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

/** The same for a service that goes back to an image, whatever its reference leads to by now. */
export function isThatOfThen(members: readonly Member[], { id, used }: { id: string; used: string }): boolean {
  if (used === id) return true
  const digest = digestIn(used)
  const known = members.flatMap(member => imagesOf(member).filter(image => image.id === id))
  return digest !== undefined && known.some(({ digests }) => digests.some(own => own.endsWith(`@${digest}`)))
}

interface Inspected {
  Id: string
  RepoDigests?: string[] | null
}

/**
 * What a service is to name as its image: the id that all its nodes know it by (an engine pulls nothing for an id), the digest of what came
 * from a registry, or where neither can be told the reference itself. With an id it is that image, wherever the reference leads by now.
 */
export async function resolveImage(job: SwarmJob, ref: string, then?: string): Promise<string> {
  const engines = await job.engines()
  const found = await Promise.all(
    engines.map(({ engine }) =>
      unlessMissing(engine.api.json<Inspected>({ path: `/images/${then ?? ref}/json`, signal: job.signal })).catch(
        (): undefined => undefined,
      ),
    ),
  )
  const images = found.filter(image => image !== undefined)
  const name = familiarReference(ref).replace(/[:@][^/]*$/, '')
  const digest = images.flatMap(({ RepoDigests }) => RepoDigests ?? []).find(own => own.startsWith(`${name}@`))
  if (digest !== undefined) return `${ref.replace(/@.*$/, '')}@${digest.split('@')[1]}`
  const ids = new Set(images.map(({ Id }) => Id))
  const [id] = ids
  return ids.size === 1 && id !== undefined ? id : (then ?? ref)
}
