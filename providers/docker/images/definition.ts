// How an image that is made here is defined right now: what its making depends on, as a spec that can be compared.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { LocalFiles } from '../../../core/files.js'
import { reveal, type Value } from '../../../core/secret.js'
import type { ImageWant } from '../../../core/wanted.js'
import { canonicalHash, type Json, type JsonObject, present } from '../canonical.js'
import { specValue } from '../containers/spec.js'
import type { ImageDefinition } from '../observe/seen.js'
import {
  type BuildContext,
  type BuildWant,
  folderEntries,
  hashEntries,
  type NamedContext,
  readContext,
  withStages,
} from './context.js'
import { baseImages } from './dockerfile.js'
import { imageIn, savedImages } from './saved.js'

export type ImportWant = Extract<ImageWant, { from: 'import' }>

/** Build arguments in the clear, for the builder and for what its FROM lines mean. */
export const revealedArgs = (args: Readonly<Record<string, Value>>): Record<string, string> =>
  Object.fromEntries(Object.entries(args).map(([name, value]) => [name, reveal(value)]))

/** One line for each further context; `refOf` gives the image that stands for a folder. */
export const stagesOf = (contexts: BuildContext['contexts'], refOf: (context: NamedContext) => string): string =>
  Object.entries(contexts)
    .map(([name, context]) => `FROM ${'image' in context ? context.image : refOf(context)} AS ${name}\n`)
    .join('')

/** What of a build's settings counts for what comes out of it. */
function settingsSpec(
  { settings = {} }: BuildWant,
  contexts: BuildContext['contexts'],
): Record<string, Json | undefined> {
  const { labels, extraHosts, network, shmSize, ulimits, platform } = settings
  return {
    labels,
    extra_hosts: extraHosts,
    network,
    shm_size: shmSize,
    ulimits,
    platform,
    contexts: Object.fromEntries(
      Object.entries(contexts).map(([name, context]) => [name, 'image' in context ? context.image : context.hash]),
    ),
  }
}

/** The definition of a build. The Dockerfile is hashed apart from its context, so that a plan can say which of the two changed. */
export async function defineBuild(want: BuildWant, context: BuildContext, key: Uint8Array): Promise<ImageDefinition> {
  const { entries, dockerfile, dockerfileText, contexts } = context
  // A folder is no image that anybody could pull.
  const text = withStages(
    dockerfileText,
    stagesOf(contexts, () => 'scratch'),
  )
  return {
    spec: present({
      context: await hashEntries(entries.filter(({ path }) => path !== dockerfile)),
      dockerfile: createHash('sha256').update(dockerfileText).digest('hex'),
      dockerfile_path: dockerfile,
      args: Object.fromEntries(Object.entries(want.args).map(([name, value]) => [name, specValue(value, key)])),
      target: want.target,
      ...settingsSpec(want, contexts),
    }),
    bases: baseImages(text, revealedArgs(want.args), want.target),
  }
}

async function fileSum(path: string): Promise<string> {
  const sum = createHash('sha256')
  await pipeline(createReadStream(path), sum)
  return sum.digest('hex')
}

/** The definition of an import. What is not there yet has no content. */
export async function defineImport(want: ImportWant, files: LocalFiles): Promise<JsonObject> {
  const source = { dir: want.dir, where: want.where }
  if (want.where === 'host') return present({ ...source, content: want.content })
  const kind = (await files.stat(want.dir))?.kind
  if (kind !== (want.archive ? 'file' : 'directory')) return source
  return {
    ...source,
    content: want.archive ? await fileSum(want.dir) : await hashEntries(await folderEntries(files, want.dir)),
  }
}

/** An import's definition as its image's label holds it: which folder, and after a blank what lay in it, where that was told. */
export function importLabel({ content, ...folder }: JsonObject): string {
  return [canonicalHash(folder), ...(content === undefined ? [] : [canonicalHash({ content })])].join(' ')
}

/** The definition of an image that is made by us; undefined for one that is pulled. Throws a UserError where what it is made from is missing. */
export async function defineImage(
  want: ImageWant,
  files: LocalFiles,
  key: Uint8Array,
): Promise<ImageDefinition | undefined> {
  if (want.from === 'pull' || want.from === 'host') return undefined
  if (want.from === 'import') return { spec: await defineImport(want, files), bases: [] }
  // How it stands is known with the engine.
  if (want.from === 'playbook') return { spec: { cause: 'not there' }, bases: [want.base] }
  if (want.from === 'load') {
    const { id, digests } = imageIn(await savedImages(want.file), want)
    return { spec: { id, digests }, bases: [] }
  }
  return defineBuild(want, await readContext(files, want), key)
}
