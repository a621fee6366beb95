// The parts of the Engine API's answers that we read (Docker Engine API 1.40 to 1.45), hand-written.

export interface PortShape {
  IP?: string
  PrivatePort: number
  PublicPort?: number
  Type: string
}

interface MountShape {
  Type: string
  Name?: string
  Source?: string
  Destination: string
}

/** One entry of `GET /containers/json`. */
export interface ContainerSummary {
  Id: string
  /** With a leading slash; more than one where old-style links lead to it ("/other/alias"). */
  Names: string[]
  Image: string
  ImageID: string
  Labels: Record<string, string> | null
  /** created, running, paused, restarting, removing, exited, dead. */
  State: string
  /** "Up 2 minutes (healthy)", "Exited (1) 3 seconds ago". */
  Status: string
  Ports: PortShape[] | null
  Mounts: MountShape[] | null
}

export interface EndpointShape {
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string } | null
  Links?: string[] | null
  Aliases?: string[] | null
  NetworkID?: string
  IPAddress?: string
  Gateway?: string
  GlobalIPv6Address?: string
}

/** Limits are 0 or empty where the engine has its default. */
export interface HostConfigShape {
  ReadonlyRootfs?: boolean
  NetworkMode?: string
  RestartPolicy?: { Name: string; MaximumRetryCount?: number }
  NanoCpus?: number
  CpuShares?: number
  CpuPeriod?: number
  CpuQuota?: number
  CpusetCpus?: string
  Memory?: number
  MemoryReservation?: number
  MemorySwap?: number
  PidsLimit?: number | null
}

/** The answer of `GET /containers/ID/json`. */
export interface ContainerDetails {
  Id: string
  Name: string
  Image: string
  State: {
    Status: string
    Running: boolean
    Paused?: boolean
    Restarting: boolean
    ExitCode: number
    Error: string
    OOMKilled: boolean
    Health?: { Status: string; Log?: { ExitCode: number; Output: string }[] | null }
  }
  RestartCount: number
  Config: { Tty: boolean; Labels: Record<string, string> | null; Image: string; User?: string }
  HostConfig: HostConfigShape
  Mounts: MountShape[]
  NetworkSettings: { Networks: Record<string, EndpointShape> | null }
}

export interface NetworkSummary {
  Id: string
  Name: string
  Driver: string
  Labels: Record<string, string> | null
}

export interface VolumeSummary {
  Name: string
  Driver: string
  Labels: Record<string, string> | null
  Options: Record<string, string> | null
}

export interface ImageSummary {
  Id: string
  RepoTags: string[] | null
  RepoDigests: string[] | null
  Labels: Record<string, string> | null
  /** Bytes. */
  Size: number
  /** Seconds since 1970. */
  Created: number
}

export interface ImageDetails {
  Id: string
  Config?: { Volumes?: Record<string, unknown> | null } | null
  RepoDigests?: string[] | null
  Os?: string
  Architecture?: string
  Variant?: string
  /** When its tag was last put on it: `0001-01-01T00:00:00Z` where that is not known. */
  Metadata?: { LastTagTime?: string } | null
}

/** One event of a build, pull or import: an error arrives inside a stream whose status is 200. */
export interface ProgressEvent {
  stream?: string
  status?: string
  id?: string
  /** Bytes of what `id` names; `total` where it is known. */
  progressDetail?: { current?: number; total?: number } | null
  error?: string
  errorDetail?: { message?: string }
  aux?: unknown
}
