// Reads one prepared YAML value through its schema; every mistake is told in our words, at its place in the file.
import { judge, type Keys, sentence } from '../compose/keys/key.js'
import type { Problems } from '../config/problems.js'
import { valueAt } from '../config/raw.js'
import { explain, pathText } from '../config/words.js'
import type { At } from '../errors.js'
import type { Raw } from '../raw.js'
import type { Schema, z } from '../schema.js'
import { Secret } from '../secret.js'

/** A value that fits its schema, and the secrets that stood in it. */
export interface Read<T> {
  name: string
  raw: Raw
  value: T
  secrets: readonly Secret[]
}

export interface ReadOptions {
  /** How messages call the thing. */
  name: string
  raw: Raw
  problems: Problems
  /** True where templates are not rendered yet: a mistake in a value that still holds one is not told. */
  templatesRemain?: boolean
  /** What each key does: those without effect are told to `warn`, and left out before the schema sees them. */
  keys?: Keys
  warn?: (text: string, at: At) => void
}

/** How a secret object stands in the data that schemas see; no name of a secret starts so. */
const mark = '#'

/** Schemas see plain data only: each Secret becomes `{ secret: "#N" }`. */
function withoutSecrets(value: unknown, secrets: Secret[]): unknown {
  if (value instanceof Secret) return { secret: `${mark}${secrets.push(value) - 1}` }
  if (Array.isArray(value)) return value.map(each => withoutSecrets(each, secrets))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutSecrets(each, secrets)]))
}

/** The secret that a reference in a read value means: one that stood there, or one of the project's. */
export const secretOf = (
  { secrets }: Read<unknown>,
  name: string,
  fetch: (name: string, at: At) => Secret,
  at: At,
): Secret => (name.startsWith(mark) ? secrets[Number(name.slice(mark.length))] : undefined) ?? fetch(name, at)

/** True for a reference by name, which `secrets:` must know. */
export const isNamed = (name: string): boolean => !name.startsWith(mark)

type Issue = z.core.$ZodIssue
type Path = (string | number)[]

const plainPath = (path: readonly PropertyKey[]): Path =>
  path.map(part => (typeof part === 'number' ? part : String(part)))

/** A union's branch that took the value for its own, and found the mistake further in. */
function innerIssues(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const misses = (each: Issue): boolean => each.path.length === 0 && each.code.startsWith('invalid_')
  const meant = issue.errors.filter(branch => !branch.some(misses))
  if (meant.length !== 1) return [issue]
  return (meant[0] ?? []).flatMap(each => innerIssues({ ...each, path: [...issue.path, ...each.path] }))
}

function messageFor(issue: Issue, plain: unknown, found: unknown): string {
  const message = explain(issue, plain)[0]?.message ?? issue.message
  const hidden = found !== null && typeof found === 'object' && Object.keys(found).join() === 'secret'
  return hidden ? `${message} (a secret may not stand here)` : message
}

const isEmpty = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && Object.keys(value).length === 0

const holdsTemplate = (value: unknown): boolean => JSON.stringify(value ?? null).includes('{{')

/** The value without the keys that have no effect here; those that are refused or unknown are mistakes. */
function judged(value: unknown, { name, raw, problems, keys = {}, warn }: ReadOptions): unknown {
  const { value: kept, findings } = judge(keys, value)
  for (const finding of findings) {
    const at = raw.where(finding.path, 'key')
    if (finding.kind === 'warning') warn?.(sentence(name, finding), at)
    else problems.add(sentence(name, finding), at)
  }
  return kept
}

/** The value as its schema reads it; undefined when there are mistakes, which `problems` has then. */
export function readEntry<T>(schema: Schema<T>, prepared: unknown, options: ReadOptions): Read<T> | undefined {
  const { name, raw, problems, templatesRemain = false } = options
  const secrets: Secret[] = []
  const all = withoutSecrets(prepared, secrets)
  const before = problems.count
  const plain = options.keys === undefined ? all : judged(all, options)
  // Where every key was a mistake, what is then missing would be a second answer to the same line.
  if (problems.count > before && isEmpty(plain)) return undefined
  const result = schema.safeParse(plain)
  if (result.success) return problems.count > before ? undefined : { name, raw, value: result.data, secrets }
  for (const issue of result.error.issues.flatMap(innerIssues)) {
    const path = plainPath(issue.path)
    const found = valueAt(plain, path)
    const place = pathText([name, ...path])
    if (issue.code === 'unrecognized_keys') {
      const messages = issue.message.split('\n')
      issue.keys.forEach((key, index) => {
        problems.add(`${place}: ${messages[index] ?? issue.message}`, raw.where([...path, key], 'key'))
      })
    } else if (!(templatesRemain && holdsTemplate(found))) {
      const message = messageFor(issue, plain, found)
      problems.add(`${place}${/^(must|is) /.test(message) ? '' : ':'} ${message}`, raw.where(path, 'value'))
    }
  }
  return undefined
}
