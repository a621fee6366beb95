// What people do with single images by hand: how they were made, other names, images of containers, searches.
import { messageOf, UserError } from '../../../core/errors.js'
import type { CommitRequest, FoundImage, ImageLayer } from '../../../core/provider-abilities.js'
import { hasStatus } from '../apply/job.js'
import type { DockerEngine } from '../open.js'
import { tagImage } from '../ship/send.js'
import { splitReference } from './reference.js'

/** An answer that says no, for people; anything else passes as it is. */
const refused = ({ scope }: DockerEngine, what: string, error: unknown, hint?: string): unknown =>
  hasStatus(error, 400, 404, 409, 500, 503)
    ? new UserError(`${what}: ${messageOf(error)}`, { where: scope.name, hint })
    : error

/** What an image was made of, the last step first. A UserError where it is not there. */
export async function imageHistory(engine: DockerEngine, ref: string): Promise<ImageLayer[]> {
  type Layer = { Created: number; CreatedBy: string; Size: number; Comment: string }
  try {
    const layers = await engine.api.json<Layer[]>({ path: `/images/${ref}/history` })
    return layers.map(({ Created, CreatedBy, Size, Comment }) => ({
      created: Math.max(Created, 0),
      by: CreatedBy,
      size: Size,
      comment: Comment,
    }))
  } catch (error) {
    throw refused(engine, `image ${ref} cannot be told of`, error)
  }
}

/** Gives an image one more name. A UserError where it is not there, or where that is no name. */
export async function nameImage(engine: DockerEngine, ref: string, name: string): Promise<void> {
  try {
    await tagImage({ engine }, ref, name, new AbortController().signal)
  } catch (error) {
    throw refused(engine, `image ${ref} cannot be named ${name}`, error)
  }
}

/** Makes an image of a container as it stands; gives its id. A UserError where there is no such container. */
export async function commitContainer(
  engine: DockerEngine,
  container: string,
  request: CommitRequest,
): Promise<string> {
  const { ref, message: comment, author, pause, changes } = request
  const { name: repo, tag } = splitReference(ref)
  const query = { container, repo, tag, comment, author, pause }
  try {
    // Without a body the image has the container's own settings.
    const made = await engine.api.json<{ Id: string }>({
      method: 'POST',
      path: '/commit',
      query,
      repeated: { changes },
    })
    return made.Id
  } catch (error) {
    throw refused(engine, `no image can be made of ${container}`, error)
  }
}

/** What the engine's registry finds under a word. A UserError where it cannot be asked. */
export async function searchImages(engine: DockerEngine, term: string, limit: number): Promise<FoundImage[]> {
  type Found = { name: string; description: string; star_count: number; is_official: boolean }
  try {
    const found = await engine.api.json<Found[] | null>({ path: '/images/search', query: { term, limit } })
    return (found ?? []).map(({ name, description, star_count, is_official }) => ({
      name,
      description,
      stars: star_count,
      official: is_official,
    }))
  } catch (error) {
    const hint = `the engine of ${engine.scope.name} asks Docker Hub, or the registry that the word begins with (registry.example/redis); not every registry can be searched`
    throw refused(engine, `nothing can be searched for ${term}`, error, hint)
  }
}
