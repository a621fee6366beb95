// The one door to the YAML library: text in, plain values with positions out (YAML 1.2 only), and data to YAML for templates.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  Scalar,
  stringify,
  type YAMLMap,
} from 'yaml'
import { Tagged, tagOf } from '../compose/tagged.js'
import { type At, usageError } from '../errors.js'
import type { Raw } from '../raw.js'
import { collectProblems, type Problems } from './problems.js'
import { makeRaw, type Place } from './raw.js'

const longest = 16 * 1024 * 1024
const deepest = 100
/** How many values aliases may stand for in all. */
const mostAliased = 100_000

const ownWords: Record<string, string> = {
  TAB_AS_INDENT: 'tabs are not allowed as indentation; use spaces',
  BLOCK_AS_IMPLICIT_KEY:
    'a colon stands in this value, or in the next line, which is indented too far: quote it, or move that line',
  MULTIPLE_DOCS: 'the file holds several YAML documents; only one is allowed',
}

/** The library tells of its own recursion's end as of any mistake. */
const wordsOf = ({ code, message }: { code: string; message: string }): string =>
  /call stack/.test(message) ? 'nested too deeply' : (ownWords[code] ?? message)

interface Built {
  value: unknown
  place: Place
  /** How many values it comes to with every alias written out. */
  size: number
}

/** Turns the library's nodes into plain values and places, and checks what the library leaves open. */
class Builder {
  readonly #anchors = new Map<string, Built | 'unfinished'>()
  readonly #problems: Problems
  readonly #toAt: (offset: number) => At
  readonly #isCompose: boolean
  #aliased = 0

  constructor(problems: Problems, toAt: (offset: number) => At, isCompose: boolean) {
    this.#problems = problems
    this.#toAt = toAt
    this.#isCompose = isCompose
  }

  build(node: unknown, offset: number, depth = 0): Built {
    if (depth > deepest) return this.#refuse(`nested deeper than ${deepest} levels`, offset)
    if (isAlias(node)) return this.#alias(node.source, node.range?.[0] ?? offset)
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return { value: null, place: { offset }, size: 1 }
    const { anchor } = node
    if (anchor !== undefined) this.#anchors.set(anchor, 'unfinished')
    const start = node.range?.[0] ?? offset
    const built = isMap(node)
      ? this.#map(node, start, depth)
      : isSeq(node)
        ? this.#list(node.items, start, depth)
        : this.#scalar(node, start)
    const tag = this.#isCompose ? tagOf(node.tag) : undefined
    const whole = tag === undefined ? built : { ...built, value: new Tagged(tag, built.value) }
    if (anchor !== undefined) this.#anchors.set(anchor, whole)
    return whole
  }

  #refuse(message: string, offset: number): Built {
    this.#problems.add(message, this.#toAt(offset))
    return { value: null, place: { offset }, size: 1 }
  }

  #alias(name: string, offset: number): Built {
    const target = this.#anchors.get(name)
    if (target === undefined) return this.#refuse(`there is no anchor &${name} above this alias`, offset)
    if (target === 'unfinished') return this.#refuse(`the alias *${name} stands inside its own anchor`, offset)
    this.#aliased += target.size
    if (this.#aliased > mostAliased) return this.#refuse('the aliases stand for too many values', offset)
    return { ...target, place: { ...target.place, offset } }
  }

  #scalar(node: Scalar, offset: number): Built {
    const { value, type } = node
    if (
      typeof value === 'number' &&
      (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    )
      if (!/^[-+]?\.(inf|nan)$/i.test(node.source ?? ''))
        return this.#refuse(`the number ${node.source} is too large to be read exactly; put it in quotes`, offset)
    // Compose reads 0644 as YAML 1.1 did.
    if (this.#isCompose && typeof value === 'number' && /^0[0-7]+$/.test(node.source ?? ''))
      return { value: Number.parseInt(node.source ?? '', 8), place: { offset }, size: 1 }
    if (typeof value !== 'string') return { value: value ?? null, place: { offset }, size: 1 }
    const quoted = type === Scalar.QUOTE_DOUBLE || type === Scalar.QUOTE_SINGLE
    const style =
      type === Scalar.PLAIN ? 'plain' : quoted ? 'quoted' : type === Scalar.BLOCK_LITERAL ? 'literal' : 'other'
    return { value, place: { offset, text: { value, style } }, size: 1 }
  }

  #list(items: readonly unknown[], offset: number, depth: number): Built {
    const children = new Map<string, Place>()
    let size = 1
    const value = items.map((item, index) => {
      const built = this.build(item, offset, depth + 1)
      children.set(String(index), built.place)
      size += built.size
      return built.value
    })
    return { value, place: { offset, children }, size }
  }

  #map(node: YAMLMap, offset: number, depth: number): Built {
    const value: Record<string, unknown> = {}
    const children = new Map<string, Place>()
    const merges: Built[] = []
    let size = 1
    for (const pair of node.items) {
      const key = this.#key(pair, offset)
      if (key === undefined) continue
      const built = this.build(pair.value, key.offset, depth + 1)
      size += built.size
      if (key.merge) merges.push(...this.#merged(built, key.offset))
      else if (children.has(key.name)) this.#refuse(`the key "${key.name}" is there twice`, key.offset)
      else {
        value[key.name] = built.value
        children.set(key.name, { ...built.place, key: key.offset })
      }
    }
    for (const { value: from, place } of merges)
      for (const [name, inner] of Object.entries(from as Record<string, unknown>)) {
        const source = place.children?.get(name)
        if (Object.hasOwn(value, name) || source === undefined) continue
        value[name] = inner
        children.set(name, source)
      }
    return { value, place: { offset, children }, size }
  }

  #key({ key }: Pair, offset: number): { name: string; offset: number; merge: boolean } | undefined {
    const start = isScalar(key) || isMap(key) || isSeq(key) || isAlias(key) ? (key.range?.[0] ?? offset) : offset
    if (!isScalar(key) || key.value === null || key.value === undefined) {
      this.#refuse(`a key must be text${isMap(key) ? '; a value that begins with {{ stands in quotes' : ''}`, start)
      return undefined
    }
    const plain = key.type === Scalar.PLAIN
    const name =
      typeof key.value === 'string' ? key.value : plain && key.source !== undefined ? key.source : String(key.value)
    if (name === '__proto__') {
      this.#refuse('the key "__proto__" is not allowed', start)
      return undefined
    }
    return { name, offset: start, merge: plain && name === '<<' }
  }

  #merged(built: Built, offset: number): Built[] {
    const { value, place } = built
    const sources = Array.isArray(value)
      ? value.map((item: unknown, index) => ({
          value: item,
          place: place.children?.get(String(index)) ?? place,
          size: 0,
        }))
      : [built]
    if (
      sources.every(source => typeof source.value === 'object' && source.value !== null && !Array.isArray(source.value))
    )
      return sources
    this.#refuse('`<<` takes a map, or a list of maps', offset)
    return []
  }
}

/**
 * Reads YAML 1.2 text into a value with the way to its positions. Throws one usage error that lists all mistakes and their places.
 * `compose`: values tagged `!reset` or `!override` come as `Tagged`, and 0644 is octal.
 */
export function readYaml(text: string, file: string, { compose = false } = {}): Raw {
  const lines = new LineCounter()
  const toAt = (offset: number): At => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const top = { file, line: 1, column: 1 }
  if (text.length > longest) throw usageError('the file is larger than 16 MiB', { at: top })
  const problems = collectProblems()
  try {
    // The library's own check for unique keys takes quadratic time; the builder does it.
    // The mark that some editors put before the first line is no part of it; the library takes it for an indent.
    const document = parseDocument(text.replace(/^\ufeff/, ''), {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    })
    const { yaml } = document.directives
    if (yaml.explicit === true && yaml.version !== '1.2')
      problems.add(`this is YAML ${yaml.version}; only 1.2 is read: remove the %YAML line`, top)
    for (const issue of [...document.errors, ...document.warnings])
      if (!compose || issue.code !== 'TAG_RESOLVE_FAILED' || tagOf(issue.message) === undefined)
        problems.add(wordsOf(issue), toAt(issue.pos[0]))
    problems.throwIfAny()
    const built = new Builder(problems, toAt, compose).build(document.contents, 0)
    problems.throwIfAny()
    return makeRaw(built.value, built.place, toAt, text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw usageError('the YAML is nested too deeply', { at: top })
  }
}

/** Plain data as YAML text, without a closing newline. */
export const toYaml = (value: unknown): string => stringify(value, { lineWidth: 0 }).replace(/\n$/, '')
