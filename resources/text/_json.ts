// Changes single values of a JSON text: every other character stays as it is, numbers of any length and the layout too.
import { isDeepStrictEqual } from 'node:util'
import { messageOf, UserError } from '../../core/errors.js'
import { isEmptyMap, type KeyEdits, type KeyPath } from './_keys.js'

/** A value in the text: from its first character to the one after its last. */
interface Node {
  kind: 'map' | 'list' | 'plain'
  start: number
  end: number
  /** What is in it; of a list, `key` is empty. `start` is where the key starts, or the entry. */
  items: { key: string; start: number; value: Node }[]
}

/** Reads text that the language's own reader has already found good. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  #space(): void {
    while (/[\s]/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #string(): string {
    const start = this.#at++
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === '\\' ? 2 : 1
    return JSON.parse(this.#text.slice(start, ++this.#at)) as string
  }

  read(): Node {
    this.#space()
    const start = this.#at
    const first = this.#text[start]
    const items: Node['items'] = []
    if (first === '"') this.#string()
    else if (first !== '{' && first !== '[') while (/[\w.+-]/.test(this.#text[this.#at] ?? '')) this.#at++
    else {
      const last = first === '{' ? '}' : ']'
      this.#at++
      for (this.#space(); this.#text[this.#at] !== last; this.#space()) {
        if (this.#text[this.#at] === ',') this.#at++
        this.#space()
        const from = this.#at
        const key = first === '{' ? this.#string() : ''
        this.#space()
        if (first === '{') this.#at++
        items.push({ key, start: from, value: this.read() })
      }
      this.#at++
    }
    return { kind: first === '{' ? 'map' : first === '[' ? 'list' : 'plain', start, end: this.#at, items }
  }
}

function parse(text: string, file: string): Node {
  try {
    JSON.parse(text)
  } catch (error) {
    throw new UserError(`${file} on the host is no JSON: ${messageOf(error)}`, {
      hint: 'Comments and commas at the end are no JSON either: edit such a file with line, block or replace.',
    })
  }
  return new Reader(text).read()
}

/** The last one of a key counts, as for every reader of JSON. */
const indexOf = (node: Node, key: string): number =>
  node.kind === 'list' && /^\d+$/.test(key) ? Number(key) : node.items.findLastIndex(item => item.key === key)

const splice = (text: string, start: number, end: number, put: string): string =>
  text.slice(0, start) + put + text.slice(end)

/** The white space before the first character of the line that `offset` is in. */
const indentAt = (text: string, offset: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? ''

const unitOf = (text: string): string => /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '

/** A value as this text would write it, its later lines indented as the place wants it. */
function printed(value: unknown, text: string, indent: string, inLines: boolean): string {
  if (inLines) return JSON.stringify(value, null, unitOf(text)).replaceAll('\n', `\n${indent}`)
  const [comma, colon] = /[,:] /.test(text) ? [', ', ': '] : [',', ':']
  const compact = (inner: unknown): string => {
    if (Array.isArray(inner)) return `[${inner.map(compact).join(comma)}]`
    if (typeof inner !== 'object' || inner === null) return JSON.stringify(inner)
    return `{${Object.entries(inner)
      .map(([key, each]) => JSON.stringify(key) + colon + compact(each))
      .join(comma)}}`
  }
  return compact(value)
}

/** Puts a new entry at the end of a map or a list. */
function append(text: string, node: Node, key: string, value: unknown): string {
  const [first] = node.items
  const last = node.items.at(-1)
  if (first === undefined || last === undefined) {
    const base = indentAt(text, node.start)
    const inLines = text.trim() === '{}' || text.trim().includes('\n')
    return splice(
      text,
      node.start,
      node.end,
      printed(node.kind === 'map' ? { [key]: value } : [value], text, base, inLines),
    )
  }
  const inLines = text.slice(node.start, first.start).includes('\n')
  const indent = indentAt(text, first.start)
  const put = printed(value, text, indent, inLines)
  const space = inLines ? `\n${indent}` : /[,:] /.test(text) ? ' ' : ''
  const colon = inLines || space !== '' ? ': ' : ':'
  return splice(
    text,
    last.value.end,
    last.value.end,
    `,${space}${node.kind === 'map' ? JSON.stringify(key) + colon : ''}${put}`,
  )
}

const nested = (path: KeyPath, value: unknown): unknown => path.reduceRight((inner, key) => ({ [key]: inner }), value)

function setOne(text: string, path: KeyPath, value: unknown, file: string): string {
  let node = parse(text, file)
  for (const [depth, key] of path.entries()) {
    const before = path.slice(0, depth).join('.') || 'the top'
    if (node.kind === 'plain') {
      if (text.slice(node.start, node.end) !== 'null')
        throw new UserError(`${before} in ${file} is no map, so ${key} cannot be set in it`, {
          hint: `Remove ${before} first, or set it whole.`,
        })
      const put = printed(
        nested(path.slice(depth), value),
        text,
        indentAt(text, node.start),
        text.trim().includes('\n'),
      )
      return splice(text, node.start, node.end, put)
    }
    const index = indexOf(node, key)
    if (node.kind === 'list' && (!/^\d+$/.test(key) || index > node.items.length))
      throw new UserError(`${before} in ${file} is a list of ${node.items.length}, and has no entry ${key}`, {
        hint: 'Give the number of an entry, from 0, or set the whole list.',
      })
    const found = node.items[index]?.value
    if (found === undefined) return append(text, node, key, nested(path.slice(depth + 1), value))
    node = found
  }
  const old = text.slice(node.start, node.end)
  if ((isEmptyMap(value) && node.kind === 'map') || isDeepStrictEqual(JSON.parse(old), value)) return text
  const inLines = old.includes('\n') || (text.includes('\n') && node.kind === 'plain')
  return splice(text, node.start, node.end, printed(value, text, indentAt(text, node.start), inLines))
}

/** By its number an entry would go again each time. */
const entryStays = (path: KeyPath, file: string): UserError =>
  new UserError(`${path.join('.')} in ${file} is an entry of a list, which cannot be removed by its number`, {
    hint: 'Set the whole list instead.',
  })

function removeOne(text: string, path: KeyPath, file: string): string {
  let node = parse(text, file)
  for (const key of path.slice(0, -1)) {
    const inner = node.items[indexOf(node, key)]?.value
    if (inner === undefined) return text
    node = inner
  }
  const last = path.at(-1) ?? ''
  if (node.kind === 'list') throw entryStays(path, file)
  const index = indexOf(node, last)
  const item = node.items[index]
  const [before, after] = [node.items[index - 1], node.items[index + 1]]
  if (item === undefined) return text
  if (before !== undefined) return removeOne(splice(text, before.value.end, item.value.end, ''), path, file)
  if (after !== undefined) return removeOne(splice(text, item.start, after.start, ''), path, file)
  return splice(text, node.start, node.end, node.kind === 'map' ? '{}' : '[]')
}

/** The text with the edits made; the same text where nothing is to be done. A text that is empty is an empty map. Throws a UserError that names `file`. */
export function editJson(text: string, { set, remove }: KeyEdits, file: string): string {
  const start = text.trim() === '' && set.length > 0 ? '{}\n' : text
  if (start.trim() === '') return text
  const done = set.reduce((old, { path, value }) => setOne(old, path, value, file), start)
  return remove.reduce((old, path) => removeOne(old, path, file), done)
}
