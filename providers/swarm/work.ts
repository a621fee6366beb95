// What a step of a swarm carries, unseen, so that apply knows what to do; and how such a step is made.
import type { EngineStep, Scope } from '../../core/provider.js'
import type { Change } from '../../core/step.js'
import type { MembershipWant } from '../../core/together/membership-words.js'
import type { ContainerWant, NetworkWant } from '../../core/wanted.js'

/** A service and its project. */
export interface ServiceWork {
  project: string
  want: ContainerWant
  /** Names by which others link to it. */
  aliases: string[]
  /** True where its image is made anew in this run. */
  newImage: boolean
}

export type SwarmWork =
  | { kind: 'init' | 'join' | 'rejoin'; host: string; want: MembershipWant; address: string }
  | { kind: 'role'; host: string; role: 'manager' | 'worker' }
  | { kind: 'node'; host: string; want: MembershipWant }
  | { kind: 'leave'; host: string }
  | { kind: 'remove-node'; id: string; name: string }
  | { kind: 'network'; project: string; want: NetworkWant; labels: Record<string, string> }
  | { kind: 'object'; project: string; want: ContainerWant; target: string }
  | ({ kind: 'service' } & ServiceWork)
  | { kind: 'await'; want: ContainerWant; id: string; isJoined: boolean }
  | { kind: 'remove'; what: 'services' | 'networks' | 'secrets' | 'configs'; id: string }

/** Makes a step for a thing of the swarm's, or of one of its hosts. */
export function swarmStep(
  scope: Scope,
  thing: string,
  told: { verb: string; cause: string; after?: string[]; loses?: string; changes?: Change[]; host?: string },
  work: SwarmWork,
): EngineStep {
  const { verb, cause, after = [], loses, changes = [], host = scope.name } = told
  return {
    id: `${host}/${thing}`,
    host,
    thing,
    verb,
    cause,
    after,
    certainty: 'will',
    ...(loses === undefined ? {} : { loses }),
    ...(changes.length === 0 ? {} : { changes }),
    work,
  }
}
