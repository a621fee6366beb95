// The layers that plays have left behind: which of them can be taken over, and why the next one cannot.
import { createHash } from 'node:crypto'
import type { Inputs } from '../../../../core/images-by-playbook/inputs.js'
import type { ImageWant, Wanted } from '../../../../core/wanted.js'
import type { ImageSummary } from '../../api/shapes.js'
import { type JsonObject, parseSpec } from '../../canonical.js'
import { labels } from '../../labels.js'
import type { DockerEngine } from '../../open.js'
import { familiarReference, findImage, type SeenImage } from '../reference.js'

export type PlaybookWant = Extract<ImageWant, { from: 'playbook' }>

/** An image that the plays so far came to. */
export interface Layer {
  id: string
  labels: Readonly<Record<string, string>>
}

/** How far the plays of an image are done already. */
export interface Standing {
  /** Id of what comes out of the plays that need not be done. */
  id: string | undefined
  /** How many plays that are. */
  done: number
  /** Why the next one must be done; undefined where none must. */
  cause?: string
}

/** Name of the container that plays are done in, one at a time for an image: by it a container that an interrupted run left behind is found again. */
export const containerName = (project: string, ref: string): string =>
  `longshore-image-${project}-${createHash('sha256').update(familiarReference(ref)).digest('hex').slice(0, 12)}`

/** What a layer is known by: the image that it lies on, and what its play says. */
export const layerOf = (parent: string, definition: string): string =>
  createHash('sha256').update(`${parent}\n${definition}`).digest('hex')

/** What an image is made of, as its label holds it. */
export const recipeSpec = ({ recipe }: PlaybookWant, base: string): JsonObject => ({
  base,
  vars: recipe.varsSum,
  plays: recipe.plays.map(({ name, definition }) => ({ name, definition })),
})

/** All layers on an engine that a project has made, those without a name among them. */
export async function listLayers({ api }: DockerEngine, project: string, signal?: AbortSignal): Promise<Layer[]> {
  const query = { all: true, filters: { label: [labels.play, `${labels.project}=${project}`] } }
  const found = await api.json<ImageSummary[]>({ path: '/images/json', query, signal })
  return found.map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }))
}

const inputsOf = (layer: Layer): Inputs => parseSpec(layer.labels[labels.playInputs]) as Inputs

/** In words, what of the plays is another than the named image was made by. */
function changedPlay({ recipe }: PlaybookWant, before: JsonObject, index: number): string {
  const play = recipe.plays[index]
  const called = `play ${index + 1} "${play?.name}"`
  const plays = Array.isArray(before.plays) ? (before.plays as JsonObject[]) : []
  const old = plays[index]
  if (old === undefined) return `${called} is new`
  if (before.vars !== recipe.varsSum) return 'variables changed'
  return old.definition === play?.definition ? `${called} is to be done again` : `${called} changed`
}

/** True for an image that plays have made before. */
const isMade = (found: SeenImage | undefined): boolean => found?.labels[labels.play] !== undefined

/** Goes from layer to layer as far as they can be taken over. */
async function follow(
  want: PlaybookWant,
  key: Uint8Array,
  from: string,
  { layers, found, before }: { layers: readonly Layer[]; found: SeenImage | undefined; before: JsonObject },
): Promise<Standing> {
  const { plays, recorder } = want.recipe
  let id = from
  for (const [index, play] of plays.entries()) {
    let next: Layer | undefined
    let changed: string | undefined
    const known = layers.filter(
      // Of another image it would be under that one's name.
      one =>
        one.labels[labels.play] === layerOf(id, play.definition) &&
        one.labels[labels.image] === familiarReference(want.ref),
    )
    // Why the image that is in use does not do any more says more than why one of long ago does not.
    for (const layer of known.sort((one, other) => Number(other.id === found?.id) - Number(one.id === found?.id))) {
      const wrong = await recorder.changed(inputsOf(layer), key)
      if (wrong === undefined) next ??= layer
      changed ??= wrong
    }
    if (next === undefined) {
      const called = `play ${index + 1} "${play.name}"`
      const why = changed === undefined ? changedPlay(want, before, index) : `${called}: ${changed}`
      return { id, done: index, cause: isMade(found) ? why : 'there, but not made from here' }
    }
    id = next.id
  }
  return { id, done: plays.length }
}

/** How far an image is done, with what there is on the engine. `base` is the id of the image that it starts from, if it is there. */
export async function standingOf(
  want: PlaybookWant,
  key: Uint8Array,
  { base, found, layers }: { base: string | undefined; found: SeenImage | undefined; layers: readonly Layer[] },
): Promise<Standing> {
  const before = parseSpec(found?.labels[labels.buildSpec])
  const told = isMade(found) && typeof before.base === 'string' ? before.base : undefined
  // A base image that was cleaned away changes nothing about what was made upon it.
  const start = base ?? told
  if (start === undefined) return { id: undefined, done: 0, cause: 'not there' }
  const standing = await follow(want, key, start, { layers, found, before })
  if (told === undefined || told === start || standing.cause === undefined) return standing
  return { ...standing, cause: `base image ${want.base} is another one now` }
}

/** How the images stand that are made by playbooks, as definitions that a plan compares. */
export async function standings(
  engine: DockerEngine,
  { images: wants, key, project }: Wanted,
  images: readonly SeenImage[],
  signal?: AbortSignal,
): Promise<Record<string, JsonObject>> {
  const own = wants.filter((want): want is PlaybookWant => want.from === 'playbook')
  if (own.length === 0) return {}
  const layers = await listLayers(engine, project, signal)
  const told: Record<string, JsonObject> = {}
  for (const want of own) {
    const base = findImage(images, want.base)?.id
    const found = findImage(images, want.ref)
    const { id, done, cause } = await standingOf(want, key, { base, found, layers })
    told[want.ref] = { done, ...(id === undefined ? {} : { id }), ...(cause === undefined ? {} : { cause }) }
  }
  return told
}
