// Which hosts are meant: names, groups, labels, globs, `all` and exclusions.
import { type At, usageError } from '../errors.js'
import { insideText, rememberText } from '../language/position.js'
import { suggestion } from '../language/suggest.js'
import type { Host } from '../project.js'
import type { Raw, Selector } from '../raw.js'

/** What hosts are chosen from. */
export interface HostSet {
  hosts: readonly Host[]
  groups: Record<string, { hosts: string[] }>
}

/** A selector of text as it was given, on the command line for example. */
export const parseSelector = (text: string, at: At): Selector => ({ text, at })

/** A selector of the file: text, or a list of texts. */
export function readSelector(raw: Raw): Selector {
  if (!Array.isArray(raw.value)) return { text: String(raw.value), at: raw.at }
  const parts = raw.value.map(String)
  const starts: number[] = []
  for (let start = 0, index = 0; index < parts.length; index++) {
    starts.push(start)
    start += (parts[index] ?? '').length + 1
  }
  const at = rememberText({ ...raw.at }, offset => {
    const index = starts.findLastIndex(start => start <= offset)
    return insideText(raw.where([index]), offset - (starts[index] ?? 0))
  })
  return { text: parts.join(','), at }
}

/** A glob as a pattern: `*`, `?` and `[ab]`. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/\[!?[^\]]+\]|[\s\S]/g, part => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    if (part.length > 1) return part.replace('[!', '[^').replaceAll('\\', '\\\\')
    return part.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${source}$`)
}

const isGlob = (text: string): boolean => /[*?]|\[[^\]]+\]/.test(text)

const matches = (text: string, pattern: string): boolean =>
  isGlob(pattern) ? globPattern(pattern).test(text) : text === pattern

function matcher(term: string, { hosts, groups }: HostSet, at: At): (host: Host) => boolean {
  if (term === 'all') return () => true
  const label = /^([^=!]+)(!?=)(.*)$/.exec(term)
  if (label !== null) {
    const [, key = '', operator, value = ''] = label
    const has = (host: Host): boolean => Object.hasOwn(host.labels, key) && matches(host.labels[key] ?? '', value)
    return operator === '=' ? has : host => !has(host)
  }
  const inGroup = (host: Host, test: (group: string) => boolean): boolean =>
    Object.entries(groups).some(([name, group]) => test(name) && group.hosts.includes(host.name))
  if (isGlob(term)) {
    try {
      const pattern = globPattern(term)
      return host => pattern.test(host.name) || inGroup(host, name => pattern.test(name))
    } catch {
      throw usageError(`"${term}" is not a valid glob`, { at })
    }
  }
  const known = hosts.some(host => host.name === term) || Object.hasOwn(groups, term)
  if (!known) {
    const names = [...hosts.map(host => host.name), ...Object.keys(groups)]
    throw usageError(`there is no host or group "${term}"${suggestion(term, names)}`, { at })
  }
  return host => host.name === term || inGroup(host, name => name === term)
}

/** The hosts a selector means, in file order; possibly none. A name that is neither host nor group is a usage error at its place. */
export function selectHosts(selector: Selector, set: HostSet): Host[] {
  const included: ((host: Host) => boolean)[] = []
  const excluded: ((host: Host) => boolean)[] = []
  let offset = 0
  for (const part of selector.text.split(',')) {
    const start = offset + (part.length - part.trimStart().length)
    offset += part.length + 1
    const term = part.trim()
    const at = insideText(selector.at, start)
    const name = term.startsWith('!') ? term.slice(1).trim() : term
    if (name === '') throw usageError(`the selector "${selector.text}" has an empty part`, { at })
    ;(term.startsWith('!') ? excluded : included).push(matcher(name, set, at))
  }
  return set.hosts.filter(
    host => (included.length === 0 || included.some(test => test(host))) && !excluded.some(test => test(host)),
  )
}
