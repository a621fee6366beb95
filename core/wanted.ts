// What the file wants of one container engine: images, networks, volumes and containers in a normal form that every provider reads.
import type { ContainerSettings } from './container-settings.js'
import type { DoorWant } from './containers/front-door/want.js'
import type { ImageWant } from './containers/image-want.js'
import type { MountWant } from './containers/mounts/mount-want.js'
import type { At } from './errors.js'
import type { Value } from './secret.js'
import type { HeldFiles } from './state.js'
import type { SpreadWant } from './together/spread-want.js'

export type { ImageWant } from './containers/image-want.js'
export type { MountSettings, MountWant } from './containers/mounts/mount-want.js'

export type Wanted = {
  project: string
  /** The host's key: secrets stand as HMACs under it in specs and hashes. Never in a label or an event. */
  key: Uint8Array
  images: ImageWant[]
  networks: NetworkWant[]
  volumes: VolumeWant[]
  containers: ContainerWant[]
  /** Services whose number of containers here is decided, also where it is none: what there is of them beyond goes. */
  dealt?: string[]
  /** What the host's shell told of files that were brought there before. */
  shipped?: HeldFiles
}

export interface NetworkWant {
  /** Its key in the file. */
  key: string
  /** Its name on the engine ("shop_default"). */
  name: string
  external: boolean
  driver?: string
  internal: boolean
  attachable?: boolean
  /** Left out: as its ranges are. */
  ipv6?: boolean
  options: Record<string, string>
  labels: Record<string, string>
  ipam?: IpamRange[]
  /** Who hands out addresses, if not the engine. */
  ipamDriver?: string
  ipamOptions?: Record<string, string>
  at: At
}

export interface IpamRange {
  subnet?: string
  gateway?: string
  /** Part of the subnet that containers get addresses from. */
  range?: string
  /** Addresses that are taken, by name. */
  taken?: Record<string, string>
}

export interface VolumeWant {
  key: string
  name: string
  external: boolean
  driver?: string
  options: Record<string, string>
  labels: Record<string, string>
  at: At
}

/** One container: the n-th of a service, on one engine. */
export interface ContainerWant {
  service: string
  /** From 1. */
  number: number
  /** "shop-redis-1", or container_name. */
  name: string
  config: ContainerConfig
  /** Ports that not everybody may reach. No part of the container: other rules do not replace it. */
  portRules?: PortRule[]
  /** Fields of its spec that come from `harden`. No part of the container: only plans tell it. */
  hardened?: string[]
  /** Id of the image that it is made from, wherever its reference leads by now: of a rollback. */
  imageId?: string
  /** The same as "redis@sha256:…", where it came from a registry: what a node pulls that does not have it. */
  imageDigest?: string
  /** How a new version takes the place of an old one. No part of the container, as the gate. */
  rollout?: Rollout
  /** What it must answer before it counts as good. */
  gate?: GateWant
  /** Where the engine deals them over its hosts itself: how. */
  spread?: SpreadWant
  /** Of the front door: where it leads. */
  door?: DoorWant
  dependsOn: Dependency[]
  at: At
}

/** Which of two containers runs first while one takes the place of the other. */
export type ReplaceOrder = 'start-first' | 'stop-first'

/** How the containers of one service are replaced, on all its hosts together. */
export interface RolloutRules {
  /** Left out: start-first where nothing stands against it. */
  order?: ReplaceOrder
  /** How many at once; 0 means all. */
  parallelism: number
  /** Between two batches. */
  delayMs: number
  /** How long a new one must stay good before it counts. */
  monitorMs: number
  /** The share of them that may fail, 0 to 1. */
  maxFailureRatio: number
}

/** What is done with the rest when more fail than may. */
export interface Rollout extends RolloutRules {
  failureAction: 'pause' | 'continue' | 'rollback'
  /** How those that were replaced already are put back. */
  back: RolloutRules
}

/** What is asked of a new container until it answers as it should. */
export interface GateWant {
  ask:
    | { kind: 'http'; port: number; path: string /** The lowest and the highest good one. */; status: [number, number] }
    | { kind: 'tcp'; port: number }
    | { kind: 'command'; argv: string[] }
  timeoutMs: number
  intervalMs: number
}

/** What must hold before a container starts; `on` names the containers meant, on this host or others. */
export interface Dependency {
  service: string
  condition: 'started' | 'healthy' | 'completed'
  on: { host: string; container: string }[]
  at: At
}

export interface PortWant {
  /** Host address to bind; all if left out. */
  ip?: string
  /** Host port; chosen by the engine if left out. */
  published?: number
  target: number
  protocol: 'tcp' | 'udp' | 'sctp'
  /** On a swarm: published on the hosts of its containers alone, or on all. */
  mode?: 'host' | 'ingress'
}

/** A published port that only some networks may reach. */
export interface PortRule {
  /** Host address that it is bound to; all if left out. */
  ip?: string
  /** Host port. */
  published: number
  protocol: PortWant['protocol']
  /** ADDRESS/BITS of either family. */
  allow: string[]
}

/** A file that is put into a container before it starts. */
export interface FileWant {
  target: string
  content: Value
  uid: number
  gid: number
  /** Permission bits. */
  mode: number
}

/** How a container joins a network. */
export interface NetworkJoin {
  /** Its name on the engine. */
  name: string
  aliases: string[]
  address?: string
  address6?: string
  linkLocal?: string[]
  macAddress?: string
  options?: Record<string, string>
}

export interface HealthcheckWant {
  /** As the engine takes it: ["CMD", …], ["CMD-SHELL", "…"] or ["NONE"]. */
  test: string[]
  intervalMs?: number
  timeoutMs?: number
  startPeriodMs?: number
  startIntervalMs?: number
  retries?: number
}

/** How a container is run. Everything in here counts for its spec: a difference replaces the container. Absent keys mean the engine's default. */
export interface ContainerConfig extends ContainerSettings {
  image: string
  command?: string[]
  entrypoint?: string[]
  environment: Record<string, Value>
  labels: Record<string, string>
  hostname?: string
  user?: string
  workingDir?: string
  tty?: boolean
  stdinOpen?: boolean
  init?: boolean
  privileged?: boolean
  readOnly?: boolean
  capAdd?: string[]
  capDrop?: string[]
  securityOpt?: string[]
  sysctls?: Record<string, string>
  dns?: string[]
  shmSize?: number
  restart?: { name: 'no' | 'always' | 'unless-stopped' | 'on-failure'; max?: number }
  healthcheck?: HealthcheckWant
  ports: PortWant[]
  mounts: MountWant[]
  files?: FileWant[]
  /** Networks it joins; the first one is its main network. */
  networks: NetworkJoin[]
  /** `host`, `none`, `bridge` or `container:NAME` instead of networks. */
  networkMode?: string
  /** As Docker means them: `alias` leads to `container` for this container alone. */
  links: { container: string; alias: string }[]
  /** "name:address" lines for /etc/hosts; cross-host links stand here too. */
  extraHosts: string[]
  stopSignal?: string
  stopGraceMs?: number
}
