// An image that is made by a playbook: its plays, each with a fingerprint of all that the file says of it.
import { createHash } from 'node:crypto'
import type { ContainerAccess } from '../container-hosts/access.js'
import type { Play } from '../playbook.js'
import type { Vars } from '../raw.js'
import type { InputRecorder, Inputs } from './inputs.js'

/** One play, which becomes one layer. */
export interface PlayRecipe {
  name: string
  /** The same as long as the file says the same of it, wherever it stands. */
  definition: string
  /** Reads it anew, so that what it includes at its turn is read at its turn. */
  load(): Promise<Play>
}

/** How an image is made by a playbook. */
export interface ImageRecipe {
  /** The playbook's path. */
  file: string
  plays: PlayRecipe[]
  /** Variables in force, as far as they are rendered. */
  vars: Vars
  /** A fingerprint of them. */
  varsSum: string
  recorder: InputRecorder
}

/** A play to be done in a container that is to become an image. */
export interface PlayInContainer {
  access: ContainerAccess
  /** The image's reference. */
  image: string
  recipe: ImageRecipe
  play: PlayRecipe
  /** The key that secrets are fingerprinted with. */
  key: Uint8Array
  /** Shows a line of progress. */
  tell(text: string): void
}

/** Does a play in a container, by the same rules as on a host; gives what it has read of this machine. */
export type DoPlay = (task: PlayInContainer) => Promise<Inputs>

/** Words of plays and tasks that tell where they stand, or who can read them: no part of what they do. */
const placeWords = new Set(['at', 'hosts', 'folder', 'home', 'path', 'open', 'varsFiles', 'tags', 'serial'])

/** Words whose value is data of the user's own. */
const dataWords = new Set(['vars', 'defaults', 'entries'])

const isRaw = (value: object): value is { value: unknown } => 'where' in value && 'value' in value

/** A play as plain data, without places. */
function plain(value: unknown, blocks: Map<string, number>): unknown {
  if (Array.isArray(value)) return value.map(each => plain(each, blocks))
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? undefined : value
  if (isRaw(value)) return value.value
  const data: Record<string, unknown> = {}
  for (const [word, each] of Object.entries(value)) {
    if (placeWords.has(word)) continue
    if (word === 'block' && typeof each === 'string') {
      // Its name may tell a line: which tasks share a block is what counts.
      if (!blocks.has(each)) blocks.set(each, blocks.size)
      data[word] = blocks.get(each)
    } else data[word] = dataWords.has(word) ? each : plain(each, blocks)
  }
  return data
}

const sortedKeys = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value

const sumOf = (data: unknown): string => createHash('sha256').update(JSON.stringify(data, sortedKeys)).digest('hex')

/** One sha256 over variables. */
export const varsSumOf = (vars: Vars): string => sumOf(vars)

/** One sha256 over all that is written of a play, with the variables that it may read. Places and comments do not count. */
export const definitionOf = (play: Play, vars: Vars): string => sumOf([plain(play, new Map()), vars])
