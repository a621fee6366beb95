// A file's wanted content against the host's: what file, copy and template share.

import { UserError } from '../core/errors.js'
import { z } from '../core/schema.js'
import { reveal, Secret, type Value } from '../core/secret.js'
import { type Sh, sh } from '../core/sh.js'
import type { Change } from '../core/step.js'
import { type Attributes, attributeChanges, setAttributes, shellText } from './_attributes.js'
import { unifiedDiff } from './_diff.js'
import type { Entry } from './_look.js'
import { sumOf } from './_sum.js'
import type { Writing } from './_write.js'

/** Content with what is needed to compare and to send it. */
export interface Payload {
  content: Writing['content']
  sum: string
  size: number
  /** The content as text, if it is text that may be shown. */
  text?: string
}

/** How a file is replaced with care, for the schema of every kind that writes one. */
export const careFields = {
  validate: shellText
    .refine(text => text.includes('%s'), 'must name the file to be checked as %s')
    .optional()
    .describe(
      'Command that checks the new content, a file that %s stands for; unless it exits with 0, nothing changes',
    ),
  backup: z.boolean().optional().describe('Keep the old file beside the new one, with the time in its name'),
}

/** A file that shall have this content. */
export interface FileWant extends Attributes, Pick<Writing, 'validate' | 'backup'> {
  path: string
  payload: Payload
  /** Mode of a file that was not there, where `mode` says nothing. */
  newMode: string
}

/** Bytes. No diff is made of anything larger, and no larger file is edited. */
export const largestText = 1 << 20

const textOf = (bytes: Uint8Array): string | undefined => {
  if (bytes.length > largestText || bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const measure = (bytes: Uint8Array): { sum: string; size: number } => ({
  sum: sumOf(bytes),
  size: bytes.length,
})

/** The payload of a text that stands in the YAML or was rendered. */
export const payloadOf = (value: Value): Payload =>
  value instanceof Secret
    ? { content: { secret: value }, ...measure(Buffer.from(reveal(value))) }
    : { content: { text: value }, ...measure(Buffer.from(value)), text: value }

/** The payload of a file on this machine, whose bytes were read to compare them. */
export function payloadOfFile(file: string, bytes: Uint8Array): Payload {
  const text = textOf(bytes)
  return { content: { file }, ...measure(bytes), ...(text === undefined ? {} : { text }) }
}

/** The wanted mode of a file with this content: a secret's is 0600 if nothing else is said, also where the file exists. */
export const modeFor = (payload: Payload, mode: string | undefined): string | undefined =>
  mode ?? ('secret' in payload.content ? '0600' : undefined)

/** Throws where something that is no file stands at the path. */
export function mustBeFile(path: string, seen: Entry): void {
  if (seen.kind === 'directory' || seen.kind === 'other')
    throw new UserError(
      `${path} is ${seen.kind === 'directory' ? 'a directory' : 'not an ordinary file'} on the host`,
      {
        hint: 'A file is wanted there: give another path, or remove what is there.',
      },
    )
}

const differs = (want: FileWant, seen: Entry): boolean => seen.kind === 'absent' || seen.sum !== want.payload.sum

/** Whether the host's text must be read to show how the content differs. */
export const wantsText = (want: FileWant, seen: Entry): boolean =>
  seen.kind === 'file' && differs(want, seen) && want.payload.text !== undefined && seen.size <= largestText

/** Prints one file in base64, so that every byte arrives; nothing where the host cannot. */
export const printText = (path: string | Sh): Sh => sh`base64 <${path} 2>/dev/null || :; echo end`

/** What `printText` printed, for the files it was asked for, in order; undefined for what is no text. */
export const readTexts = (out: string): (string | undefined)[] =>
  out
    .split(/^end\n/m)
    .slice(0, -1)
    .map(block => (block === '' ? undefined : textOf(Buffer.from(block, 'base64'))))

const bytes = (count: number): string => `${count} ${count === 1 ? 'byte' : 'bytes'}`

/** What differs at a file; `what` names it in the plan. */
export function fileChanges(want: FileWant, seen: Entry, what = 'content'): Change[] {
  const { payload } = want
  if (!differs(want, seen)) return attributeChanges(want, seen)
  const isSecret = 'secret' in payload.content
  const sizes = [bytes(seen.size), bytes(payload.size)] as const
  const diff =
    payload.text !== undefined && (seen.kind === 'absent' || seen.text !== undefined)
      ? unifiedDiff(want.path, seen.text ?? '', payload.text)
      : undefined
  const change: Change = {
    what,
    from: seen.kind === 'absent' ? 'absent' : isSecret ? 'other content' : sizes[0],
    to: isSecret ? 'secret content' : sizes[0] === sizes[1] ? `${sizes[1]}, not the same` : sizes[1],
    ...(diff === undefined ? {} : { diff }),
  }
  return seen.kind === 'absent' ? [change] : [change, ...attributeChanges(want, seen)]
}

/** The writing that a file needs, if its content differs. */
export const writingOf = (want: FileWant, seen: Entry): Writing | undefined =>
  differs(want, seen)
    ? {
        path: want.path,
        mode: want.mode,
        owner: want.owner,
        group: want.group,
        newMode: want.newMode,
        seen: seen.kind === 'absent' ? 'absent' : seen.sum,
        sum: want.payload.sum,
        size: want.payload.size,
        content: want.payload.content,
        validate: want.validate,
        backup: want.backup,
      }
    : undefined

/** Sets what else differs at a file whose content is as wanted; undefined when nothing does. */
export const attributesOnly = (want: FileWant, seen: Entry): Sh | undefined =>
  !differs(want, seen) && attributeChanges(want, seen).length > 0 ? setAttributes(want.path, want) : undefined
