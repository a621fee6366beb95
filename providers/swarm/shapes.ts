// The parts of the Engine API's answers about swarms that we read and write (API 1.40 to 1.45), hand-written.

/** `Swarm` of `GET /info`. */
export interface SwarmInfo {
  NodeID: string
  NodeAddr: string
  /** inactive, pending, active, error, locked. */
  LocalNodeState: string
  ControlAvailable: boolean
  Error?: string
  RemoteManagers?: { NodeID: string; Addr: string }[] | null
  Cluster?: { ID: string } | null
}

export interface NodeSpec {
  Name?: string
  Labels?: Record<string, string> | null
  Role: 'manager' | 'worker'
  Availability: 'active' | 'pause' | 'drain'
}

/** One entry of `GET /nodes`. */
export interface NodeShape {
  ID: string
  Version: { Index: number }
  Spec: NodeSpec
  Description: { Hostname: string; Engine?: { EngineVersion?: string } }
  /** unknown, down, ready, disconnected. */
  Status: { State: string; Addr?: string; Message?: string }
  ManagerStatus?: { Leader?: boolean; Reachability: string; Addr: string } | null
}

interface Labelled {
  Name: string
  Labels?: Record<string, string> | null
}

/** A part of a service's spec that we do not take apart. */
type Part = Record<string, unknown>

export interface ObjectUse {
  SecretID?: string
  ConfigID?: string
}

export interface ServiceSpec extends Labelled {
  TaskTemplate: {
    ContainerSpec?: Part & { Image?: string; Secrets?: ObjectUse[] | null; Configs?: ObjectUse[] | null }
    ForceUpdate?: number
    [key: string]: unknown
  }
  Mode: {
    Replicated?: { Replicas?: number }
    Global?: object
    ReplicatedJob?: { MaxConcurrent?: number; TotalCompletions?: number }
    GlobalJob?: object
  }
  [key: string]: unknown
}

/** `GET /services/ID`. */
export interface ServiceShape {
  ID: string
  Version: { Index: number }
  Spec: ServiceSpec
  PreviousSpec?: ServiceSpec | null
  /** updating, paused, completed, rollback_started, rollback_paused, rollback_completed. */
  UpdateStatus?: { State?: string; Message?: string; StartedAt?: string } | null
}

/** One entry of `GET /tasks`. */
export interface TaskShape {
  ID: string
  ServiceID: string
  NodeID?: string
  Slot?: number
  CreatedAt: string
  DesiredState: string
  Version: { Index: number }
  Spec: { ContainerSpec?: { Image?: string }; [part: string]: unknown }
  Status: {
    State: string
    Timestamp: string
    Message?: string
    Err?: string
    ContainerStatus?: { ContainerID?: string; ExitCode?: number } | null
  }
}

/** One entry of `GET /secrets` or `GET /configs`. */
export interface ObjectShape {
  ID: string
  Version: { Index: number }
  Spec: Labelled & { Data?: string }
}

/** One entry of `GET /networks`. */
export interface NetworkShape extends Labelled {
  Id: string
  Driver: string
  Scope: string
}
