// What the history of a project needs of a swarm: what its services run, by which ids its nodes know that, and which files it holds.
import type { Member, ServiceImage, TogetherHistory } from '../../core/together/ability.js'
import { digestIn, familiarReference } from '../docker/images/reference.js'
import { labels } from '../docker/labels.js'
import type { DockerEngine } from '../docker/open.js'
import type { SwarmSeen } from './seen.js'
import { readKey } from './services/key.js'
import { objectsOf } from './services/objects.js'
import type { ObjectShape, ServiceShape } from './shapes.js'
import { throughManager } from './speak.js'

interface Inspected {
  Id: string
  RepoDigests?: string[] | null
}

const enginesOf = (members: readonly Member[]): DockerEngine[] =>
  members.flatMap(({ engine }) => (engine === undefined ? [] : [engine as DockerEngine]))

/** An image as those nodes have it that answer: once under each id. */
async function imageOn(engines: readonly DockerEngine[], ref: string, signal: AbortSignal): Promise<Inspected[]> {
  const path = `/images/${familiarReference(ref)}/json`
  const found = await Promise.allSettled(engines.map(({ api }) => api.json<Inspected>({ path, signal })))
  const images = found.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  return [...new Map(images.map(image => [image.Id, image])).values()]
}

/**
 * What an entry tells of the image that a service names, which has these ids on the nodes that answer: where none of them has it, it is
 * known by what the name itself pins.
 */
export function imagesSaid(service: string, ref: string, ids: readonly string[]): ServiceImage[] {
  const sum = digestIn(ref)
  const digest = sum === undefined ? {} : { digest: familiarReference(ref) }
  const pinned = sum ?? (/^sha256:[0-9a-f]{64}$/.test(ref) ? ref : undefined)
  const known = ids.length > 0 || pinned === undefined ? ids : [pinned]
  return known.map(id => ({ service, id, ...digest }))
}

/** Milliseconds that nodes have to tell of an image: one that has gone away does not. */
const patience = 5_000

export const history: TogetherHistory<SwarmSeen> = {
  async inUse(scope, members, project, signal) {
    const engines = enginesOf(members)
    const ways = engines.map(engine => ({ host: engine.scope.name, open: async () => engine }))
    const { services, key } = await throughManager(scope, ways, signal, async api => {
      const [found, configs] = await Promise.all([
        api.json<ServiceShape[] | null>({ path: '/services', query: { filters: { label: [labels.service] } } }),
        api.json<ObjectShape[] | null>({ path: '/configs' }),
      ])
      return { services: found ?? [], key: readKey(configs ?? []) }
    })
    if (key === undefined) throw new Error('the swarm does not keep its key')
    const own = services.filter(({ Spec }) => Spec.Labels?.[labels.project] === project)
    const soon = AbortSignal.any([signal, AbortSignal.timeout(patience)])
    const images = await Promise.all(
      own.map(async ({ Spec }): Promise<ServiceImage[]> => {
        const ref = Spec.TaskTemplate.ContainerSpec?.Image ?? ''
        const service = Spec.Labels?.[labels.service] ?? Spec.Name
        const found = await imageOn(engines, ref, soon)
        return imagesSaid(
          service,
          ref,
          found.map(({ Id }) => Id),
        )
      }),
    )
    return { key, images: images.flat() }
  },
  key: ({ cluster }) => cluster?.key,
  holds({ cluster }, project, want, target) {
    if (cluster?.key === undefined) return false
    const object = objectsOf(project, want, cluster.key).find(one => one.target === target)
    return object?.kind === 'config' && cluster.configs.some(({ Spec }) => Spec.Name === object.name)
  },
}
