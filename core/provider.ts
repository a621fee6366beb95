// What a container engine's provider is: the same words as a resource, but for all the things of one project on one engine.
import type { Connection } from './connection.js'
import type { StateKeeper } from './engine-alone/keeper.js'
import type { EngineWant, RegistryWant } from './engine-want.js'
import { unreachableError } from './errors.js'
import type { Emit } from './events.js'
import type { LocalFiles } from './files.js'
import type { HistoryAbilities } from './history/abilities.js'
import type { DoPlay } from './images-by-playbook/recipe.js'
import type { OneOffAbility } from './one-off/ability.js'
import type { Host } from './project.js'
import type { ContainerAbilities, ImageAbilities } from './provider-abilities.js'
import type { Raw } from './raw.js'
import type { Sh } from './sh.js'
import type { Step } from './step.js'
import type { Together } from './together/ability.js'
import type { Wanted } from './wanted.js'

/** A built-in playbook that a host must have had first, with its variables. */
export interface Use {
  playbook: string
  vars: Record<string, unknown>
  /** What the user's file says of it, for tasks whose whole value is `{{ settings }}`: what is wrong with it is told at its own place. */
  settings?: Raw
}

/** What a host must have had for the containers that are wanted on it: once its engine is up, and when they run. */
export interface UsesAround {
  before: Use[]
  after: Use[]
}

/** Hosts that one engine serves: docker and podman each host alone, swarm its managers together. Its name is the host's where it is one. */
export interface Scope {
  name: string
  hosts: string[]
  /** What the file says of registries that it pulls from, by host and port. */
  readonly registries?: Readonly<Record<string, RegistryWant>>
}

/** What a host's shell tells of the engine. */
export interface Detection {
  state: 'answers' | 'denied' | 'not-running' | 'not-installed'
  /** The socket's path on the host. */
  socket: string
  /** True when only root may write it. */
  rootOnly: boolean
  /** True when the command line client that can pass a socket through sudo is there. */
  client: boolean
  text: string
  /** What mends it on the host, where that is known. */
  hint?: string
  /** Whose the installed engine is, in the words of `engine.source`; left out where none is installed, or where that cannot be told. */
  origin?: string
  /** Version of the installed package, where that can be told. */
  version?: string
  /** We keep its packages on hold, because a run asked for a version. */
  held?: true
  /** A fingerprint of each folder that images are imported from and that is there. */
  folders: Record<string, string>
  /** The active firewall that published ports go past, as people call it. */
  firewall?: string
}

/** What stands for a detection where no shell can be asked: whoever waits for it hears that the engine does not answer. */
export function noDetection({ name }: Host): Promise<never> {
  const none = Promise.reject(unreachableError(name, 'the engine does not answer any more'))
  // Nobody waits for it where the engine answers.
  none.catch(() => undefined)
  return none
}

/** There is no engine to speak to, and why. */
export interface Absent {
  readonly absent: 'not-installed' | 'not-running' | 'denied'
  readonly text: string
  /** What to do about it, where the provider knows better than that it must be installed, started or opened to us. */
  readonly hint?: string
}

/** A way to speak to one engine; the provider's own, opaque to others. */
export interface Engine {
  readonly scope: Scope
  /** Engine name, version and API version, as people say them. */
  readonly about: string
  /** API requests sent, and the longest chain of requests that each waited for the one before. */
  readonly stats: { requests: number; waves: number }
  close(): void
}

/** A provider's step: what the plan shows, and what the provider needs to do it (never shown). */
export interface EngineStep extends Step {
  readonly work: unknown
}

/** A container that traffic may go to, or may not any more. */
export interface Serving {
  host: string
  service: string
  /** Id on the engine. */
  id: string
}

/** Whoever sends traffic to containers: told at the right moments of a replacement, and waited for. */
export interface Traffic {
  /** A new one is good; the old one, if there is one, still serves. */
  admit(container: Serving): Promise<void>
  /** It is about to be stopped: settles when no new traffic goes to it. */
  drain(container: Serving): Promise<void>
}

/** What a step may use while it runs. */
export interface ApplyContext {
  emit: Emit
  signal: AbortSignal
  files: LocalFiles
  /** The engine of another host, for what a dependency across hosts waits for. */
  engineOf(host: string): Promise<Engine>
  /** Removes what is not declared. */
  prune: boolean
  /** Left out where no way leads into containers. */
  doPlay?: DoPlay
  /** Left out where nobody sends traffic. */
  traffic?: Traffic
}

/** How a step ended: done, or found to be so already. */
export type StepResult = { state: 'done' | 'already'; text?: string }

/** What an engine's difference depends on besides what is wanted and seen. */
export interface DiffOptions {
  /** Removes what is not declared. */
  prune: boolean
  /** Names of containers that run, and that a step before stops. */
  stopped?: readonly string[]
  /** Engines of the same provider that images are brought from, by host. */
  sources?: ReadonlyMap<string, ImageSource>
}

/** An engine that images are brought from, as the plan knows it: what was seen of it, and the ids of its steps. */
export interface ImageSource {
  seen: unknown
  steps: ReadonlySet<string>
}

/** How one text becomes another, as a unified diff of what `path` names; undefined when it would take too long to find. */
export type TextDiff = (path: string, from: string, to: string) => string | undefined

/** What may be used to tell more of a plan. */
export interface DetailsContext {
  files: LocalFiles
  textDiff: TextDiff
  signal: AbortSignal
}

/** What `down` removes besides containers and networks. */
export interface DownOptions {
  volumes: boolean
  images: boolean
}

/** One container engine. `Seen` is its own. */
export interface Provider<Seen = unknown> extends ContainerAbilities, ImageAbilities, HistoryAbilities, OneOffAbility {
  readonly name: string
  /** Built-in playbooks that hosts must have had first, for this `engine:` block. */
  needs(engine: EngineWant): Use[]
  /** Built-in playbooks that take away what tasks of this kind did in an earlier run, where the file says nothing of it any more. */
  forgets?(engine: EngineWant, kind: string): Use[]
  /**
   * Built-in playbooks that bring, change and take away who may reach published ports of a host. With `prune` what is for services that
   * are no longer declared goes too.
   */
  portRules?(wanted: Wanted, options: { prune: boolean }): UsesAround
  scopes(hosts: readonly Host[]): Scope[]
  /** Read-only shell, part of the host's first exec; `folders` are those that images are imported from there. */
  detect(engine: EngineWant, folders: readonly string[]): Sh
  readDetection(out: string): Detection
  /**
   * Opens the engine. Tries the socket as the login user at once, without waiting for `detection` (which is still on its way);
   * asks `detection` only if that fails, then goes through root if that is what it takes.
   */
  open(
    scope: Scope,
    connection: Connection,
    detection: Promise<Detection>,
    signal?: AbortSignal,
  ): Promise<Engine | Absent>
  /** What keeps the state of projects on the engine itself, for a host without a shell; left out: such hosts cannot have this provider. */
  keeper?(engine: Engine): StateKeeper
  /** Everything on the engine that carries the project's label, and the images and base images that `wanted` names; at most 3 waves. */
  observe(engine: Engine | Absent, wanted: Wanted, files: LocalFiles, signal?: AbortSignal): Promise<Seen>
  /** Pure. Steps with causes; what is no longer declared becomes `remove` steps only with `prune`, and is named in `orphans` anyway. */
  diff(
    scope: Scope,
    wanted: Wanted,
    seen: Seen,
    options: DiffOptions,
  ): { steps: EngineStep[]; orphans: string[]; unchanged: number; warnings: string[] }
  /**
   * The same steps in the same order, with changes that only people see who ask for every difference: how files of this machine differ from
   * those on the host. May read more of the host; what cannot be read is not told. Left out: there is nothing more to tell.
   */
  details?(
    engine: Engine,
    planned: { steps: readonly EngineStep[]; wanted: Wanted; seen: Seen },
    context: DetailsContext,
  ): Promise<EngineStep[]>
  /** Pure. The steps that remove what is there. */
  down(scope: Scope, project: string, seen: Seen, options: DownOptions): EngineStep[]
  /** Does one step; may be interrupted and repeated. Foreign output goes out as `output` events. */
  apply(engine: Engine, step: EngineStep, context: ApplyContext): Promise<StepResult>
  /** What several of them do as one; left out where each stands alone. */
  readonly together?: Together
  /** Ends a replacement of a rollout that may be undone as a whole: removes what it replaced, or puts that back. */
  conclude?(engine: Engine, step: EngineStep, how: 'keep' | 'undo', context: ApplyContext): Promise<void>
}

/** Gives an object literal its types, and does nothing else. */
export const provider = <Seen>(definition: Provider<Seen>): Provider<Seen> => definition

/** A provider whose own types are of no concern to the caller. */
export type AnyProvider = Provider<unknown>

/** True for an engine that is not there. */
export const isAbsent = (engine: Engine | Absent): engine is Absent => 'absent' in engine
