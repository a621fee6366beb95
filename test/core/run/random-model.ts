// The model that random playbooks are held against: what a host is thought to be, and where the chance comes from.

/** What a host is thought to be, and what has happened to it. */
export interface Model {
  files: Map<string, string>
  /** Names of tasks that have changed something in this run. */
  changed: Set<string>
  /** Names of handlers that are due. */
  due: Set<string>
}

/** What a task has come to, as later ones read it. */
export interface Told {
  changed: boolean
  stdout?: string
}

/** Values by name while a model runs: registers, variables, entries of loops. */
export type Values = Map<string, Told | string>

/** One entry of a list of tasks. */
export interface Node {
  yaml: string
  /** Gives false where it has failed. */
  run(model: Model, values: Values): boolean
}

/** A playbook with the files that it includes. */
export interface RandomPlay {
  files: Record<string, string>
  run(model: Model): void
}

export const emptyModel = (): Model => ({ files: new Map(), changed: new Set(), due: new Set() })

/** Numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const indented = (lines: string): string => lines.replace(/^/gm, '    ')
export const filled = (text: string, values: Values): string =>
  text.replace(/\{\{ (\w+)(\.stdout)? \}\}/g, (_all, name: string) => {
    const value = values.get(name)
    return typeof value === 'string' ? value : (value?.stdout ?? '')
  })
