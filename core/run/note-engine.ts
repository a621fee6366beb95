// What a host's facts say of its engine: the one that was opened, or why there is none.
import { type Facts, withEngine } from '../facts.js'
import { type Absent, type Engine, isAbsent } from '../provider.js'

/** The facts with the engine in them. */
export function factsWithEngine(facts: Facts, name: string, opened: Engine | Absent): Facts {
  if (isAbsent(opened)) return withEngine(facts, { name, state: opened.absent })
  // An engine says of itself: "docker 20.10.24 (API 1.41)".
  const [, version = '', api = ''] = /^\S+ (\S+)(?: \(API (\S+)\))?/.exec(opened.about) ?? []
  return withEngine(facts, { name, version, api, state: 'answers' })
}

/** Puts the engine into a host's facts, once both are known. */
export function noteEngine(work: { facts?: Facts }, name: string, opened: Engine | Absent): void {
  if (work.facts !== undefined) work.facts = factsWithEngine(work.facts, name, opened)
}
