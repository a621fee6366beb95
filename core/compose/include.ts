// `include:` of a Compose file: other Compose projects, whose services, networks and volumes come beside the file's own.
import { dirname, resolve } from 'node:path'
import { usageError } from '../errors.js'
import { suggestion } from '../language/suggest.js'
import { variablesOf } from './environment.js'
import type { LoadContext, Model, Source } from './model.js'
import { childOf, itemsOf, listOf, mapEntries, mapOf, type Node, textOf, withChild } from './node.js'
import { withMovedDevices, withMovedFiles, withMovedPaths } from './paths.js'
import { sections } from './sections.js'

const same = (one: Node, other: Node): boolean => JSON.stringify(shape(one)) === JSON.stringify(shape(other))

const shape = (node: Node): unknown => {
  const map = mapOf(node)
  if (map !== undefined) return [...map].map(([key, child]) => [key, shape(child)]).sort()
  return listOf(node)?.map(shape) ?? node.value
}

/** Puts the entries of an included model beside those of the file; the same name twice is an error, unless both say the same. */
export function joined(root: Node, included: Node): Node {
  let result = root
  for (const section of sections) {
    const theirs = childOf(included, section)
    if (mapOf(theirs) === undefined || theirs === undefined) continue
    let ours = childOf(result, section)
    for (const [name, entry] of mapOf(theirs) ?? []) {
      const mine = childOf(ours, name)
      if (mine !== undefined && !same(mine, entry)) {
        const { file, line } = entry.key ?? entry.at
        throw usageError(`${section}.${name} is included too, from ${file}:${line}, and differs there`, {
          at: mine.key ?? mine.at,
          hint: 'give one of them another name, or lay the changes over it by naming several files in `include`',
        })
      }
      ours = withChild(ours ?? { ...theirs, value: new Map() }, name, mine ?? entry)
    }
    result = withChild(result, section, ours)
  }
  return result
}

const includeKeys = ['path', 'project_directory', 'env_file']

/**
 * Loads what one entry of `include:` of a file names, as a project of its own; `load` does that. Gives its folder too, where its
 * relative paths start.
 */
export async function includedBy(
  entry: Node,
  source: Source,
  file: string,
  context: LoadContext,
  load: (source: Source, context: LoadContext) => Promise<Model>,
): Promise<{ model: Model; folder: string }> {
  const map = mapOf(entry)
  for (const [key, child] of map ?? [])
    if (!includeKeys.includes(key))
      throw usageError(`unknown key \`${key}\` in include${suggestion(key, includeKeys)}`, {
        at: child.key ?? child.at,
      })
  const paths = itemsOf(map === undefined ? entry : map.get('path')).map(item => {
    const text = textOf(item)
    if (text === undefined) throw usageError('include must have paths of files', { at: item.at })
    if (/^(https?|git|ssh|oci):|^git@/.test(text))
      throw usageError(`${text}: files from elsewhere cannot be included by this version`, { at: item.at })
    return { path: resolve(source.folder, text), at: item.at }
  })
  const [first] = paths
  if (first === undefined) throw usageError('include must have a path', { at: entry.at })
  const directory = textOf(map?.get('project_directory'))
  const folder = directory === undefined ? dirname(first.path) : resolve(source.folder, directory)
  const trail = [...source.trail, file]
  const circle = paths.find(({ path }) => trail.includes(path))
  if (circle !== undefined)
    throw usageError(
      `files include each other: ${[...trail.slice(trail.indexOf(circle.path)), circle.path].join(' → ')}`,
      {
        at: circle.at,
      },
    )
  const envFiles = itemsOf(map?.get('env_file')).map(item => ({
    path: resolve(source.folder, textOf(item) ?? ''),
    at: item.at,
  }))
  const variables = await variablesOf(context.files, folder, envFiles, source.variables)
  return { model: await load({ files: paths, folder, variables, trail }, context), folder }
}

/** An included model with its relative paths starting from the folder of what includes it. */
export function moved(model: Node, from: string, to: string): Node {
  let result = model
  for (const section of sections) {
    const child = childOf(result, section)
    if (child === undefined || mapOf(child) === undefined) continue
    if (section === 'services')
      result = withChild(
        result,
        section,
        mapEntries(child, service => withMovedPaths(service, from, to)),
      )
    else if (section === 'configs' || section === 'secrets')
      result = withChild(result, section, withMovedFiles(child, from, to))
    else if (section === 'volumes') result = withChild(result, section, withMovedDevices(child, from, to))
  }
  return result
}
