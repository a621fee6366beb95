// Checks a YAML value against a schema and tells every mistake with its place, its key path and what was probably meant.

import { suggestion } from '../language/suggest.js'
import type { Raw } from '../raw.js'
import type { Schema } from '../schema.js'
import { collectProblems, type Problems } from './problems.js'
import { explain, pathText, type Wrong } from './words.js'

type Path = readonly (string | number)[]

export interface CheckOptions {
  /** Goes before the key path in messages ("package", "containers.app"). */
  name?: string
  /** May say something better about a mistake, or drop it by giving null. */
  reword?: (wrong: Wrong, raw: Raw) => string | null | undefined
}

/** What the schema library keeps of a schema's shape, as far as we look. */
interface Definition {
  type: string
  shape?: Record<string, Schema<unknown>>
  innerType?: Schema<unknown>
  in?: Schema<unknown>
  out?: Schema<unknown>
  valueType?: Schema<unknown>
  element?: Schema<unknown>
  options?: readonly Schema<unknown>[]
  left?: Schema<unknown>
  right?: Schema<unknown>
}

/** The keys that a schema knows at a path; empty where it takes any. */
function knownKeys(schema: Schema<unknown>, path: Path): string[] {
  const definition = schema._zod.def as unknown as Definition
  const { shape, innerType, options, left, right } = definition
  if (innerType !== undefined) return knownKeys(innerType, path)
  // A pipe: of preprocess and its schema, or of a schema and its transform.
  if (definition.in !== undefined && definition.out !== undefined)
    return [...knownKeys(definition.in, path), ...knownKeys(definition.out, path)]
  if (options !== undefined) return options.flatMap(option => knownKeys(option, path))
  if (left !== undefined && right !== undefined) return [...knownKeys(left, path), ...knownKeys(right, path)]
  const [step, ...rest] = path
  if (step === undefined) return Object.keys(shape ?? {})
  const inner = shape?.[String(step)] ?? definition.valueType ?? definition.element
  return inner === undefined ? [] : knownKeys(inner, rest)
}

/** Kinds whose `environment` is the thing's own, not that of the commands that make it. */
const withOwnEnvironment = new Set(['docker_container'])

/** Whether what a task, its block or its play says under `environment` is for this kind. */
export const takesEnvironment = ({ kind, schema }: { kind: string; schema: Schema<unknown> }): boolean =>
  !withOwnEnvironment.has(kind) && knownKeys(schema, []).includes('environment')

/** Adds every mistake of the value to `problems`. Gives what the schema made of the value; undefined if there were mistakes. */
export function check<T>(schema: Schema<T>, raw: Raw, problems: Problems, options: CheckOptions = {}): T | undefined {
  const result = schema.safeParse(raw.value)
  if (result.success) return result.data
  for (const issue of result.error.issues)
    for (const wrong of explain(issue, raw.value)) {
      const reworded = options.reword?.(wrong, raw)
      if (reworded === null) continue
      const at = raw.where(wrong.path, wrong.key === true ? 'key' : 'value')
      problems.add(reworded ?? describe(wrong, schema, options.name), at)
    }
  return undefined
}

function describe({ path, message, unknown }: Wrong, schema: Schema<unknown>, name: string | undefined): string {
  const full = name === undefined ? path : [name, ...path]
  if (unknown === undefined) {
    if (full.length === 0) return `the file ${message}`
    return `${pathText(full)}${/^(must|is|needs?|cannot|takes?|has|may)\b/.test(message) ? '' : ':'} ${message}`
  }
  const parent = pathText(full.slice(0, -1))
  const place = parent === '' ? '' : ` in ${parent}`
  return `unknown key "${unknown}"${place}${suggestion(unknown, knownKeys(schema, path.slice(0, -1)), 'known keys')}`
}

/** Checks one value. Throws one usage error with all its mistakes; gives what the schema made of it. */
export function checkValue<T>(schema: Schema<T>, raw: Raw, name?: string): T {
  const problems = collectProblems()
  const value = check(schema, raw, problems, name === undefined ? {} : { name })
  problems.throwIfAny()
  return value as T
}
