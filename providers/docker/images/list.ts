// All images of an engine as `images` shows them, with the containers that are made from them.
import type { ImageState } from '../../../core/provider-abilities.js'
import type { ImageSummary } from '../api/shapes.js'
import { listContainers } from '../observe/observe.js'
import type { DockerEngine } from '../open.js'
import { carrierLabel } from '../ship/holdings.js'
import { familiarReference } from './reference.js'

/** An image with its names: one entry for each. What was built upon and has no name is left out, as the engine leaves it out. */
export async function listHostImages(engine: DockerEngine): Promise<ImageState[]> {
  const [images, containers] = await Promise.all([
    engine.api.json<ImageSummary[]>({ path: '/images/json' }),
    listContainers(engine),
  ])
  const states = images.flatMap(({ Id, RepoTags, Size, Created, Labels }) => {
    const tags = (RepoTags ?? []).filter(tag => tag !== '<none>:<none>').map(familiarReference)
    const usedBy = containers.filter(({ imageId }) => imageId === Id).map(({ name }) => name)
    // Carriers of layers say no time, which the engine tells as one before all others.
    const carried = Labels?.[carrierLabel]
    const keeps = carried === undefined ? {} : { keepsLayersOf: carried }
    const image = { host: engine.scope.name, id: Id, size: Size, created: Math.max(Created, 0), usedBy, ...keeps }
    return (tags.length > 0 ? tags : ['']).map(name => ({ ...image, name }))
  })
  // Those without a name come last.
  const rank = ({ name }: ImageState): string => name || '~'
  return states.sort((one, other) =>
    rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : other.created - one.created,
  )
}
