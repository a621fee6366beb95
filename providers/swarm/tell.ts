// A swarm as people read it: its nodes, and which of its services do not run as they shall.
import { labels } from '../docker/labels.js'
import { hostOfNode, isUp, type SwarmSeen } from './seen.js'
import { standingOf } from './services/standing.js'

/** One line for all, one for each node, and one for each service. */
export function tellSwarm(seen: SwarmSeen): string[] {
  const { cluster } = seen
  if (cluster === undefined) return ['no swarm yet']
  const { nodes, services, tasks } = cluster
  const managers = nodes.filter(({ Spec }) => Spec.Role === 'manager')
  const up = managers.filter(({ ManagerStatus }) => ManagerStatus?.Reachability === 'reachable').length
  const lines = nodes.map(node => {
    const { Spec, Status, ManagerStatus } = node
    const role = ManagerStatus?.Leader ? 'leader' : Spec.Role
    const availability = Spec.Availability === 'active' ? '' : `, ${Spec.Availability}`
    const own = tasks.filter(({ NodeID, Status: { State } }) => NodeID === node.ID && State === 'running').length
    const trouble = isUp(node) || !Status.Message ? '' : ` (${Status.Message})`
    return `node ${hostOfNode(seen, node) ?? node.Description.Hostname}  ${role}, ${Status.State}${trouble}${availability}, ${own} running`
  })
  const served = services
    .filter(({ Spec }) => Spec.Labels?.[labels.project] !== undefined)
    .map(service => {
      const { up: running, wanted } = standingOf(cluster, service)
      const state = service.UpdateStatus?.State
      const told = state === undefined || state === 'completed' ? '' : `, ${state.replace('_', ' ')}`
      return `service ${service.Spec.Name}  ${running} of ${wanted} run${told}`
    })
  return [`${up} of ${managers.length} managers answer, ${nodes.length} nodes`, ...lines, ...served]
}
