// What the file wants of a host's container engine: source, sockets, certificates, configuration, registries.
import type { At } from './errors.js'
import type { Secret, Value } from './secret.js'
import type { MembershipWant, SwarmEntry } from './together/membership-words.js'

/** Certificates for an engine's TCP sockets. */
export interface TlsWant {
  /** The authority's folder on this machine, absolute. */
  folder: string
  /** Locks the authority's key. */
  readonly passphrase?: Secret
  days: number
  /** Days. */
  renewBefore: number
  sans: string[]
  clients: string[]
}

/** A registry of images. */
export interface RegistryWant {
  username?: string
  readonly password?: Secret
  /** Absolute path of a PEM file on this machine. */
  ca?: string
  insecure: boolean
  /** Keep the credentials on the hosts. */
  login: boolean
}

/** The `engine:` block for one host. */
export interface EngineWant {
  /** `docker`. */
  provider: string
  /** `distro`: the distribution's package. `docker-ce`: Docker's own. `none`: never installed by us. Undefined: an engine that answers is left alone, else `distro`. */
  source?: 'distro' | 'docker-ce' | 'none'
  /** Exchange an engine of another source. */
  replace: boolean
  /** Of the package, with `*` for what does not matter. */
  version?: string
  repository?: {
    url?: string | undefined
    key?: string | undefined
    suite?: string | undefined
    component?: string | undefined
  }
  listen?: string[]
  tls?: TlsWant
  insecure: boolean
  /** Login names that may use the socket. */
  users: string[]
  /** Keys of daemon.json. */
  daemon: Record<string, unknown>
  daemonFile: 'merge' | 'own'
  /** What to do when `data-root` names another folder than that of the engine's data. */
  dataRootMove: 'refuse' | 'copy'
  proxy?: { readonly http?: Value; readonly https?: Value; no: string[] }
  /** By host and port. */
  registries: Record<string, RegistryWant>
  /** What the CIS Docker Benchmark asks for, as far as nothing else is said. */
  harden: boolean
  /** What the file says under `swarm`, before the hosts are known. */
  swarmEntry?: SwarmEntry
  /** Of a host of a swarm. */
  membership?: MembershipWant
  at?: At
  /** Where a value of it stands: of the strongest block that has it. */
  places(path: string[]): At
}

/** An engine of which nothing is said. */
export const anyEngine = (): EngineWant => ({
  provider: 'docker',
  users: [],
  replace: false,
  insecure: false,
  daemon: {},
  daemonFile: 'merge',
  dataRootMove: 'refuse',
  registries: {},
  harden: false,
  places: () => ({ file: 'longshore.yaml', line: 1, column: 1 }),
})
