// What the kinds for keys of a structured file share: dotted paths, nested maps, and the kind made of one way to edit.
import { isMap } from '../../core/language/reveal.js'
import type { Resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { reveal, Secret } from '../../core/secret.js'
import type { Entry } from '../_look.js'
import { createField, editFields, editing } from './_edit.js'

/** Where a value stands: keys from the top; in a list, the number of an entry. */
export type KeyPath = readonly string[]

/** What shall become of a text. */
export interface KeyEdits {
  /** Values to be set, in order. An empty map only asks that there be a map. */
  set: readonly { path: KeyPath; value: unknown }[]
  remove: readonly KeyPath[]
}

const dotted = z
  .string()
  .regex(
    /^(?:[^.\\]|\\.)+(?:\.(?:[^.\\]|\\.)+)*$/,
    'must be keys with dots between them; a dot of a key is written \\.',
  )

const schema = z
  .strictObject({
    ...editFields,
    set: z
      .record(dotted, z.unknown())
      .default({})
      .describe(
        'Values by key. A dotted key (a.b) is a path, and \\. a dot in it; maps go into what is there, lists and the rest replace it',
      ),
    remove: z
      .union([dotted.transform(one => [one]), z.array(dotted)])
      .default([])
      .describe('Keys or dotted paths that shall not be there'),
    create: createField.default(true).describe('Make the file where it is not there'),
  })
  .refine(want => Object.keys(want.set).length + want.remove.length > 0, 'give set or remove')
  .refine(want => want.remove.every(key => !Object.hasOwn(want.set, key)), 'the same key is both in set and in remove')
  // Where nothing is set, a file that is not there is as wanted.
  .transform((want): typeof want & { state: 'present' | 'absent' } => ({
    ...want,
    state: Object.keys(want.set).length === 0 ? 'absent' : 'present',
  }))

type Want = z.infer<typeof schema>

/** `a.b\.c` as keys: a, b.c. */
export const pathOf = (text: string): KeyPath =>
  (text.match(/(?:[^.\\]|\\.)+/g) ?? []).map(key => key.replace(/\\(.)/g, '$1'))

/** A value with its secrets as their text. */
function plain(value: unknown): unknown {
  if (value instanceof Secret) return reveal(value)
  if (Array.isArray(value)) return value.map(plain)
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)])) : value
}

const isLeaf = (value: unknown): boolean => !isMap(value) || value instanceof Secret || Object.keys(value).length === 0

/** A map's values that are no maps, each with its path. */
const leaves = (path: KeyPath, value: unknown): { path: KeyPath; value: unknown }[] =>
  isLeaf(value)
    ? [{ path, value: plain(value) }]
    : Object.entries(value as object).flatMap(([key, inner]) => leaves([...path, key], inner))

function secretsIn(value: unknown): Secret[] {
  if (value instanceof Secret) return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsIn) : []
}

/** Whether a value asks only that there be a map. */
export const isEmptyMap = (value: unknown): boolean => isMap(value) && Object.keys(value).length === 0

/** The kind whose texts `edit` changes; `edit` gives the same text where nothing is to be done, and names `file` in its errors. */
export const keysOf = (
  about: Pick<Resource<Want, Entry>, 'kind' | 'summary' | 'example'>,
  edit: (text: string, edits: KeyEdits, file: string) => string,
): Resource<Want, Entry> => ({
  ...editing<Want>({
    kind: about.kind,
    schema,
    edit(want, text) {
      const set = Object.entries(want.set).flatMap(([key, value]) => leaves(pathOf(key), value))
      return edit(text, { set, remove: want.remove.map(pathOf) }, want.path)
    },
    values: want => secretsIn(want.set),
  }),
  ...about,
})
