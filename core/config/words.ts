// What a schema says about a value, in people's words.

import { nearest } from '../language/suggest.js'
import type { z } from '../schema.js'
import { Secret } from '../secret.js'
import { valueAt } from './raw.js'

type Path = readonly (string | number)[]
type Issue = z.core.$ZodIssue

/** One thing wrong with a value: which part, in which words; `key` when the key is meant, not its value. */
export interface Wrong {
  path: (string | number)[]
  message: string
  key?: boolean
  /** The unknown key, where that is the matter. */
  unknown?: string
}

/** The kind of a value, with its article. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (value instanceof Secret) return 'a secret'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'true or false'
  if (typeof value === 'number' || typeof value === 'bigint')
    return Number.isInteger(value) ? 'a whole number' : 'a number'
  return 'a map'
}

const expectedWords: Record<string, string> = {
  string: 'text',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  tuple: 'a list',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
  null: 'nothing',
}

/** The key path as people write it: `hosts.web1.port`, `ports[0]`. */
export function pathText(path: Path): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text
}

/** What an issue expects, for "must be …"; undefined for other matters than kind and value. */
function expected(issue: Issue): string[] | undefined {
  if (issue.code === 'invalid_type') return [expectedWords[issue.expected] ?? issue.expected]
  if (issue.code === 'invalid_value')
    return issue.values.map(value => (typeof value === 'string' ? `"${value}"` : String(value)))
  return undefined
}

const orList = (words: readonly string[]): string => {
  const unique = [...new Set(words)]
  return unique.length < 2 ? unique.join('') : `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`
}

/** Words that YAML 1.1 took for true and false; in YAML 1.2 they are text. Source: yaml.org/type/bool.html. */
const oldBooleans = new Map<string, boolean>([
  ...['yes', 'on', 'y'].map(word => [word, true] as const),
  ...['no', 'off', 'n'].map(word => [word, false] as const),
])

function mustBe(words: readonly string[], value: unknown): string {
  const found =
    typeof value === 'string' && words.some(word => /^"|true or false|number/.test(word))
      ? `"${value.slice(0, 60)}"`
      : kindOf(value)
  const quoted = words.filter(word => word.startsWith('"')).map(word => word.slice(1, -1))
  const near = typeof value === 'string' ? nearest(value, quoted) : undefined
  const meant =
    typeof value === 'string' && words.includes('true or false') ? oldBooleans.get(value.toLowerCase()) : undefined
  const instead = meant === undefined ? '' : ` (YAML 1.2: write ${meant})`
  return `must be ${orList(words)}, not ${found}${instead}${near === undefined ? '' : `; did you mean "${near}"?`}`
}

const unitWord = (origin: string): string =>
  origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : ''

function limitWords(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const unit = unitWord(issue.origin)
  if (issue.code === 'too_small') {
    if (unit !== '' && Number(issue.minimum) === 1) return 'must not be empty'
    return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit}`
  }
  return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit}`
}

/** A message that the schema's author wrote is kept; the library's own are put in our words. */
const isOwn = (message: string): boolean => !/^(Invalid|Too (small|big)|Unrecognized key)/.test(message)

/** Reads one issue of the schema library, for the value it was found in. */
export function explain(issue: Issue, root: unknown, base: Path = []): Wrong[] {
  const path = [...base, ...issue.path.filter(step => typeof step !== 'symbol')]
  const value = valueAt(root, path)
  if (issue.code === 'unrecognized_keys' && value instanceof Secret)
    return [{ path, message: mustBe(['a map'], value) }]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({ path: [...path, key], message: 'unknown key', key: true, unknown: key }))
  if (isOwn(issue.message)) return [{ path, message: issue.message }]
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0]
    return [
      {
        path,
        message: inner !== undefined && isOwn(inner.message) ? inner.message : 'this name is not allowed',
        key: true,
      },
    ]
  }
  if (issue.code === 'invalid_union') return explainUnion(issue, root, path)
  const words = expected(issue)
  if (words !== undefined) {
    const last = path.at(-1)
    if (value === undefined && last !== undefined) return [{ path, message: `is missing (${orList(words)})` }]
    if (issue.code === 'invalid_type' && issue.expected === 'int' && typeof value === 'number')
      return [{ path, message: `must be a whole number, not ${value}` }]
    return [{ path, message: mustBe(words, value) }]
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return [{ path, message: limitWords(issue) }]
  return [{ path, message: issue.code === 'invalid_format' ? `is not a valid ${issue.format}` : 'is not valid' }]
}

/** Of a union, the branch that fits the value's kind explains it; without one, all kinds are named. */
function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  path: (string | number)[],
): Wrong[] {
  const branches = issue.errors as readonly (readonly Issue[])[]
  const atRoot = (inner: Issue): boolean => inner.path.length === 0 && expected(inner) !== undefined
  const fitting = branches.filter(branch => branch.length > 0 && !branch.some(atRoot))
  const best = fitting.toSorted((a, b) => a.length - b.length)[0]
  if (best !== undefined) return best.flatMap(inner => explain(inner, root, path))
  const nested = branches
    .flat()
    .filter(inner => inner.code === 'invalid_union')
    .flatMap(inner => explain(inner, root, path))
  const words = branches.flat().flatMap(inner => (atRoot(inner) ? (expected(inner) ?? []) : []))
  if (words.length === 0) return nested.length > 0 ? nested.slice(0, 1) : [{ path, message: 'is not valid' }]
  return [
    {
      path,
      message: valueAt(root, path) === undefined ? `is missing (${orList(words)})` : mustBe(words, valueAt(root, path)),
    },
  ]
}
