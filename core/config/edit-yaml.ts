// Changes single values of a YAML text: comments, order and all else stay as they are.
import { isDeepStrictEqual } from 'node:util'
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, parseDocument } from 'yaml'
import { UserError } from '../errors.js'
import { layoutOf, needsQuotes, nodeOf, spliced, type Way } from './splice-yaml.js'

/** Where a value stands: keys from the top. In a list, a key is the number of an entry, from 0. */
export type KeyPath = readonly string[]

/** What shall become of a text. */
export interface YamlEdits {
  /** Values to be set, in order; maps on their way that are not there are made. */
  set: readonly { path: KeyPath; value: unknown }[]
  /** What shall not be there. */
  remove: readonly KeyPath[]
}

const shownPath = (path: KeyPath): string => path.join('.')

/** The way to a value with the numbers of lists as such. Throws a UserError where something that is neither map nor list is in the way. */
function wayIn(document: Document, path: KeyPath, file: string): (string | number)[] {
  const way: (string | number)[] = []
  let node: unknown = document.contents
  for (const [depth, key] of path.entries()) {
    const before = shownPath(path.slice(0, depth)) || 'the top'
    if (isAlias(node))
      throw new UserError(`${before} in ${file} is an alias (*${node.source}), behind which nothing is changed`, {
        hint: 'Change the value where its anchor stands.',
      })
    if (isSeq(node)) {
      if (!/^\d+$/.test(key) || Number(key) > node.items.length)
        throw new UserError(`${before} in ${file} is a list of ${node.items.length}, and has no entry ${key}`, {
          hint: 'Give the number of an entry, from 0, or set the whole list.',
        })
      way.push(Number(key))
      node = node.items[Number(key)]
      continue
    }
    if (node !== null && node !== undefined && !isMap(node) && !(isScalar(node) && node.value === null))
      throw new UserError(`${before} in ${file} is no map, so ${key} cannot be set in it`, {
        hint: `Remove ${before} first, or set it whole.`,
      })
    const pair = isMap(node) ? node.items.find(each => isScalar(each.key) && String(each.key.value) === key) : undefined
    // A key that was written as a number is found by its text.
    way.push(isPair(pair) && isScalar(pair.key) ? (pair.key.value as string | number) : key)
    node = pair?.value
  }
  return way
}

/** What has been left out on the way is made as maps; a null there becomes one. */
function makeWay(document: Document, way: readonly (string | number)[]): void {
  for (let depth = 0; depth < way.length; depth++) {
    const part = way.slice(0, depth)
    const node = document.getIn(part, true)
    if (node === undefined || node === null || (isScalar(node) && node.value === null)) {
      const map = document.createNode({})
      if (isScalar(node) && node.comment != null) map.commentBefore = node.comment
      if (depth === 0) document.contents = map
      else document.setIn(part, map)
    }
  }
}

/** A map that was empty is written in lines, as a new one is, once it has something in it. */
function openEmpty(document: Document, part: readonly (string | number)[]): void {
  const node = document.getIn(part, true)
  if (isMap(node) && node.items.length === 0) node.flow = false
}

/** An empty map only asks that there be a map. */
const isEmptyMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

/** Sets one value in the document; gives the way to it, or undefined where nothing is to be done. */
function setOne(document: Document, path: KeyPath, value: unknown, file: string): Way | undefined {
  const way = wayIn(document, path, file)
  const old = document.getIn(way, true)
  if (isMap(old) && isEmptyMap(value)) return undefined
  if (old !== undefined && isDeepStrictEqual((old as Node | null)?.toJS?.(document) ?? null, value ?? null))
    return undefined
  makeWay(document, way)
  openEmpty(document, way.slice(0, -1))
  if ((typeof value !== 'object' || value === null) && isScalar(old)) {
    if (typeof value !== 'string' || typeof old.value !== 'string') delete old.type
    if (needsQuotes(value)) old.type = 'QUOTE_DOUBLE'
    old.value = value
    delete old.source
    delete old.format
  } else document.setIn(way, nodeOf(document, value))
  return way
}

/** Removes one value from the document; gives the way to it, or undefined where there is none. */
function removeOne(document: Document, path: KeyPath, file: string): Way | undefined {
  if (!isThere(document, path)) return undefined
  const way = wayIn(document, path, file)
  // By its number an entry would go again each time.
  if (isSeq(document.getIn(way.slice(0, -1), true)))
    throw new UserError(`${shownPath(path)} in ${file} is an entry of a list, which cannot be removed by its number`, {
      hint: 'Set the whole list instead.',
    })
  return document.deleteIn(way) ? way : undefined
}

function read(text: string, file: string): Document {
  const document = parseDocument(text, { logLevel: 'error', uniqueKeys: false })
  const [mistake] = document.errors
  if (mistake === undefined) return document
  throw new UserError(
    mistake.code === 'MULTIPLE_DOCS'
      ? `${file} holds several YAML documents, and only one can be changed`
      : `${file} on the host is no YAML: ${mistake.message.split('\n')[0]}`,
  )
}

/**
 * The text with the edits made; the same text where nothing is to be done. A change is cut in where it is; where that is not simple, the
 * whole text is written anew in the layout of the old one, with its comments.
 * Throws a UserError, which names `file`, for a text that is no YAML or holds several documents.
 */
export function editYaml(text: string, { set, remove }: YamlEdits, file: string): string {
  const edits = [
    ...set.map(({ path, value }) => ({ path, change: { value } })),
    ...remove.map(path => ({ path, change: 'remove' as const })),
  ]
  let now = text
  for (const { path, change } of edits) {
    const document = read(now, file)
    const way = change === 'remove' ? removeOne(document, path, file) : setOne(document, path, change.value, file)
    if (way !== undefined)
      now = spliced(now, way, change, document.toJS()) ?? document.toString({ lineWidth: 0, ...layoutOf(now) })
  }
  return now
}

/** Whether what leads to a path are maps and lists, so that there can be something to remove. */
function isThere(document: Document, path: KeyPath): boolean {
  let node: unknown = document.contents
  for (const key of path) {
    if (isSeq(node)) node = /^\d+$/.test(key) ? node.items[Number(key)] : undefined
    else if (isMap(node)) node = node.items.find(each => isScalar(each.key) && String(each.key.value) === key)?.value
    else return isAlias(node)
    if (node === undefined) return false
  }
  return true
}
