// Relative paths of a service that comes from another folder, written anew so that they start from the project's.
import { isAbsolute, join, relative } from 'node:path'
import { childOf, itemsOf, listOf, mapEntries, mapOf, type Node, textOf, withChild, withValue } from './node.js'

const isElsewhere = (path: string): boolean =>
  isAbsolute(path) || path === '~' || path.startsWith('~/') || /^([a-z]+:\/\/|git@)/.test(path)

/** A relative path below `from` as one below `to`; it always starts with a dot. */
function movedPath(path: string, from: string, to: string): string {
  if (isElsewhere(path)) return path
  const moved = relative(to, join(from, path))
  return moved.startsWith('..') ? moved : `./${moved}`
}

/** A service, config or secret with its relative paths starting from the folder `to`, where they started from `from`. */
export function withMovedPaths(node: Node, from: string, to: string): Node {
  if (from === to) return node
  const moved = (part: Node): Node => {
    const text = textOf(part)
    return text === undefined ? part : withValue(part, movedPath(text, from, to))
  }
  const at = (part: Node, key: string, change: (child: Node) => Node): Node => {
    const child = childOf(part, key)
    return child === undefined ? part : withChild(part, key, change(child))
  }
  const eachItem =
    (change: (item: Node) => Node) =>
    (part: Node): Node =>
      part.value === null
        ? part
        : listOf(part) === undefined
          ? change(part)
          : withValue(part, itemsOf(part).map(change))
  const mount = (item: Node): Node => {
    if (mapOf(item) !== undefined) return textOf(childOf(item, 'type')) === 'bind' ? at(item, 'source', moved) : item
    const text = textOf(item) ?? ''
    const end = text.indexOf(':')
    const source = end < 0 ? '' : text.slice(0, end)
    return source.startsWith('.') ? withValue(item, movedPath(source, from, to) + text.slice(end)) : item
  }
  let result = node
  result = at(result, 'build', part => (mapOf(part) === undefined ? moved(part) : at(part, 'context', moved)))
  result = at(
    result,
    'env_file',
    eachItem(item => (mapOf(item) === undefined ? moved(item) : at(item, 'path', moved))),
  )
  result = at(result, 'label_file', eachItem(moved))
  return at(result, 'volumes', eachItem(mount))
}

/** The same for the entries of `configs:` or `secrets:`. */
export const withMovedFiles = (section: Node, from: string, to: string): Node =>
  from === to
    ? section
    : mapEntries(section, entry => {
        const file = childOf(entry, 'file')
        const text = textOf(file)
        return file === undefined || text === undefined
          ? entry
          : withChild(entry, 'file', withValue(file, movedPath(text, from, to)))
      })

/** The same for the entries of `volumes:` that bind a folder. */
export const withMovedDevices = (section: Node, from: string, to: string): Node =>
  from === to
    ? section
    : mapEntries(section, entry => {
        const options = childOf(entry, 'driver_opts')
        const device = childOf(options, 'device')
        const text = textOf(device)
        if (options === undefined || device === undefined || text === undefined) return entry
        if (!isBind(textOf(childOf(options, 'o')))) return entry
        return withChild(
          entry,
          'driver_opts',
          withChild(options, 'device', withValue(device, movedPath(text, from, to))),
        )
      })

/** True for mount options that bind a folder. */
export const isBind = (options: string | undefined): boolean => /(^|,)r?bind(,|$)/.test(options ?? '')
