// What kinds share that own one whole file on the host, with a mode of its own: its text as wanted, or no file at all.
import { Secret, type Value } from '../../core/secret.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import {
  attributesOnly,
  type FileWant,
  fileChanges,
  mustBeFile,
  payloadOf,
  printText,
  readTexts,
  writingOf,
} from '../_content.js'
import { type Entry, look, readEntry } from '../_look.js'
import { writeFiles } from '../_write.js'

/** A file that is root's own, with this text; without a text, no file. */
export interface Whole extends Pick<FileWant, 'validate'> {
  path: string
  text: Value | undefined
  mode: string
}

const asFile = ({ path, text, mode, validate }: Whole): FileWant => ({
  path,
  payload: payloadOf(text ?? ''),
  mode,
  newMode: mode,
  owner: 'root',
  group: 'root',
  validate,
})

/** What differs at the file. */
export const wholeChanges = (want: Whole, seen: Entry): Change[] =>
  want.text !== undefined
    ? fileChanges(asFile(want), seen)
    : seen.kind === 'absent'
      ? []
      : [{ what: 'file', from: 'present', to: 'absent' }]

/** Shell texts that write or remove it. */
export function wholeScripts(want: Whole, seen: Entry): Sh[] {
  if (want.text === undefined) return seen.kind === 'absent' ? [] : [sh`rm -f ${want.path}`]
  const writing = writingOf(asFile(want), seen)
  const attributes = attributesOnly(asFile(want), seen)
  return [...(writing === undefined ? [] : writeFiles([writing])), ...(attributes === undefined ? [] : [attributes])]
}

/** The text as a file ends: with a newline. */
export const asLines = (given: Value | readonly string[]): Value => {
  if (given instanceof Secret) return new Secret(given.name, given.reveal().replace(/\n*$/, '\n'))
  return (typeof given === 'string' ? given : given.join('\n')).replace(/\n*$/, '\n')
}

/** The parts that a kind has when one whole file is all there is to it. */
export const wholeParts = <Want extends { state: 'present' | 'absent' }>(wanted: (want: Want) => Whole) => ({
  probe: (want: Want): Sh => sh`${look}
look ${wanted(want).path} sum`,
  read(out: string, want: Want): Entry {
    const seen = readEntry(out)
    mustBeFile(wanted(want).path, seen)
    return seen
  },
  content: (want: Want, seen: Entry): Sh | undefined =>
    seen.kind === 'file' ? printText(wanted(want).path) : undefined,
  withContent(out: string, _want: Want, seen: Entry): Entry {
    const [text] = readTexts(out)
    return text === undefined ? seen : { ...seen, text }
  },
  diff: (want: Want, seen: Entry): Change[] => wholeChanges(wanted(want), seen),
  verb: (want: Want, seen: Entry): string =>
    want.state === 'absent' ? 'remove' : seen.kind === 'absent' ? 'create' : 'write',
})
