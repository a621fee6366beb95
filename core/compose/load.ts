// Reads Compose files into one model: variables put in, `extends` and `include` followed, several files laid over each other.
import { readYaml } from '../config/yaml.js'
import { type At, usageError } from '../errors.js'
import { suggestion } from '../language/suggest.js'
import type { Variables } from './environment.js'
import { textOfFile } from './environment.js'
import { extended } from './extends.js'
import { includedBy, joined, moved } from './include.js'
import { mergeFiles } from './merge.js'
import type { LoadContext, Model, Source } from './model.js'
import { childOf, interpolated, listOf, mapOf, type Node, nodeOf } from './node.js'
import { sections } from './sections.js'

const topKeys = [...sections, 'include', 'name', 'version', 'models']

function checkTop(root: Node, context: LoadContext): void {
  const map = mapOf(root)
  if (map === undefined)
    throw usageError(root.value === null ? 'the Compose file is empty' : 'a Compose file must be a map', {
      at: root.at,
    })
  for (const [key, child] of map) {
    const at = child.key ?? child.at
    if (!topKeys.includes(key) && !key.startsWith('x-'))
      throw usageError(`unknown key \`${key}\` in a Compose file${suggestion(key, topKeys)}`, { at })
    if (key === 'models' && child.value !== null)
      context.warn('models: this version runs no language models; services get no address of one', at)
    const isSection = sections.some(section => section === key)
    if (isSection && child.value !== null && mapOf(child) === undefined)
      throw usageError(`${key} must be a map`, { at: child.at })
    for (const [name, entry] of isSection ? (mapOf(child) ?? []) : []) {
      if (!/^[a-zA-Z0-9._-]+$/.test(name) && !name.startsWith('x-'))
        throw usageError(`${key}: "${name}" is no name: letters, digits, "_", "." and "-"`, { at: entry.key ?? at })
      if (key === 'services' && mapOf(entry) === undefined && entry.tag === undefined)
        throw usageError(`services.${name} must be a map`, { at: entry.at })
    }
  }
}

/** A file's tree with its variables put in. */
async function readFile(path: string, at: At, variables: Variables, context: LoadContext): Promise<Node> {
  const root = interpolated(
    nodeOf(readYaml(await textOfFile(context.files, path, at), path, { compose: true })),
    variables,
    context.unset,
  )
  checkTop(root, context)
  return root
}

/** Loads a project's files, one laid over the other. Throws usage errors with their places. */
export async function loadModel(source: Source, context: LoadContext): Promise<Model> {
  let root: Node | undefined
  let name: Node | undefined
  for (const { path, at } of source.files) {
    const own = await readFile(path, at, source.variables, context)
    // The file's services may extend those of the files before it.
    let file = await extended(own, root, {
      path,
      folder: source.folder,
      readOther: (other, where) => readFile(other, where, source.variables, context),
    })
    for (const entry of listOf(childOf(file, 'include')) ?? []) {
      const { model, folder } = await includedBy(entry, source, path, context, loadModel)
      file = joined(file, moved(model.root, folder, source.folder))
    }
    name = childOf(file, 'name') ?? name
    root = root === undefined ? file : mergeFiles(root, file)
  }
  if (root === undefined) throw new Error('a Compose project without files')
  return { root, ...(name === undefined ? {} : { name }) }
}
