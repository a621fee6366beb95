// Nodes of a swarm that no host of the file is: what hosts were once, what is no longer declared, and what others made. Pure.
import type { Member } from '../../../core/together/ability.js'
import { hostLabel, isUp, nodeOf, type SwarmSeen } from '../seen.js'
import type { NodeShape } from '../shapes.js'

export interface StaleNodes {
  /** What a host of the file was before it became another node; gone for good. */
  replaced: NodeShape[]
  /** To be removed because the file does not name their hosts any more. */
  gone: NodeShape[]
  /** What people call those, whether they are to be removed or not. */
  orphans: string[]
  /** Never ours. */
  foreign: NodeShape[]
}

/** Sorts the nodes that no host of the file is; with `prune` those that are no longer declared go. */
export function staleNodes(members: readonly Member[], seen: SwarmSeen, prune: boolean): StaleNodes {
  const ids = new Set(members.flatMap(({ host }) => nodeOf(seen, host.name)?.ID ?? []))
  const others = (seen.cluster?.nodes ?? []).filter(({ ID }) => !ids.has(ID))
  const isOfFile = ({ Spec }: NodeShape): boolean => members.some(({ host }) => host.name === Spec.Labels?.[hostLabel])
  /** The swarm takes a moment to see that a node is gone; where its host is another one at the same address, it is. */
  const isGone = (node: NodeShape): boolean =>
    !isUp(node) ||
    members.some(
      ({ host, reached, facts }) =>
        reached &&
        host.name === node.Spec.Labels?.[hostLabel] &&
        node.Status.Addr === (host.private ?? facts?.address ?? ''),
    )
  const replaced = others.filter(node => isOfFile(node) && isGone(node))
  const undeclared = others.filter(node => !isOfFile(node) && node.Spec.Labels?.[hostLabel] !== undefined)
  return {
    replaced,
    gone: prune ? undeclared : [],
    orphans: undeclared.map(node => `node ${node.Spec.Labels?.[hostLabel]} (${node.ID.slice(0, 8)})`),
    foreign: others.filter(({ Spec }) => Spec.Labels?.[hostLabel] === undefined),
  }
}
