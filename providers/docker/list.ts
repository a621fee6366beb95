// The project's containers as `ps` and `status` show them.
import type { ContainerState } from '../../core/provider-abilities.js'
import type { PortShape } from './api/shapes.js'
import { isOurContainer, labels } from './labels.js'
import { listContainers } from './observe/observe.js'
import type { SeenContainer } from './observe/seen.js'
import type { DockerEngine } from './open.js'

const portText = ({ IP, PrivatePort, PublicPort, Type }: PortShape): string => {
  if (PublicPort === undefined) return `${PrivatePort}/${Type}`
  // Podman leaves the address out where it is all of them.
  return `${IP?.includes(':') ? `[${IP}]` : IP || '0.0.0.0'}:${PublicPort}->${PrivatePort}/${Type}`
}

/** A container's ports, as `docker ps` writes them; the IPv6 twin of a port on all addresses is left out. */
export const portTexts = (ports: readonly PortShape[]): string[] => {
  const twin = ({ IP, PublicPort, Type }: PortShape): boolean =>
    IP === '::' && ports.some(other => other.IP === '0.0.0.0' && other.PublicPort === PublicPort && other.Type === Type)
  return [...new Set(ports.filter(port => !twin(port)).map(portText))].sort()
}

const stateOf = (host: string, found: SeenContainer): ContainerState => ({
  host,
  service: found.labels[labels.service] ?? '',
  number: Number(found.labels[labels.number] ?? 1),
  name: found.name,
  id: found.id,
  image: found.image,
  state: found.state,
  status: found.status,
  ports: portTexts(found.ports),
  orphan: false,
  // What `run` makes carries this label beside the service's own.
  ...(found.labels[labels.oneOff] === undefined ? {} : { oneOff: true as const }),
})

/** The project's containers, by name. */
export async function listProject(engine: DockerEngine, project: string): Promise<ContainerState[]> {
  const all = await listContainers(engine)
  return all.filter(found => isOurContainer(found.labels, project)).map(found => stateOf(engine.scope.name, found))
}
