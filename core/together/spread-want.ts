// What a service says of how its containers are spread, for an engine that deals them itself. Plain data.

/** What a service says of where and how its containers run, for an engine that decides it. */
export interface SpreadWant {
  /** Names of the hosts that it may run on. */
  hosts: string[]
  /** True where these are all hosts of the engine. */
  everywhere: boolean
  mode: 'replicated' | 'global' | 'replicated-job' | 'global-job'
  /** How many in all, of a replicated one. */
  replicas?: number
  /** "node.labels.disk==ssd". */
  constraints: string[]
  /** Labels of nodes over which it is spread evenly. */
  preferences: string[]
  maxPerNode?: number
  endpointMode?: 'vip' | 'dnsrr'
  /** Labels of the service, not of its containers. */
  labels: Record<string, string>
  reservedCpus?: number
  /** Milliseconds between two starts, and in which attempts are counted. */
  restartDelayMs?: number
  restartWindowMs?: number
}
