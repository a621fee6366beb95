// What a run needs of the world, and what it knows so far. Made once a command; observe, plan and run share it.
import type { Issuer } from '../certificates.js'
import type { Connection } from '../connection.js'
import type { Emit } from '../events.js'
import type { LocalFiles } from '../files.js'
import type { DoPlay } from '../images-by-playbook/recipe.js'
import type { TaskStep } from '../plan/host-steps.js'
import type { HostWork } from '../plan/host-work.js'
import type { Play } from '../playbook.js'
import type { Host, Project } from '../project.js'
import type { AnyProvider, TextDiff } from '../provider.js'
import type { Vars } from '../raw.js'
import type { AnyResource, LocalWrite } from '../resource.js'
import type { Masker } from '../secret.js'
import type { Gate, Step } from '../step.js'
import type { TogetherSide } from '../together/side.js'
import type { EngineSide } from './engine-side.js'

/** How much of the file is meant. */
export type Extent = 'all' | 'hosts'

export interface SessionContext {
  project: Project
  /** The hosts that `--on` selects. */
  hosts: readonly Host[]
  extent: Extent
  connect(host: Host, options: { signal: AbortSignal }): Promise<Connection>
  /** Does a play in a container that is to become an image; left out where none is made. */
  doPlay?: DoPlay
  /** Shows how texts differ; only where people asked for every difference. */
  textDiff?: TextDiff
  providers: readonly AnyProvider[]
  resources: readonly AnyResource[]
  /** Reads a built-in playbook by name. */
  builtIn(name: string): Promise<Play[]>
  files: LocalFiles
  /** Writes files on this machine: what tasks fetch from hosts. */
  keep(writes: readonly LocalWrite[]): Promise<void>
  masker: Masker
  /** Issues certificates for engines. */
  issuer?: Issuer | undefined
  emit: Emit
  signal: AbortSignal
  forks: number
  prune: boolean
  /** Only tasks with one of these tags; empty = all. */
  tags: readonly string[]
  /** Variables of the command line: stronger than all others. */
  vars: Vars
}

/** What was read, and what is to be done about it. */
export interface RunPlan {
  works: HostWork[]
  sides: EngineSide[]
  /** Engines of several hosts that are one. */
  together?: TogetherSide[]
  /** In an order that respects `after`. */
  steps: Step[]
  /** Tasks that only tell something when their turn comes: done with the rest, listed nowhere. */
  silent: TaskStep[]
  /** Points between hosts that steps wait for. */
  gates: Gate[]
  /** Things that are as wanted. */
  unchanged: number
  unchangedByHost: Map<string, number>
  /** Things of the project that are no longer declared, as people call them; with their host. */
  orphans: { host: string; thing: string }[]
  /** Hosts that are containers which this run makes first: to be planned when it is over. */
  later?: readonly string[]
  /** The services that are meant, where the command names some: what else differs is left alone, and no surprise. */
  only?: readonly string[]
  /** All of the project goes: nothing is wanted. */
  down?: true
  /** Number of the entry of the history that it goes back to. */
  rollback?: number
}

/** The hosts that the command line means, without those that were only read from. */
export const worksInside = ({ works }: RunPlan): HostWork[] => works.filter(({ apart }) => !apart)

/** A step as events and reports see it: without what only the runner needs. `listed` are the ids of the plan's steps. */
export const publicStep = (step: Step, listed: ReadonlySet<string>): Step => {
  const waits = step.waits?.filter(id => listed.has(id)) ?? []
  return {
    id: step.id,
    host: step.host,
    thing: step.thing,
    verb: step.verb,
    cause: step.cause,
    after: step.after,
    ...(waits.length === 0 ? {} : { waits }),
    certainty: step.certainty,
    ...(step.loses === undefined ? {} : { loses: step.loses }),
    ...(step.changes === undefined ? {} : { changes: step.changes }),
  }
}
