// Where an engine is that is reached without a shell on its host, by what right, and what cannot be asked of such a host.
import type { At } from '../errors.js'
import type { Value } from '../secret.js'

/** How an engine is checked and how we show who we are; all paths absolute. */
export interface EngineTls {
  /** The authority's certificate; left out: those that this machine trusts. */
  ca?: string
  /** Our own certificate. */
  cert?: string
  /** Its key: a path, or the PEM itself as a secret. Fetched when it is read. */
  readonly key?: Value
  /** The folder that all three are in, under docker's names for them. */
  folder?: string
  at: At
}

/** The `url` of `connection: engine`, taken apart. */
export type EngineAddress = {
  /** As docker's DOCKER_HOST takes it. */
  url: string
  at: At
  /** Keys of `engine:` blocks around it that have no effect on it. */
  leftOut: string[]
} & ({ kind: 'unix'; path: string } | { kind: 'tcp'; name: string; port: number; tls?: EngineTls })

type Reached = { connection: string; engineAddress?: EngineAddress }

/** False for a host that is reached by its engine alone: nothing runs on it but containers. */
export const hasShell = ({ connection }: Reached): boolean => connection !== 'engine'

/** True where the engine's paths are this machine's. */
export const isHere = ({ connection, engineAddress }: Reached): boolean =>
  connection === 'local' || engineAddress?.kind === 'unix'

/** Why something cannot be had of such a host, after its name. */
export const shellless = 'is reached by its engine alone (connection: engine), so that no command can run on it'
