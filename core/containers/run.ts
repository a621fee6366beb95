// What the parts of `wantedByHost` share while they work: the project, its context, and what they found wrong.
import type { Keys } from '../compose/keys/key.js'
import { localPath } from '../config/paths.js'
import type { ResourceKind } from '../config/play/kind.js'
import type { Problems } from '../config/problems.js'
import { type At, exitCodes, UserError } from '../errors.js'
import type { Facts } from '../facts.js'
import type { LocalFiles } from '../files.js'
import type { Host, Project, Warning } from '../project.js'
import type { Raw, Selector, Vars } from '../raw.js'
import type { Schema } from '../schema.js'
import type { Secret } from '../secret.js'
import { type Read, readEntry, secretOf } from './read.js'

/** What `wantedByHost` needs to know of the world. */
export interface WantedContext {
  /** The value with interpolation and templates rendered for a host. Throws `unreachableError` where it needs facts that the host did not tell. */
  prepare(raw: Raw, host: Host): unknown
  select(selector: Selector): Host[]
  /** How other hosts reach a host; undefined only where the host could not be asked. */
  privateAddress(host: Host): string | undefined
  /** The firewall of a host that published ports go past, as people call it; undefined where there is none. */
  firewallOf?(host: Host): string | undefined
  /** What a host told of itself; undefined where it could not be asked. */
  factsOf?(host: Host): Pick<Facts, 'memory' | 'apparmor' | 'selinux'> | undefined
  files: LocalFiles
  /** Kinds of tasks that playbooks may have; none if left out. */
  resourceKinds?: readonly ResourceKind[]
  /** Variables of the command line: stronger than all others. */
  overrides?: Vars
  keyOf(host: Host): Uint8Array
  /** Variables of Compose's interpolation; HOME gives the meaning of `~`. */
  environment: Readonly<Record<string, string>>
}

/** A service that cannot run on a host, for a reason that is not the file's: others go on. */
export interface Trouble {
  host: string
  service: string
  error: UserError
}

export interface Run {
  project: Project
  context: WantedContext
  mistakes: Problems
  troubles: Trouble[]
  warnings: Warning[]
}

/** Adds a warning once. */
export function warn({ warnings }: Run, text: string, at: At): void {
  if (!warnings.some(other => other.text === text && other.at.line === at.line)) warnings.push({ text, at })
}

/** Reads one entry for a host. Undefined when it has mistakes (the run has them), or when the host cannot be asked (the trouble is noted). */
export function readFor<T>(
  run: Run,
  host: Host,
  schema: Schema<T>,
  entry: { name: string; raw: Raw; service: string; keys?: Keys },
): Read<T> | undefined {
  const { mistakes: problems, troubles, context } = run
  const { name, raw, keys } = entry
  const tell = (text: string, at: At): void => warn(run, text, at)
  try {
    const prepared = raw.composed === undefined ? context.prepare(raw, host) : raw.value
    return readEntry(schema, prepared, { name, raw, problems, ...(keys === undefined ? {} : { keys, warn: tell }) })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    if (error.exit === exitCodes.unreachable) troubles.push({ host: host.name, service: entry.service, error })
    else
      problems.take(() => {
        throw error
      })
    return undefined
  }
}

/** Puts a secret in its place. */
export function secretIn({ project, mistakes }: Run, read: Read<unknown>, name: string, at: At): Secret | undefined {
  return mistakes.take(() => secretOf(read, name, (named, where) => project.secrets.get(named, where), at))
}

/** The absolute path on this machine of what the user wrote; `~` is the home folder. */
export const pathHere = ({ context }: Run, path: string, folder: string): string =>
  localPath(path, folder, context.environment.HOME ?? '/')
