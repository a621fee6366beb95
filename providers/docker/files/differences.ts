// How a shipped file or folder differs from what the host holds of it, entry by entry, as changes of a plan. Pure.
import type { ShippedEntry } from '../../../core/containers/mounts/shipped.js'
import type { TextDiff } from '../../../core/provider.js'
import type { Change } from '../../../core/step.js'
import type { HeldEntry } from './held.js'
import { sizeText } from './ship.js'

/** An entry as it shall be; of a file whose size is the one on the host, with the sha256 of its bytes. */
export type OwnEntry = Pick<ShippedEntry, 'path' | 'kind' | 'mode' | 'size' | 'target'> & { sum?: string }

/** An entry that is not as it shall be. */
export interface Difference {
  path: string
  held: HeldEntry | undefined
  own: OwnEntry | undefined
  /** Both are files, with other bytes. */
  isContent: boolean
}

/** The texts of a file that differs, before and after. */
export interface Texts {
  held: string
  own: string
}

/** As many entries are listed one by one; the others are counted. */
const mostListed = 100

/** Lines of one diff, and characters of one of its lines: a plan is read by people. */
const mostLines = 200
const longestLine = 1000

const isOther = (held: HeldEntry, own: OwnEntry): boolean =>
  held.kind !== own.kind ||
  (own.kind !== 'link' && held.mode !== own.mode) ||
  held.target !== own.target ||
  hasOtherContent(held, own)

const hasOtherContent = (held: HeldEntry, own: OwnEntry): boolean =>
  held.kind === 'file' && own.kind === 'file' && (held.size !== own.size || held.sum !== own.sum)

/** What differs, by path. */
export function differences(held: readonly HeldEntry[], own: readonly OwnEntry[]): Difference[] {
  const before = new Map(held.map(entry => [entry.path, entry]))
  const after = new Map(own.map(entry => [entry.path, entry]))
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((path): Difference[] => {
    const [was, is] = [before.get(path), after.get(path)]
    if (was !== undefined && is !== undefined && !isOther(was, is)) return []
    return [{ path, held: was, own: is, isContent: was !== undefined && is !== undefined && hasOtherContent(was, is) }]
  })
}

/** True where only its owner may read the file, on the host or here: what is in it is shown to nobody. */
export const isPrivate = ({ held, own }: Difference): boolean =>
  [held, own].some(entry => entry !== undefined && (entry.mode & 0o077) === 0)

const modeText = (mode: number): string => mode.toString(8).padStart(4, '0')

const entryText = (entry: HeldEntry | OwnEntry | undefined): string => {
  if (entry === undefined) return 'absent'
  if (entry.kind === 'link') return `link to ${entry.target ?? ''}`
  return entry.kind === 'file' ? sizeText(entry.size) : entry.kind
}

const bounded = (diff: string): string => {
  const lines = diff.trimEnd().split('\n')
  const shown = lines.slice(0, mostLines).map(line => line.slice(0, longestLine))
  const more = lines.length - shown.length
  return `${[...shown, ...(more > 0 ? [`… and ${more} more lines`] : [])].join('\n')}\n`
}

/** The changes of one entry; `what` names it, `header` in the diff. */
function changesOf(
  found: Difference,
  texts: Texts | undefined,
  names: { what: string; mode: string; header: string },
  textDiff: TextDiff,
): Change[] {
  const { held, own, isContent } = found
  const [from, to] = [entryText(held), entryText(own)]
  const diff = texts && textDiff(names.header, texts.held, texts.own)
  const isMode = held !== undefined && own !== undefined && held.kind === own.kind && held.mode !== own.mode
  const hidden = isContent && isPrivate(found) ? '; not shown: only its owner may read it' : ''
  return [
    ...(from === to && !isContent
      ? []
      : [
          {
            what: names.what,
            from,
            to: `${to}${from === to ? ', not the same' : ''}${hidden}`,
            ...(diff === undefined ? {} : { diff: bounded(diff) }),
          },
        ]),
    ...(isMode && own.kind !== 'link' ? [{ what: names.mode, from: modeText(held.mode), to: modeText(own.mode) }] : []),
  ]
}

const counted = (found: readonly Difference[]): string => {
  const added = found.filter(({ held }) => held === undefined).length
  const removed = found.filter(({ own }) => own === undefined).length
  const changed = found.length - added - removed
  const parts = [`${added} added`, `${removed} removed`, `${changed} changed`].filter(part => !part.startsWith('0 '))
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/** What is compared: what the host holds, what it shall hold, and who shall own it ("0:0"). */
export interface Compared {
  /** What people call it: "./site". */
  name: string
  kind: 'file' | 'directory'
  owner: string
  held: readonly HeldEntry[]
  own: readonly OwnEntry[]
  found: readonly Difference[]
  /** Of those that differ, by path, where both are texts that may be shown. */
  texts: ReadonlyMap<string, Texts>
}

/** The changes of a plan's step: of a folder first how many, then each by its path. */
export function tellDifferences(
  { name, kind, owner, held, own, found, texts }: Compared,
  textDiff: TextDiff,
): Change[] {
  const isFolder = kind === 'directory'
  const changes = found.slice(0, mostListed).flatMap(one => {
    const { path } = one
    const names = isFolder
      ? { what: path || '.', mode: `mode of ${path || '.'}`, header: `${name}/${path}` }
      : { what: 'content', mode: 'mode', header: name }
    return changesOf(one, texts.get(path), names, textDiff)
  })
  const more = found.length > mostListed ? `, the first ${mostListed} are listed` : ''
  const [from, to] = [held, own].map(entries => `${entries.length - 1}`)
  const before = held[0]?.owner
  return [
    ...(isFolder ? [{ what: 'entries', from: from ?? '', to: `${to}${counted(found)}${more}` }] : []),
    ...changes,
    ...(before === undefined || before === owner ? [] : [{ what: 'owner', from: before, to: owner }]),
  ]
}
