// What was seen of a swarm: what each member says of itself, and what a manager says of all.
import type { NetworkShape, NodeShape, ObjectShape, ServiceShape, SwarmInfo, TaskShape } from './shapes.js'

/** What a manager tells. */
export interface SeenCluster {
  id: string
  nodes: NodeShape[]
  services: ServiceShape[]
  /** Those that shall run, now or in a moment. */
  tasks: TaskShape[]
  networks: NetworkShape[]
  secrets: ObjectShape[]
  configs: ObjectShape[]
  /** What secrets are fingerprinted with, once it is there. */
  key?: Uint8Array
}

export interface SwarmSeen {
  /** By host, of those whose engine answers. */
  infos: Readonly<Record<string, SwarmInfo>>
  /** Left out where no swarm has begun. */
  cluster?: SeenCluster
}

/** The label of a node that says which host of the file it is. */
export const hostLabel = 'longshore.host'

/** The node that a host is: as it says itself, else by its label. */
export function nodeOf(seen: SwarmSeen, host: string): NodeShape | undefined {
  const { cluster, infos } = seen
  const own = infos[host]
  if (own !== undefined && own.LocalNodeState !== 'inactive') return cluster?.nodes.find(({ ID }) => ID === own.NodeID)
  if (own !== undefined) return undefined
  return cluster?.nodes.find(({ Spec }) => Spec.Labels?.[hostLabel] === host)
}

/** The host of the file that a node is; undefined of others. */
export function hostOfNode(seen: SwarmSeen, node: NodeShape): string | undefined {
  const found = Object.entries(seen.infos).find(([, info]) => info.NodeID === node.ID)?.[0]
  return found ?? node.Spec.Labels?.[hostLabel]
}

/** True for a node that is up. */
export const isUp = ({ Status }: NodeShape): boolean => Status.State === 'ready'

/** True for a node that the others find: a manager that came up at another address reports as a node, and is none of them any more. */
export const isFound = (node: NodeShape): boolean =>
  isUp(node) && (node.ManagerStatus?.Reachability ?? 'reachable') === 'reachable'

/** How many containers a service shall have now. */
export function desiredOf({ Spec: { Mode } }: ServiceShape, nodes: number): number {
  return (
    Mode.Replicated?.Replicas ?? Mode.ReplicatedJob?.TotalCompletions ?? (Mode.Global || Mode.GlobalJob ? nodes : 1)
  )
}
