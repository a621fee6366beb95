// What the file wants of one container engine: images, networks, volumes and containers in a normal form that every provider reads.
import type { At } from './errors.js'
import type { Value } from './secret.js'

export type Wanted = {
  project: string
  /** The host's key: secrets stand as HMACs under it in specs and hashes. Never in a label or an event. */
  key: Uint8Array
  images: ImageWant[]
  networks: NetworkWant[]
  volumes: VolumeWant[]
  containers: ContainerWant[]
}

/** An image that containers (or other images) here need. */
export type ImageWant = { ref: string; at: At } & (
  | { from: 'pull' }
  /** A context on this machine; `dockerfile` is relative to it. */
  | { from: 'build'; context: string; dockerfile: string; args: Record<string, Value>; target?: string }
  /** A root file system folder: on the engine's host, or on this machine. `content`: what the host's shell told of its folder. */
  | { from: 'import'; dir: string; where: 'host' | 'here'; content?: string }
)

export interface NetworkWant {
  /** Its key in the file. */
  key: string
  /** Its name on the engine ("shop_default"). */
  name: string
  external: boolean
  driver?: string
  internal: boolean
  options: Record<string, string>
  labels: Record<string, string>
  ipam?: { subnet?: string; gateway?: string }[]
  at: At
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
  dependsOn: Dependency[]
  at: At
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
}

export interface MountWant {
  type: 'volume' | 'bind' | 'tmpfs'
  /** Volume name on the engine or absolute path on the host; left out for tmpfs and anonymous volumes. */
  source?: string
  target: string
  readOnly: boolean
}

export interface HealthcheckWant {
  /** As the engine takes it: ["CMD", …], ["CMD-SHELL", "…"] or ["NONE"]. */
  test: string[]
  intervalMs?: number
  timeoutMs?: number
  startPeriodMs?: number
  retries?: number
}

/** How a container is run. Everything in here counts for its spec: a difference replaces the container. Absent keys mean the engine's default. */
export interface ContainerConfig {
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
  /** Networks it joins, by name on the engine, with the aliases it has there; the first one is its main network. */
  networks: { name: string; aliases: string[]; address?: string }[]
  /** `host`, `none`, `bridge` or `container:NAME` instead of networks. */
  networkMode?: string
  /** As Docker means them: `alias` leads to `container` for this container alone. */
  links: { container: string; alias: string }[]
  /** "name:address" lines for /etc/hosts; cross-host links stand here too. */
  extraHosts: string[]
  stopSignal?: string
  stopGraceMs?: number
}
