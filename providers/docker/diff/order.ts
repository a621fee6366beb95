// In which order containers of one host must come: dependencies, shared namespaces, and links where they close no circle.
import type { ContainerWant, Wanted } from '../../../core/wanted.js'

const prefix = 'container:'

/** Names of the containers whose network, namespaces or volumes it shares. */
const sharedWith = ({ config }: ContainerWant): string[] => [
  ...[config.networkMode, config.ipc, config.pid].flatMap(mode =>
    mode?.startsWith(prefix) ? [mode.slice(prefix.length)] : [],
  ),
  ...(config.volumesFrom ?? []).map(name => name.replace(/:r[ow]$/, '')),
]

/** Names of the containers on this host that must be there before each container, by container name. */
export function predecessors(wanted: Wanted, host: string): Map<string, Set<string>> {
  const before = new Map<string, Set<string>>()
  for (const want of wanted.containers) {
    const names = want.dependsOn.flatMap(({ on }) =>
      on.filter(place => place.host === host).map(place => place.container),
    )
    before.set(want.name, new Set([...names, ...sharedWith(want)]))
  }
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean => {
    if (from === to) return true
    if (seen.has(from)) return false
    seen.add(from)
    return [...(before.get(from) ?? [])].some(name => reaches(name, to, seen))
  }
  // A link is resolved by name when it is used, so that its order is only a kindness; two services may link to each other.
  for (const { name, config } of wanted.containers)
    for (const { container } of config.links) if (!reaches(container, name)) before.get(name)?.add(container)
  return before
}

/** The containers, each after those that must be there before it. */
export function inOrder(wanted: Wanted, before: ReadonlyMap<string, ReadonlySet<string>>): ContainerWant[] {
  const ordered: ContainerWant[] = []
  const visited = new Set<string>()
  const visit = (want: ContainerWant): void => {
    if (visited.has(want.name)) return
    visited.add(want.name)
    for (const other of wanted.containers) if (before.get(want.name)?.has(other.name)) visit(other)
    ordered.push(want)
  }
  wanted.containers.forEach(visit)
  return ordered
}

/** The containers that this one cannot outlive: whose namespace or volumes it shares, or which it is linked to by address on the default bridge. */
export function boundTo(want: ContainerWant): string[] {
  const onDefaultBridge =
    want.config.networkMode === 'bridge' || (want.config.networkMode === undefined && want.config.networks.length === 0)
  return [...sharedWith(want), ...(onDefaultBridge ? want.config.links.map(({ container }) => container) : [])]
}
