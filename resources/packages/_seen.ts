// What package managers answer, in the one form in which all their probes print it, and what is asked of them.
import { UserError } from '../../core/errors.js'

/** The managers that we know, in the order in which they are looked for. */
export const managerNames = ['apt', 'dnf', 'zypper', 'pacman', 'apk'] as const
export type ManagerName = (typeof managerNames)[number]

/** A package of the list: its name, and the version it was pinned to. */
export interface Item {
  name: string
  pin?: string
}

/** A package's item as the YAML writes it: `name` or `name=version`. */
export const itemOf = (text: string): Item => {
  const at = text.indexOf('=')
  return at < 0 ? { name: text } : { name: text.slice(0, at), pin: text.slice(at + 1) }
}

/** What a host knows of the packages that it was asked for. */
export interface Seen {
  manager: ManagerName
  /** Installed versions by the name that was asked for; more than one where a package may be there twice. */
  installed: Map<string, string[]>
  /** Those that the host's administrator has put on hold. */
  held: Set<string>
  /** Those removed of which configuration files are left. */
  residue: Set<string>
  /** What the manager would install, where its lists tell; of a pinned package the newest that matches. */
  candidates: Map<string, string>
  /** Names that no installed package has, but that one provides. */
  provided: Set<string>
  /** Those of which a version above the pinned one is installed. */
  newer: Set<string>
  /** What would be removed as well. */
  also: string[]
  /** The package file that was asked for: its package, and how the installed version compares. */
  file?: { name: string; version: string; installed: string; order: 'absent' | 'older' | 'same' | 'newer' }
  /** Whether the package lists are older than they may be; asked only where the task says so. */
  isStale: boolean
}

const orders = ['absent', 'older', 'same', 'newer'] as const

/**
 * Reads the lines that a probe printed: `manager M`, `installed NAME VERSION [held]`, `residue NAME`, `candidate NAME VERSION`,
 * `provided NAME`, `newer NAME`, `removed NAME`, `file NAME VERSION ORDER INSTALLED`, `stale`, and `end`.
 */
export function readSeen(out: string): Seen {
  const manager = managerNames.find(one => one === /^manager (\w+)$/m.exec(out)?.[1])
  if (manager === undefined && /^manager none$/m.test(out))
    throw new UserError('the host has none of the package managers apt, dnf, zypper, pacman and apk', {
      hint: 'Leave such hosts out with `when:`, or install there by a `command` task.',
    })
  if (manager === undefined || !out.endsWith('end\n'))
    throw new UserError('the host did not say which packages it has', { output: out.slice(-2000) })
  const seen: Seen = {
    manager,
    installed: new Map(),
    held: new Set(),
    residue: new Set(),
    candidates: new Map(),
    provided: new Set(),
    newer: new Set(),
    also: [],
    isStale: false,
  }
  const removed: string[] = []
  for (const line of out.split('\n')) {
    const [word, name = '', version = '', third = '', fourth = ''] = line.split(' ')
    if (word === 'installed') seen.installed.set(name, [...new Set([...(seen.installed.get(name) ?? []), version])])
    if (word === 'installed' && third === 'held') seen.held.add(name)
    if (word === 'residue') seen.residue.add(name)
    if (word === 'candidate' && version !== '(none)' && !seen.candidates.has(name)) seen.candidates.set(name, version)
    if (word === 'provided') seen.provided.add(name)
    if (word === 'newer') seen.newer.add(name)
    if (word === 'removed') removed.push(name)
    if (word === 'stale') seen.isStale = true
    const order = orders.find(one => one === third)
    if (word === 'file' && order !== undefined) seen.file = { name, version, order, installed: fourth }
  }
  seen.also.push(...new Set(removed.filter(name => !seen.installed.has(name))))
  return seen
}

/** What a task asks the probe for. */
export interface Asked {
  use?: ManagerName | undefined
  items: readonly Item[]
  state: 'present' | 'absent' | 'latest'
}

/** How packages are to come or go. */
export interface Manner {
  recommends: boolean
  /** Whether a version below the installed one may replace it. */
  downgrade: boolean
  held: boolean
  purge: boolean
  /** Whether the host's package lists name what is to be installed; else they are refreshed first. */
  isKnown: boolean
}

const literally = (text: string): string => text.replace(/\W/g, '\\$&')
const globbed = (version: string, pin: string): boolean =>
  new RegExp(`^${pin.split('*').map(literally).join('.*')}$`).test(version)

/** Whether a version is one that the pin names; each manager's own way to write a version is known. */
export function matches(version: string, pin: string, manager: ManagerName): boolean {
  if (manager === 'apk' && pin.startsWith('~'))
    return (
      globbed(version, pin.slice(1)) || version.startsWith(`${pin.slice(1)}.`) || version.startsWith(`${pin.slice(1)}-`)
    )
  if (globbed(version, pin)) return true
  if (manager !== 'dnf' && manager !== 'zypper') return false
  const plain = pin.includes(':') ? version : version.replace(/^\d+:/, '')
  return globbed(plain, pin) || globbed(plain.replace(/-[^-]*$/, ''), pin)
}
