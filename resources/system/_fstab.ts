// Lines of /etc/fstab: read, put in, taken out, and written if nobody else has changed the file since.
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { fileChanges, payloadOf, writingOf } from '../_content.js'
import type { Entry } from '../_look.js'
import { isSystemd } from '../_systemd.js'
import { writeFiles } from '../_write.js'
import { linesOf, textOfLines } from '../text/_edit.js'

export const fstabPath = '/etc/fstab'

/** One line: what is mounted, where, as what, how, and for dump and fsck. */
export interface FstabEntry {
  spec: string
  file: string
  type: string
  options: string
  dump: number
  passno: number
}

const marks: Record<string, string> = { ' ': '\\040', '\t': '\\011', '\\': '\\134' }

/** A field as fstab(5) and /proc write it: blanks as octal numbers. */
export const escapeField = (field: string): string => field.replace(/[ \t\\]/g, mark => marks[mark] ?? mark)

/** A field as people write it. */
export const unescapeField = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_all, digits) => String.fromCharCode(Number.parseInt(digits, 8)))

/** The entry of a line; undefined for a comment and what is no entry. */
export function entryOf(line: string): FstabEntry | undefined {
  const [spec = '', file, type, options = 'defaults', dump = '0', passno = '0'] = line.trim().split(/\s+/)
  if (spec.startsWith('#') || file === undefined || type === undefined) return undefined
  return {
    spec: unescapeField(spec),
    file: unescapeField(file),
    type,
    options,
    dump: Number(dump),
    passno: Number(passno),
  }
}

/** The line of an entry. */
export const lineOf = ({ spec, file, type, options, dump, passno }: FstabEntry): string =>
  `${escapeField(spec)} ${escapeField(file)} ${type} ${options} ${dump} ${passno}`

/** The last entry that is meant; the one that counts. */
export const findEntry = (text: string, isMeant: (entry: FstabEntry) => boolean): FstabEntry | undefined =>
  linesOf(text)
    .map(entryOf)
    .findLast(entry => entry !== undefined && isMeant(entry))

/** The text with the entry in place of the one that is meant, or at its end; without any that is meant where it is undefined. */
export function withEntry(
  text: string,
  isMeant: (entry: FstabEntry) => boolean,
  wanted: FstabEntry | undefined,
): string {
  const lines = linesOf(text)
  const isIt = (line: string): boolean => {
    const entry = entryOf(line)
    return entry !== undefined && isMeant(entry)
  }
  if (wanted === undefined)
    return lines.some(isIt)
      ? textOfLines(
          lines.filter(line => !isIt(line)),
          text,
        )
      : text
  const at = lines.findLastIndex(isIt)
  const old = entryOf(lines[at] ?? '')
  if (old !== undefined && lineOf(old) === lineOf(wanted)) return text
  return textOfLines(at < 0 ? [...lines, lineOf(wanted)] : lines.with(at, lineOf(wanted)), text)
}

const asFile = (text: string) => ({ path: fstabPath, payload: payloadOf(text), newMode: '0644' })

/** What differs in the file, with the entry before and after. */
export function fstabChanges(
  text: string,
  seen: Entry,
  from: FstabEntry | undefined,
  to: FstabEntry | undefined,
): Change[] {
  if (text === (seen.text ?? '')) return []
  const shown = (entry: FstabEntry | undefined): string => (entry === undefined ? 'absent' : lineOf(entry))
  return fileChanges(asFile(text), seen).map(change => ({
    ...change,
    what: fstabPath,
    from: shown(from),
    to: shown(to),
  }))
}

/** Shell texts that write the file, and tell systemd, which makes units of it. */
export function writeFstab(text: string, seen: Entry): Sh[] {
  const writing = text === (seen.text ?? '') ? undefined : writingOf(asFile(text), seen)
  if (writing === undefined) return []
  return [...writeFiles([writing]), sh`if ${isSystemd}; then systemctl daemon-reload </dev/null; fi`]
}
