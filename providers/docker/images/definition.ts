// How an image that is made here is defined right now: what its making depends on, as a spec that can be compared.
import { createHash } from 'node:crypto'
import type { LocalFiles } from '../../../core/files.js'
import { reveal, type Value } from '../../../core/secret.js'
import type { ImageWant } from '../../../core/wanted.js'
import { canonicalHash, type JsonObject, present } from '../canonical.js'
import { specValue } from '../containers/spec.js'
import type { ImageDefinition } from '../observe/seen.js'
import { type BuildContext, type BuildWant, folderEntries, hashEntries, readContext } from './context.js'
import { baseImages } from './dockerfile.js'

export type ImportWant = Extract<ImageWant, { from: 'import' }>

/** Build arguments in the clear, for the builder and for what its FROM lines mean. */
export const revealedArgs = (args: Readonly<Record<string, Value>>): Record<string, string> =>
  Object.fromEntries(Object.entries(args).map(([name, value]) => [name, reveal(value)]))

/** The definition of a build. The Dockerfile is hashed apart from its context, so that a plan can say which of the two changed. */
export async function defineBuild(want: BuildWant, context: BuildContext, key: Uint8Array): Promise<ImageDefinition> {
  const { entries, dockerfile, dockerfileText } = context
  return {
    spec: present({
      context: await hashEntries(entries.filter(({ path }) => path !== dockerfile)),
      dockerfile: createHash('sha256').update(dockerfileText).digest('hex'),
      dockerfile_path: dockerfile,
      args: Object.fromEntries(Object.entries(want.args).map(([name, value]) => [name, specValue(value, key)])),
      target: want.target,
    }),
    bases: baseImages(dockerfileText, revealedArgs(want.args), want.target),
  }
}

/** The definition of an import. A folder that is not there yet has no content. */
export async function defineImport(want: ImportWant, files: LocalFiles): Promise<JsonObject> {
  const folder = { dir: want.dir, where: want.where }
  if (want.where === 'host') return present({ ...folder, content: want.content })
  if ((await files.stat(want.dir))?.kind !== 'directory') return folder
  return { ...folder, content: await hashEntries(await folderEntries(files, want.dir)) }
}

/** An import's definition as its image's label holds it: which folder, and after a blank what lay in it, where that was told. */
export function importLabel({ content, ...folder }: JsonObject): string {
  return [canonicalHash(folder), ...(content === undefined ? [] : [canonicalHash({ content })])].join(' ')
}

/** The definition of an image that is made by us; undefined for one that is pulled. Throws a UserError where a build context is missing. */
export async function defineImage(
  want: ImageWant,
  files: LocalFiles,
  key: Uint8Array,
): Promise<ImageDefinition | undefined> {
  if (want.from === 'pull' || want.from === 'host') return undefined
  if (want.from === 'import') return { spec: await defineImport(want, files), bases: [] }
  return defineBuild(want, await readContext(files, want), key)
}
