// Takes apart what the probe for facts printed: sections of lines, and files by their path.
import { cleanLine } from '../events.js'

/** What the probe printed, by section; and the host's own fact files. */
export interface Told {
  /** Lines of a section; none where it was not printed. */
  lines(section: string): string[]
  /** A value of `name=value`, "" if not told. */
  value(name: string): string
  /** Lines of a file; none where it is not there. */
  file(path: string): string[]
  /** First line of a file, without white space around it. */
  first(path: string): string
  /** Files whose path has this start and end, by what stands between. */
  filesBetween(start: string, end: string): Map<string, string>
  /** Fact files of the host's owner, as they are, by name. */
  custom: Map<string, string>
}

/** Lists of a host are cut after so many entries. */
export const mostEntries = 512

const longestLine = 2000

/** Reads the sections. Control characters are gone afterwards, but for those of the owner's own fact files. */
export function readSections(out: string): Told {
  const sections = new Map<string, string[]>()
  const custom = new Map<string, string>()
  const files = new Map<string, string[]>()
  let section = ''
  let open: string | undefined
  for (const raw of out.split('\n')) {
    if (open !== undefined && raw.startsWith(' ')) {
      custom.set(open, `${custom.get(open) ?? ''}${raw.slice(1)}\n`)
      continue
    }
    open = undefined
    const line = cleanLine(raw, longestLine)
    const [, name = '', file] = /^@(\w+)(?: (\S+))?$/.exec(line) ?? []
    if (name === 'custom' && file !== undefined) {
      open = file
      custom.set(file, '')
    } else if (name !== '') section = name
    else if (section === 'files') {
      const at = line.indexOf(':')
      if (at <= 0) continue
      const path = line.slice(0, at)
      const known = files.get(path)
      if (known) known.push(line.slice(at + 1))
      else files.set(path, [line.slice(at + 1)])
    } else if (line !== '') sections.set(section, [...(sections.get(section) ?? []), line])
  }
  const values = new Map<string, string>()
  for (const line of sections.get('told') ?? []) {
    const at = line.indexOf('=')
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1).trim())
  }
  return {
    lines: name => sections.get(name) ?? [],
    value: name => values.get(name) ?? '',
    file: path => files.get(path) ?? [],
    first: path => files.get(path)?.[0]?.trim() ?? '',
    filesBetween(start, end) {
      const found = new Map<string, string>()
      for (const [path, lines] of files)
        if (path.startsWith(start) && path.endsWith(end) && found.size < mostEntries)
          found.set(path.slice(start.length, path.length - end.length), lines[0]?.trim() ?? '')
      return found
    },
    custom,
  }
}

/** A whole number; 0 where there is none. */
export const numberOf = (text: string): number => Number.parseInt(text, 10) || 0

/** `NAME=value` lines of shell style files, quotes taken off. */
export function assignments(lines: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const line of lines) {
    const [, name, value = ''] = /^\s*(?:export\s+)?(\w+)=(.*)$/.exec(line) ?? []
    if (name === undefined) continue
    const [, , inner] = /^(["'])(.*)\1\s*$/.exec(value) ?? []
    found[name] = inner === undefined ? value.trim() : inner.replace(/\\(["$\\`])/g, '$1')
  }
  return found
}
