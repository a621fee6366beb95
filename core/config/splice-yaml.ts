// Makes one change in a YAML text by cutting only where it is, so that every other character stays; gives up where that is not simple.
import { isDeepStrictEqual } from 'node:util'
import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  Pair,
  parseDocument,
  Scalar,
  stringify,
  type YAMLMap,
} from 'yaml'

/** Keys of a map and numbers of a list's entries, from the top. */
export type Way = readonly (string | number)[]

/** How new lines are laid out. */
export interface Layout {
  indent: number
  indentSeq: boolean
  flowCollectionPadding: boolean
}

/** How deep the lines of a text are set, and its lists: as those that come first. */
export function layoutOf(text: string): Layout {
  let [indent, indentSeq, before]: [number | undefined, boolean | undefined, number] = [undefined, undefined, 0]
  for (const line of text.split('\n')) {
    const [, space = '', dash] = /^( *)(- )?[^\s#]/.exec(line) ?? []
    if (!/^ *[^\s#]/.test(line)) continue
    const depth = space.length
    if (dash === undefined && depth > before) indent ??= depth - before
    if (dash !== undefined && indentSeq === undefined && before >= 0) indentSeq = depth > before
    before = depth
  }
  return {
    indent: indent ?? 2,
    indentSeq: indentSeq ?? true,
    flowCollectionPadding: !/[{[][\w"'][^\n]*[\w"'][}\]]/.test(text),
  }
}

/** Text that a reader of YAML 1.1, as many programs still are, takes for something else ("yes", "12:30") goes into quotes. */
export const needsQuotes = (value: unknown): boolean =>
  typeof value === 'string' && stringify(value, { version: '1.1', lineWidth: 0 }).startsWith('"')

/** A node of plain data, which reads the same in YAML 1.1 and 1.2. */
export function nodeOf(document: Document, value: unknown): Node {
  const node = document.createNode(value) as Node
  const visit = (one: unknown): void => {
    if (isScalar(one) && needsQuotes(one.value)) one.type = Scalar.QUOTE_DOUBLE
    else if (isPair(one)) visit(one.value)
    else if (isCollection(one)) one.items.forEach(visit)
  }
  visit(node)
  return node
}

/** A node as text, in lines or, inside of brackets, in one. */
function written(node: Node | Pair, layout: Layout, flow: boolean): string {
  const document = new Document()
  const holder = document.createNode(isPair(node) ? {} : [])
  holder.items.push(node as never)
  holder.flow = flow
  document.contents = holder as never
  const text = document.toString({
    lineWidth: 0,
    ...layout,
    flowCollectionPadding: flow ? false : layout.flowCollectionPadding,
  })
  return flow ? text.trim().slice(1, -1) : text.replace(/\n$/, '')
}

const rangeOf = (node: unknown): readonly [number, number] => {
  const range = (node as Node | null)?.range
  return range ? [range[0], range[1]] : [-1, -1]
}

/** Where a node's last character is; lines in brackets, and text, know it themselves. */
function endOf(node: unknown): number {
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    const last: unknown = node.items.at(-1)
    return endOf(isPair(last) ? (last.value ?? last.key) : last)
  }
  return rangeOf(node)[1]
}

const columnOf = (text: string, offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1)

const indented = (text: string, columns: number): string => text.replace(/\n(?=[^\n])/g, `\n${' '.repeat(columns)}`)

const put = (text: string, start: number, end: number, what: string): string =>
  text.slice(0, start) + what + text.slice(end)

/** Puts lines after the line in which a node ends. */
function putAfter(text: string, node: unknown, columns: number, what: string): string {
  const end = endOf(node)
  const found = text[end - 1] === '\n' ? end - 1 : text.indexOf('\n', end)
  const at = found < 0 ? text.length : found
  return put(text, at, at, `\n${' '.repeat(columns)}${indented(what, columns)}`)
}

const keyNode = (key: string | number): Scalar => {
  const scalar = new Scalar(key)
  if (needsQuotes(key)) scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}

const pairIn = (map: YAMLMap, key: string | number): Pair | undefined =>
  map.items.find(pair => isScalar(pair.key) && pair.key.value === key)

/** The value that is wanted at a key, with the maps that lead on to it. */
const nested = (way: Way, value: unknown): unknown => way.reduceRight((inner, key) => ({ [key]: inner }), value)

/** The text with a value set; undefined where cutting is not simple. */
function set(text: string, document: Document, way: Way, value: unknown, layout: Layout): string | undefined {
  let node: unknown = document.contents
  let flow = false
  for (const [depth, key] of way.entries()) {
    if (!isCollection(node) || node.items.length === 0) return undefined
    flow ||= node.flow === true
    const rest = way.slice(depth + 1)
    const pair = isMap(node) ? pairIn(node, key) : undefined
    const next: unknown = isSeq(node) ? node.items[Number(key)] : pair?.value
    const last: unknown = node.items.at(-1)
    const lastNode: unknown = isPair(last) ? (last.value ?? last.key) : last
    if (next === undefined) {
      const fresh = nodeOf(document, nested(rest, value))
      const what = written(isMap(node) ? new Pair(keyNode(key), fresh) : fresh, layout, flow)
      const end = endOf(lastNode)
      if (flow) return put(text, end, end, `, ${what}`)
      return putAfter(text, lastNode, columnOf(text, rangeOf(isMap(node) ? node.items[0]?.key : node)[0]), what)
    }
    const isEmpty = (isScalar(next) && next.value === null) || (isCollection(next) && next.items.length === 0)
    if (rest.length > 0 && !isEmpty) {
      node = next
      continue
    }
    const isPlain = rest.length === 0 && (typeof value !== 'object' || value === null)
    const [start, end] = rangeOf(next)
    if (isScalar(next) && isPlain && end > start && !text.slice(start, end).includes('\n')) {
      const scalar = nodeOf(document, value) as Scalar
      if (typeof value === 'string' && typeof next.value === 'string' && next.type?.startsWith('QUOTE'))
        scalar.type = next.type
      const what = flow ? written(scalar, layout, true) : written(scalar, layout, false).slice(2)
      return what.includes('\n') ? undefined : put(text, start, end, what)
    }
    if (flow || pair === undefined || !isScalar(pair.key)) return undefined
    const from = rangeOf(pair.key)[0]
    const what = written(new Pair(keyNode(key), nodeOf(document, nested(rest, value))), layout, false)
    return put(text, from, Math.max(endOf(next), rangeOf(pair.key)[1] + 1), indented(what, columnOf(text, from)))
  }
  return undefined
}

/** The text without the lines of a key; undefined where it has no lines of its own. */
function remove(text: string, document: Document, way: Way): string | undefined {
  const key = way.at(-1) ?? ''
  const map = way.length === 1 ? document.contents : document.getIn(way.slice(0, -1), true)
  if (!isMap(map) || map.flow === true || map.items.length < 2) return undefined
  const pair = pairIn(map, key)
  const from = rangeOf(pair?.key)[0]
  const start = text.lastIndexOf('\n', from - 1) + 1
  if (pair === undefined || text.slice(start, from).trim() !== '') return undefined
  const end = endOf(pair.value ?? pair.key)
  const found = text[end - 1] === '\n' ? end - 1 : text.indexOf('\n', end)
  return found < 0 ? text.slice(0, start) : put(text, start, found + 1, '')
}

/**
 * The text with one change made by cutting: a value to be set, or a key to be removed. `wanted` is the whole data afterwards; undefined
 * where the result would not be just that.
 */
export function spliced(
  text: string,
  way: Way,
  change: { value: unknown } | 'remove',
  wanted: unknown,
): string | undefined {
  const document = parseDocument(text, { logLevel: 'error', uniqueKeys: false })
  if (way.length === 0 || isAlias(document.contents)) return undefined
  const made =
    change === 'remove' ? remove(text, document, way) : set(text, document, way, change.value, layoutOf(text))
  if (made === undefined) return undefined
  const again = parseDocument(made, { logLevel: 'silent', uniqueKeys: false })
  return again.errors.length === 0 && isDeepStrictEqual(again.toJS(), wanted) ? made : undefined
}
