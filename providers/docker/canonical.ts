// Plain data in one canonical text, hashes over it, and the differences between two of them.
import { createHash } from 'node:crypto'
import type { Change } from '../../core/step.js'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** JSON with sorted keys: the same text for the same data. */
export function canonicalJson(data: Json): string {
  if (Array.isArray(data)) return `[${data.map(canonicalJson).join(',')}]`
  if (typeof data !== 'object' || data === null) return JSON.stringify(data)
  const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${canonicalJson(value)}`).join(',')}}`
}

/** `v1:` and the sha256 of the canonical text. The version changes only if the same data has to be hashed otherwise. */
export const canonicalHash = (data: Json): string =>
  `v1:${createHash('sha256').update(canonicalJson(data)).digest('hex')}`

/** Leaves out what is undefined, an empty list or an empty map, so that a key that a later version adds changes no hash of today. */
export function present(data: Record<string, Json | undefined>): JsonObject {
  const kept: Record<string, Json> = {}
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined) continue
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) continue
    kept[key] = value
  }
  return kept
}

/** A secret in a spec: its fingerprint under the host's key. */
const isSecret = (data: Json | undefined): boolean =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && 'secret' in data

const isMap = (data: Json | undefined): data is JsonObject =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !isSecret(data)

/** How a value that is not there stands in a change. */
export const notSet = 'not set'

const shownAs = (data: Json | undefined): string => {
  if (data === undefined) return notSet
  if (isSecret(data)) return '(secret)'
  if (typeof data === 'string') return data === '' ? '""' : data
  if (Array.isArray(data) && data.length > 0 && data.every(item => typeof item === 'string')) return data.join(' ')
  return canonicalJson(data)
}

/** The fields in which two specs differ, maps taken apart ("environment.COLOR"), in order of their names. */
export function changesBetween(from: Json | undefined, to: Json | undefined, path = ''): Change[] {
  if (isMap(from) || isMap(to)) {
    const before = isMap(from) ? from : {}
    const after = isMap(to) ? to : {}
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return keys.flatMap(key => changesBetween(before[key], after[key], path ? `${path}.${key}` : key))
  }
  const same = from === undefined || to === undefined ? from === to : canonicalJson(from) === canonicalJson(to)
  return same ? [] : [{ what: path, from: shownAs(from), to: shownAs(to) }]
}

const longestValue = 60
const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > longestValue ? `${line.slice(0, longestValue)}…` : line
}

const isShippedThing = (what: string): boolean => /^(file|folder|secret|config) /.test(what)

/** A file that is put into the container, by its path alone: "file /run/secrets/DB", "mode of file /run/secrets/DB". */
const inPeoplesWords = (field: string): string =>
  field.replace(/^files\.(\/.*)\.content$/, 'file $1').replace(/^files\.(\/.*)\.(mode|owner)$/, '$2 of file $1')

/** A change in people's words: "environment.COLOR: blue → green", "environment.TOKEN: secret changed". */
function changeText({ what: field, from, to }: Change): string {
  const what = inPeoplesWords(field)
  // What is brought from this machine: its hashes mean nothing to people.
  if (isShippedThing(field)) return `${field} ${from === notSet ? 'is new' : to === notSet ? 'goes' : 'changed'}`
  if (from === '(secret)' && to === '(secret)') return `${what}: secret changed`
  return `${what}: ${shortened(from)} → ${shortened(to)}`
}

/** At most three changes in words, and how many more there are. */
export function causeOf(changes: readonly Change[]): string {
  const told = changes.slice(0, 3).map(changeText)
  if (changes.length > told.length) told.push(`and ${changes.length - told.length} more`)
  return told.join(', ')
}

/** A spec read back from a label; empty when it cannot be read. */
export function parseSpec(text: string | undefined): JsonObject {
  try {
    const data: unknown = JSON.parse(text ?? '')
    return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as JsonObject) : {}
  } catch {
    return {}
  }
}
