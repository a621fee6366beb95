// The door for providers from outside: the version of the interface, what a plugin is, and every type that it may need.
import type { Provider } from '../provider.js'

export type { Connection, ExecOptions, Exit } from '../connection.js'
export type { EngineWant } from '../engine-want.js'
export type { Emit, Event } from '../events.js'
export type { LocalFiles } from '../files.js'
export type { Host } from '../project.js'
export type {
  Absent,
  ApplyContext,
  DetailsContext,
  Detection,
  DiffOptions,
  DownOptions,
  Engine,
  EngineStep,
  Provider,
  Scope,
  StepResult,
  TextDiff,
  Use,
} from '../provider.js'
export type { ContainerState, ExecRequest, LogLine, LogOptions } from '../provider-abilities.js'
export type { Secret, Value } from '../secret.js'
export type { Sh } from '../sh.js'
export type { Change, Step } from '../step.js'
export type {
  ContainerConfig,
  ContainerWant,
  ImageWant,
  MountWant,
  NetworkJoin,
  NetworkWant,
  PortWant,
  VolumeWant,
  Wanted,
} from '../wanted.js'

/** The version of the interface that this Longshore speaks. It changes when a provider of before would not work any more. */
export const interfaceVersion = 1

/** Secrets of the `engine:` block that a provider sees only when it asks for them. */
export type AskedSecret = 'registries' | 'proxy'

/** What a module exports as `provider`. */
export interface ProviderPlugin<Seen = unknown> extends Provider<Seen> {
  readonly interface: typeof interfaceVersion
  /** Left out: none. Values of secrets that services name come with the services. */
  readonly asks?: readonly AskedSecret[]
}
