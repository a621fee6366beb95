// The project: the user's file, checked and with positions, before anything is known of a host.
import type { ContainerPlace } from './container-hosts/place.js'
import type { FrontDoorBlock } from './containers/front-door/want.js'
import type { EngineAddress } from './engine-alone/address.js'
import type { EngineWant } from './engine-want.js'
import type { At } from './errors.js'
import type { MachineWant } from './machines/machine.js'
import type { Play } from './playbook.js'
import type { Raw, Selector, Vars } from './raw.js'
import type { Secret } from './secret.js'

/** How we become root on a host. */
export interface Become {
  method: 'sudo'
  user: string
  password?: Secret
}

/** One host of the file, with what its groups and the project say already merged in. */
export interface Host {
  name: string
  connection: 'ssh' | 'local' | 'engine' | 'container'
  /** Of `connection: engine`: where the engine listens. */
  engineAddress?: EngineAddress
  /** Of `connection: container`: which one it is. */
  container?: ContainerPlace
  /** Of a host that `up` makes. How it is reached is known when it is there: until then it has no port. */
  machine?: MachineWant
  /** Name or address to connect to; for `ssh` possibly an alias in ~/.ssh/config. */
  address: string
  user?: string
  port?: number
  /** Path of a private key, `~` expanded. */
  identity?: string
  passphrase?: Secret
  password?: Secret
  /** A host of the file, or an ssh destination, to jump through. */
  jump?: string
  /** How other hosts reach it. */
  private?: string
  /** Left out: root where `sudo -n` gives it, else the login user. */
  become?: Become
  /** "ssh-ed25519 AAAA…": the only key accepted. */
  hostKey?: string
  labels: Record<string, string>
  /** Names of the groups it is in, in file order. */
  groups: string[]
  /** Merged: project < groups < host. */
  vars: Vars
  engine: EngineWant
  at: At
}

/** A service of `containers:` or of a Compose file. */
export interface RawService {
  name: string
  raw: Raw
  on?: Selector
  /** The folder that relative paths in it start from. */
  folder: string
  /** Made by Longshore itself: it runs wherever services with domains do. */
  builtIn?: true
}

/** One entry of `playbooks:`, read. */
export interface PlaybookUse {
  plays: Play[]
  file: string
  on?: Selector
  stage: Stage
}

/** When a play runs, around the engine and the containers. */
export type Stage = 'before-engine' | 'after-engine' | 'after-containers'

/** Something to tell the user that stops nothing. */
export interface Warning {
  text: string
  at: At
}

/** The file, checked. */
export interface Project {
  name: string
  file: string
  folder: string
  vars: Vars
  /** In file order. */
  hosts: Host[]
  groups: Record<string, { hosts: string[] }>
  playbooks: PlaybookUse[]
  /** Resolved values of `secrets:`, by name; read lazily. */
  secrets: Secrets
  images: Record<string, Raw>
  services: RawService[]
  /** The `front_door` block, where there is one. */
  frontDoor?: FrontDoorBlock
  networks: Record<string, Raw>
  volumes: Record<string, Raw>
  /** `configs:` and `secrets:` of Compose files. */
  configs: Record<string, Raw>
  secretFiles: Record<string, Raw>
  /** Services that are left out because none of their profiles is active, with these. */
  inactive: Record<string, string[]>
  /** What reading the files brought up. */
  warnings: Warning[]
  /** Variables for Compose's interpolation: the process environment and `.env`. */
  environment: Record<string, string>
}

/** The secrets of a project: each is fetched once, when first used. */
export interface Secrets {
  names: string[]
  /** The secret's value. A UserError when its source does not give one. */
  get(name: string, at: At): Secret
}
