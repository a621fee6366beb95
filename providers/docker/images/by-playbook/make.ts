// Makes an image by a playbook: each play is done in a container of what came before it, which then becomes the next layer.
import { UserError } from '../../../../core/errors.js'
import type { Inputs } from '../../../../core/images-by-playbook/inputs.js'
import type { PlayRecipe } from '../../../../core/images-by-playbook/recipe.js'
import type { StepResult } from '../../../../core/provider.js'
import type { Job } from '../../apply/job.js'
import { canonicalJson } from '../../canonical.js'
import { remove, start, stop } from '../../containers/calls.js'
import { inspectImage } from '../../containers/create.js'
import { enterContainer } from '../../enter/access.js'
import { labels } from '../../labels.js'
import { listImages } from '../../observe/observe.js'
import { tagImage } from '../../ship/send.js'
import type { Origin } from '../../work.js'
import { pullImage } from '../pull.js'
import { familiarReference, findImage } from '../reference.js'
import { containerName, layerOf, listLayers, type PlaybookWant, recipeSpec, standingOf } from './layers.js'

/** What an image says of the program that its containers run. */
interface ProgramShape {
  Cmd?: string[] | null
  Entrypoint?: string[] | null
}

/** Our own folder in a container: what is kept there is for a host, and must not come into an image. */
const stateFolder = '/var/lib/longshore'

/** Longer than any play takes. */
const wait = ['sh', '-c', 'exec sleep 2147483647']

async function fetchBase(job: Job, want: PlaybookWant): Promise<string> {
  if (!(await inspectImage(job, want.base)))
    await pullImage(job, want.base, want.at, { why: `, which ${want.ref} is made upon,` })
  const found = await inspectImage(job, want.base)
  if (found) return found.Id
  throw new UserError(`image ${want.base}, which ${want.ref} is made upon, is not there`, {
    where: job.where,
    at: want.at,
  })
}

/** Does one play upon an image; gives the id of the image that comes out. */
async function makeLayer(
  job: Job,
  { project, key }: Origin,
  want: PlaybookWant,
  { parent, play, own }: { parent: string; play: PlayRecipe; own: Record<string, string> },
): Promise<string> {
  const { engine, signal, context } = job
  const { api } = engine
  const { doPlay } = context
  if (doPlay === undefined) throw new Error('no way leads into containers')
  const { Config = null } = ((await inspectImage(job, parent)) ?? {}) as { Config?: ProgramShape | null }
  const name = containerName(project, want.ref)
  await remove(engine, name, true, signal)
  const body = {
    Image: parent,
    Entrypoint: wait,
    Cmd: [],
    HostConfig: { Tmpfs: { [stateFolder]: 'mode=755' } },
  }
  const { Id: id } = await api.json<{ Id: string }>({
    method: 'POST',
    path: '/containers/create',
    query: { name },
    body,
    signal,
  })
  try {
    await start(engine, id, signal)
    const access = await enterContainer(engine, id, signal)
    const inputs: Inputs = await doPlay({
      access,
      image: want.ref,
      recipe: want.recipe,
      play,
      key,
      tell: text => job.tell(text),
    })
    await api.json({ method: 'POST', path: `/containers/${id}/kill` }).catch(() => stop(engine, id))
    const made = await api.json<{ Id: string }>({
      method: 'POST',
      path: '/commit',
      query: { container: id, comment: `play "${play.name}"` },
      body: {
        // What is left out is taken over from the container, which runs a program of ours.
        Cmd: Config?.Cmd ?? [],
        Entrypoint: Config?.Entrypoint ?? [],
        Labels: {
          ...own,
          [labels.play]: layerOf(parent, play.definition),
          [labels.playInputs]: canonicalJson({ ...inputs }),
        },
      },
      signal,
    })
    return made.Id
  } finally {
    await remove(engine, id, true)
  }
}

/** Makes an image by its playbook, from the first play on that must be done. A UserError where a play fails: then nothing is named anew. */
export async function makeByPlaybook(job: Job, origin: Origin, want: PlaybookWant): Promise<StepResult> {
  const { engine, signal } = job
  if (engine.dialect.name !== 'docker')
    throw new UserError(`${engine.dialect.name} makes no images by playbooks in this version`, {
      where: job.where,
      at: want.at,
      hint: 'make it on a host with docker (`at: once`), or build it from a Dockerfile',
    })
  const base = await fetchBase(job, want)
  const [images, layers] = await Promise.all([listImages(engine, signal), listLayers(engine, origin.project, signal)])
  const found = findImage(images, want.ref)
  const standing = await standingOf(want, origin.key, { base, found, layers })
  const { plays } = want.recipe
  if (standing.done === plays.length && found?.id === standing.id) return { state: 'already' }
  const own = {
    [labels.project]: origin.project,
    [labels.image]: familiarReference(want.ref),
    [labels.buildSpec]: canonicalJson(recipeSpec(want, base)),
  }
  let id = standing.id ?? base
  for (const [index, play] of plays.entries()) {
    if (index < standing.done) continue
    signal.throwIfAborted()
    job.tell(`play ${index + 1} of ${plays.length}: ${play.name}`)
    id = await makeLayer(job, origin, want, { parent: id, play, own })
  }
  await tagImage(job, id, want.ref, signal)
  const text = standing.done === 0 ? {} : { text: `${standing.done} of ${plays.length} plays were done before` }
  return { state: 'done', ...text }
}
