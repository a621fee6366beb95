// What kinds that change a part of a text file share: they read it whole, make the new text here, and write it if nobody else has.

import { UserError } from '../../core/errors.js'
import { type Resource, resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { Secret, type Value } from '../../core/secret.js'
import { type Sh, sh } from '../../core/sh.js'
import { type Attributes, attributeFields, hostPath } from '../_attributes.js'
import {
  attributesOnly,
  careFields,
  type FileWant,
  fileChanges,
  largestText,
  mustBeFile,
  payloadOf,
  printText,
  readTexts,
  writingOf,
} from '../_content.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { sumOf } from '../_sum.js'
import { writeFiles } from '../_write.js'

/** The fields of every such kind. */
export const editFields = {
  path: hostPath.describe('Absolute path of the file on the host. A link is followed'),
  ...attributeFields,
  ...careFields,
}

/** Whether a file that is not there is made. */
export const createField = z.boolean().default(false).describe('Make the file where it is not there; else that fails')

/** present or absent. */
export const stateField = z.enum(['present', 'absent']).default('present').describe('present or absent')

/** What the shared fields become; `state: absent` finds nothing to do in a file that is not there. */
export interface EditWant extends Attributes, Pick<FileWant, 'validate' | 'backup'> {
  path: string
  create?: boolean
  state?: 'present' | 'absent'
}

/** Prints what is at the path, and the text of a file that is small enough. The path may be shell text, such as a quoted variable. */
export const probeText = (path: string | Sh): Sh => sh`${look}
file=${path}
look "$file"
if [ -f "$file" ] && [ "$(stat -L -c %s "$file")" -le ${largestText} ]; then ${printText(sh`"$file"`)}; fi`

/** Reads what `probeText` printed, from after the first `end`; the sum is that of the text, so that the two cannot differ. */
export function readText(path: string, out: string): Entry {
  const [seen, printed] = cutEntry(out)
  mustBeFile(path, seen)
  if (seen.kind === 'absent') return { ...seen, text: '' }
  const text = printed === 'end\n' && seen.size === 0 ? '' : readTexts(printed)[0]
  if (text === undefined)
    throw new UserError(`${path} cannot be edited: it is no UTF-8 text of at most ${largestText >> 20} MB`)
  return { ...seen, text, size: Buffer.byteLength(text), sum: sumOf(text) }
}

/** The text as lines; the second value says whether the last one ends with a newline (an empty text needs none). */
export function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Lines as a text, which ends as the old text did: without a newline only if the last line is still the same. */
export function textOfLines(lines: readonly string[], old: string): string {
  if (lines.length === 0) return ''
  const keepsEnd = old !== '' && !old.endsWith('\n') && lines.at(-1) === linesOf(old).at(-1)
  return lines.join('\n') + (keepsEnd ? '' : '\n')
}

/** What one kind adds: its schema, and how it changes a text. */
export interface Editing<Want extends EditWant> {
  kind: string
  schema: z.ZodType<Want>
  /** What it is for, and tasks that show it: as every kind has them. */
  summary?: string
  example?: string
  /** The new text; the same text where nothing is to be done. Must be at rest after one pass. */
  edit(want: Want, text: string): string
  /** What goes into the text: a secret among it keeps the diff from being shown. */
  values?(want: Want): readonly (Value | undefined)[]
}

/** The kind for an editing. */
export function editing<Want extends EditWant>(one: Editing<Want>): Resource<Want, Entry> {
  const secretsOf = (want: Want): Secret[] => (one.values?.(want) ?? []).filter(value => value instanceof Secret)
  const wanted = (want: Want, seen: Entry): FileWant => {
    const old = seen.text ?? ''
    const text = one.edit(want, old)
    if (one.edit(want, text) !== text)
      throw new UserError(`this ${one.kind} would change ${want.path} again each time`, {
        hint: 'What it writes must not be found again as something to be changed.',
      })
    const hasSecret = secretsOf(want).length > 0
    const payload = payloadOf(hasSecret && text !== old ? new Secret(`text of ${want.path}`, text) : text)
    const { path, mode, owner, group, validate, backup } = want
    return { path, mode, owner, group, validate, backup, payload, newMode: hasSecret ? '0600' : '0644' }
  }
  const isNothing = (want: Want, seen: Entry): boolean => seen.kind === 'absent' && want.state === 'absent'
  return resource<Want, Entry>({
    kind: one.kind,
    schema: one.schema,
    ...(one.summary === undefined ? {} : { summary: one.summary }),
    ...(one.example === undefined ? {} : { example: one.example }),
    name: want => `file ${want.path}`,
    probe: want => probeText(want.path),
    read: (out, want) => readText(want.path, out),
    diff: (want, seen) => (isNothing(want, seen) ? [] : fileChanges(wanted(want, seen), seen)),
    mayReturn: isNothing,
    verb: (want, seen) => (seen.kind !== 'absent' || isNothing(want, seen) ? 'write' : 'create'),
    apply(want, seen) {
      if (isNothing(want, seen)) return []
      if (seen.kind === 'absent' && want.create !== true)
        return [
          sh`{ echo ${`${want.path} does not exist on the host: make it in a task before${want.create === false ? ', or say create: true' : ''}`} >&2; exit 1; }`,
        ]
      const writing = writingOf(wanted(want, seen), seen)
      const attributes = attributesOnly(wanted(want, seen), seen)
      return [
        ...(writing === undefined ? [] : writeFiles([writing])),
        ...(attributes === undefined ? [] : [attributes]),
      ]
    },
    touches: want => [`file:${want.path}`],
    secrets: secretsOf,
  })
}
