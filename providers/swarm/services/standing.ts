// How many containers of a service run, how many shall, and whether the others are on their way. Pure.
import { desiredOf, hostLabel, isUp, type SeenCluster } from '../seen.js'
import type { ServiceShape, TaskShape } from '../shapes.js'

/** How a service stands. */
export interface Standing {
  up: number
  wanted: number
  /** True where the swarm is about to start what is missing. */
  isComing: boolean
  /** What the swarm says of one that cannot run. */
  why?: string
}

const isLive = ({ DesiredState }: TaskShape): boolean => DesiredState === 'running' || DesiredState === 'ready'

/** Counts a service's containers on nodes that are up; of the others what the swarm says is from before. */
export function standingOf({ nodes, tasks }: SeenCluster, service: ServiceShape): Standing {
  const ready = new Set(nodes.filter(isUp).map(({ ID }) => ID))
  const live = tasks.filter(task => task.ServiceID === service.ID && isLive(task))
  const placed = live.filter(({ NodeID = '' }) => ready.has(NodeID))
  const isRunning = ({ DesiredState, Status }: TaskShape): boolean =>
    DesiredState === 'running' && Status.State === 'running'
  const onNodes = new Set(placed.map(({ NodeID }) => NodeID)).size
  const why = live.find(({ Status }) => Status.Err)?.Status.Err
  return {
    up: placed.filter(isRunning).length,
    wanted: desiredOf(service, Math.max(onNodes, 1)),
    isComing: live.some(
      task => !isRunning(task) && !task.Status.Err && (task.NodeID === undefined || ready.has(task.NodeID)),
    ),
    ...(why ? { why } : {}),
  }
}

/** True where each of these hosts has a node that is up and one of the tasks: a swarm takes a moment to give a new node its own. */
export const isOnEach = ({ nodes, tasks }: Pick<SeenCluster, 'nodes' | 'tasks'>, hosts: readonly string[]): boolean =>
  hosts.every(host => {
    const own = nodes.filter(node => node.Spec.Labels?.[hostLabel] === host && isUp(node)).map(({ ID }) => ID)
    return tasks.some(task => task.DesiredState === 'running' && own.includes(task.NodeID ?? ''))
  })
