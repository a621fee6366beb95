// Keeps the images that a rollback may need: those without a name of their own get one of ours.
import type { ImageInUse, KeptImage } from '../../../core/history/abilities.js'
import { hasStatus } from '../apply/job.js'
import { isOurContainer, labels } from '../labels.js'
import { listContainers, listImages } from '../observe/observe.js'
import type { DockerEngine } from '../open.js'

/** No registry has this name: nothing is ever pulled from there, or pushed to it. */
const registry = 'longshore.local'

/** The part before the tag of every name that keeps an image of the project. */
const keptPrefix = (project: string): string => `${registry}/${project.toLowerCase()}/`

/** True for a name that keeps an image of the project for a rollback. */
export const isKeptName = (project: string, tag: string): boolean => tag.startsWith(keptPrefix(project))

/** A name as the engine allows it: lower case, with no other sign than these. */
const nameFor = (project: string, service: string, id: string): { repo: string; tag: string } => {
  const plain = service
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return { repo: `${keptPrefix(project)}${plain || 'service'}`, tag: id.replace(/^sha256:/, '').slice(0, 12) }
}

/** What the project's containers were made from, with where that came from. */
export async function imagesInUse(engine: DockerEngine, project: string): Promise<ImageInUse[]> {
  const [containers, images] = await Promise.all([listContainers(engine), listImages(engine)])
  return containers
    .filter(found => isOurContainer(found.labels, project) && found.labels[labels.oneOff] === undefined)
    .map(({ name, imageId }) => {
      const digest = images.find(({ id }) => id === imageId)?.digests[0]
      return { container: name, id: imageId, ...(digest === undefined ? {} : { digest }) }
    })
}

/**
 * Names what must be kept and has no name, and takes our names off what need not be kept any more; an image that had no other then goes.
 * One that is gone already is not missed here: a rollback to it tells so.
 */
export async function keepImages(engine: DockerEngine, project: string, kept: readonly KeptImage[]): Promise<void> {
  const { api } = engine
  const images = await listImages(engine)
  for (const { id, tags, digests } of images) {
    const ours = tags.filter(tag => isKeptName(project, tag))
    const service = kept.find(one => one.id === id || digests.some(own => own === one.digest))?.service
    if (service !== undefined && tags.length === 0) {
      const query = nameFor(project, service, id)
      await api.json({ method: 'POST', path: `/images/${id}/tag`, query }).catch((error: unknown) => {
        if (!hasStatus(error, 404)) throw error
      })
    }
    // What has its own name again needs none of ours.
    const surplus = service !== undefined && ours.length === tags.length ? [] : ours
    for (const name of surplus)
      await api.json({ method: 'DELETE', path: `/images/${name}` }).catch((error: unknown) => {
        if (!hasStatus(error, 404, 409)) throw error
      })
  }
}
