// What `doctor` knows of a host, and what it has to say about it: data, so that each judgement is a pure function.
import type { Facts } from '../../core/facts.js'
import type { Host } from '../../core/project.js'
import type { Detection } from '../../core/provider.js'
import type { HostState } from '../../core/state.js'
import type { EngineSeen } from '../../resources/daemon/seen.js'

/** One thing that was looked at. */
export interface Finding {
  /** What it is about, in a word or two: "disk", "daemon.json". */
  about: string
  state: 'ok' | 'warning' | 'problem'
  text: string
  /** What to do, or which command does it. */
  hint?: string
}

/** A host, looked at once. */
export interface Look {
  host: Host
  facts: Facts
  state: HostState
  detection: Detection
  /** How the engine is set up; a text where that could not be told. */
  engine: EngineSeen | string
  /** What the script of `doctor` printed: lines by name. */
  told: ReadonlyMap<string, readonly string[]>
  /** When the question went out and when the answer was there, in milliseconds since the epoch, by this machine's clock. */
  asked: { from: number; until: number }
  /** Whether rules for published ports of the project that the host keeps are in force. */
  rules: 'yes' | 'no' | 'none'
}

export const ok = (about: string, text: string): Finding => ({ about, state: 'ok', text })

export const warning = (about: string, text: string, hint?: string): Finding => ({
  about,
  state: 'warning',
  text,
  ...(hint === undefined ? {} : { hint }),
})

export const problem = (about: string, text: string, hint?: string): Finding => ({
  about,
  state: 'problem',
  text,
  ...(hint === undefined ? {} : { hint }),
})

/** What the engine says of itself, as far as it could be asked. */
export function infoOf({ engine }: Look): Record<string, unknown> {
  if (typeof engine === 'string' || engine.info === '') return {}
  try {
    return JSON.parse(engine.info) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** The first line of that name, empty where there is none. */
export const first = ({ told }: Pick<Look, 'told'>, name: string): string => told.get(name)?.[0] ?? ''
