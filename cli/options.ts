// The options that every command takes, as the user gave them and as commands read them.
import { usageError } from '../core/errors.js'

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  /** `-f`. */
  file: string | undefined
  /** `--on`: a selector; all hosts if left out. */
  on: string | undefined
  /** `--tags`, split at commas; empty = all. */
  tags: string[]
  /** `--var NAME=VALUE`. */
  vars: Record<string, string>
  json: boolean
  yes: boolean
  /** False after `--no-color`. */
  color: boolean
  verbose: boolean
  acceptNewHostKeys: boolean
  report: 'tree' | 'plain' | 'json' | undefined
  /** How many hosts at a time. */
  forks: number | undefined
}

/** Flags and texts of the global options, in the order the help lists them. `list` may be given several times. */
export const globalSpecs = [
  { flags: '-f, --file <file>', text: 'the project file (default: longshore.yaml here or in a parent folder)' },
  { flags: '--on <selector>', text: 'only these hosts: names, groups, labels, globs ("front,!web3")' },
  { flags: '--tags <tags>', text: 'only tasks with one of these tags', list: true },
  { flags: '--var <name=value>', text: 'set a variable, stronger than all others', list: true },
  { flags: '--json', text: 'one event a line on stdout, for programs' },
  { flags: '-y, --yes', text: 'answer yes to every question but host keys' },
  { flags: '--no-color', text: 'no colours (also: NO_COLOR)' },
  { flags: '-v, --verbose', text: 'tell more: differences, starts, where a bug is' },
  { flags: '--accept-new-host-keys', text: 'trust hosts that are not in known_hosts yet' },
  { flags: '--report <kind>', text: 'how to tell what happens: tree, plain or json' },
  { flags: '--forks <n>', text: 'hosts at a time' },
] as const

/** What the command line gave for the global options, before or after the command's name. */
export type RawOptions = Readonly<Record<string, unknown>>

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

function readVars(pairs: readonly string[]): Record<string, string> {
  const vars: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at <= 0) throw usageError(`--var takes NAME=VALUE, not "${pair}"`)
    vars[pair.slice(0, at)] = pair.slice(at + 1)
  }
  return vars
}

function readReport(text: string | undefined): GlobalOptions['report'] {
  if (text === undefined || text === 'tree' || text === 'plain' || text === 'json') return text
  throw usageError(`--report takes tree, plain or json, not "${text}"`)
}

function readForks(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > 1000) throw usageError(`--forks takes a number from 1 to 1000, not "${text}"`)
  return number
}

/** Reads the options given before the command's name and those after it; of two values the later counts, lists are joined. */
export function readGlobalOptions(before: RawOptions, after: RawOptions): GlobalOptions {
  const last = (name: string): string | undefined => textOf(after[name]) ?? textOf(before[name])
  const all = (name: string): string[] => [...listOf(before[name]), ...listOf(after[name])]
  const either = (name: string): boolean => before[name] === true || after[name] === true
  const report = readReport(last('report'))
  const json = either('json') || report === 'json'
  if (json && report !== undefined && report !== 'json')
    throw usageError(`--json and --report ${report} exclude each other`)
  return {
    file: last('file'),
    on: last('on'),
    tags: all('tags').flatMap(text =>
      text
        .split(',')
        .map(tag => tag.trim())
        .filter(tag => tag !== ''),
    ),
    vars: readVars(all('var')),
    json,
    yes: either('yes'),
    color: before.color !== false && after.color !== false,
    verbose: either('verbose'),
    acceptNewHostKeys: either('acceptNewHostKeys'),
    report: json ? 'json' : report,
    forks: readForks(last('forks')),
  }
}
