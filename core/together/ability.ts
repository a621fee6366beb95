// What the engines of several hosts do together: they are members of one, which is asked and told through any of them.
import type { Facts } from '../facts.js'
import type { Host } from '../project.js'
import type { ApplyContext, DiffOptions, Engine, EngineStep, Scope, StepResult } from '../provider.js'
import type { Secret } from '../secret.js'
import type { ContainerWant, Wanted } from '../wanted.js'

/** A host of it, as far as it could be reached. */
export interface Member {
  host: Host
  /** False where the host itself could not be reached. */
  reached: boolean
  /** Left out where it could not be reached, or where there is no engine (yet). */
  engine?: Engine
  /** What its provider saw of it alone, and plans for it alone. */
  seen?: unknown
  steps?: readonly EngineStep[]
  /** What its shell told; how the others reach it is in there. */
  facts?: Pick<Facts, 'address'>
}

/** What is wanted of all of them together. */
export interface WantedTogether {
  project: string
  /** By host; those that could not be read are in it too. */
  byHost: ReadonlyMap<string, Wanted>
  /** False where only the hosts are meant, and no containers. */
  containers: boolean
  /** Only these services are meant, as in a rollback: who is a member stays as it is, and so does what else the project has. */
  only?: readonly string[]
}

/** What a step done by all of them may use. */
export interface TogetherContext extends ApplyContext {
  members: readonly Member[]
  /** A member's engine as it is now, opened anew where that is needed. Throws where it does not answer. */
  engineNow(host: string): Promise<Engine>
  /** From now on this is masked in all that is shown. */
  mask(secret: Secret): void
}

/** What is to be done by all of them together. Steps of membership carry the host that they are about, all others the scope's name. */
export interface TogetherPlan {
  steps: EngineStep[]
  orphans: string[]
  unchanged: number
  warnings: string[]
}

/** An image that a service runs, as one of its nodes has it. */
export interface ServiceImage {
  service: string
  id: string
  /** "redis@sha256:…", where it came from a registry. */
  digest?: string
}

/** What entries of the history need of engines that are one. */
export interface TogetherHistory<Seen = unknown> {
  /**
   * Asked when a run has ended well: what the project's services run, each image once under each id that nodes know it by, and the key
   * that secrets are fingerprinted with.
   */
  inUse(
    scope: Scope,
    members: readonly Member[],
    project: string,
    signal: AbortSignal,
  ): Promise<{ key: Uint8Array; images: ServiceImage[] }>
  /** Pure. That key as it was seen; undefined where there is none. */
  key(seen: Seen): Uint8Array | undefined
  /** Pure. True where they still have the file that the service mounts at that place, as it is wanted. */
  holds(seen: Seen, project: string, want: ContainerWant, target: string): boolean
}

/** What engines can do together. */
export interface Together<Seen = unknown> {
  /** The one scope of all of them. */
  scope(hosts: readonly Host[]): Scope
  /** Asks members, and one that can speak for all. A UserError where they cannot decide anything (no quorum), or are of different ones. */
  observe(scope: Scope, members: readonly Member[], wanted: WantedTogether, signal: AbortSignal): Promise<Seen>
  /** Pure. */
  diff(
    scope: Scope,
    members: readonly Member[],
    wanted: WantedTogether,
    seen: Seen,
    options: Pick<DiffOptions, 'prune'>,
  ): TogetherPlan
  /** Pure. Removes what the project has there; members stay members. */
  down(scope: Scope, project: string, seen: Seen): EngineStep[]
  /** What the history of a project needs of them; left out: they have none. */
  readonly history?: TogetherHistory<Seen>
  apply(scope: Scope, step: EngineStep, context: TogetherContext): Promise<StepResult>
  /** Its members as people read them, a line each. */
  tell(seen: Seen): string[]
}
