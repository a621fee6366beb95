// What a container may be told beyond its image, network and mounts: limits, namespaces and devices, each passed to the engine as it is.

/** A limit of a block device. */
export interface DeviceRate {
  path: string
  /** Bytes or operations per second. */
  rate: number
}

export interface BlkioWant {
  weight?: number
  weightDevice?: { path: string; weight: number }[]
  readBps?: DeviceRate[]
  readIops?: DeviceRate[]
  writeBps?: DeviceRate[]
  writeIops?: DeviceRate[]
}

/** Devices that a driver picks (GPUs); `count` -1 means all. */
export interface DeviceRequest {
  driver?: string
  count?: number
  ids?: string[]
  capabilities: string[]
  options?: Record<string, string>
}

/** A command that runs in a container beside its own. */
export interface HookWant {
  argv: string[]
  user?: string
  privileged?: boolean
  workdir?: string
  environment?: Record<string, string>
}

/** Each absent key means the engine's default. Sizes are bytes, times microseconds. */
export interface ContainerSettings {
  /** Run once it has started; one that fails fails the start. */
  postStart?: HookWant[]
  /** Run before it is stopped. */
  preStop?: HookWant[]
  domainname?: string
  macAddress?: string
  groupAdd?: string[]
  dnsSearch?: string[]
  dnsOpt?: string[]
  /** "80/tcp". */
  expose?: string[]
  annotations?: Record<string, string>
  /** `container:NAME` where it is shared; so is `pid`. */
  ipc?: string
  pid?: string
  uts?: string
  usernsMode?: string
  cgroup?: string
  cgroupParent?: string
  runtime?: string
  isolation?: string
  platform?: string
  /** Names of containers, ":ro" after those that are only read. */
  volumesFrom?: string[]
  devices?: { source: string; target: string; permissions: string }[]
  deviceCgroupRules?: string[]
  deviceRequests?: DeviceRequest[]
  storageOpt?: Record<string, string>
  logging?: { driver?: string; options?: Record<string, string> }
  ulimits?: Record<string, { soft: number; hard: number }>
  /** How many, also parts of one. */
  cpus?: number
  cpuShares?: number
  cpuPeriod?: number
  cpuQuota?: number
  cpuRtPeriod?: number
  cpuRtRuntime?: number
  cpuset?: string
  cpuCount?: number
  cpuPercent?: number
  memory?: number
  memoryReservation?: number
  memorySwap?: number
  memorySwappiness?: number
  oomKillDisable?: boolean
  oomScoreAdj?: number
  pidsLimit?: number
  blkio?: BlkioWant
}
