// Reads the limits that are in force of the containers that are wanted: they change without a new container, so that no label tells them.
import type { Wanted } from '../../../core/wanted.js'
import type { ContainerDetails } from '../api/shapes.js'
import { inspect } from '../containers/calls.js'
import { isOurContainer } from '../labels.js'
import type { DockerEngine } from '../open.js'
import type { SeenContainer } from './seen.js'

/** What the engine says of a container's health; undefined where it says nothing. */
function healthIn({ State: { Health: health } }: ContainerDetails): SeenContainer['health'] | undefined {
  const { Status: told = '' } = health ?? {}
  return told === 'starting' || told === 'healthy' || told === 'unhealthy' ? told : undefined
}

/**
 * Details of what is there under the names of wanted containers, by id. Asked beside the lists, which do not tell limits, and not after
 * them: an answer that nobody needs costs less than a wait.
 */
export async function wantedDetails(
  engine: DockerEngine,
  { containers }: Wanted,
  signal?: AbortSignal,
): Promise<Map<string, ContainerDetails>> {
  const found = await Promise.all(containers.map(({ name }) => inspect(engine, name, signal)))
  return new Map(found.flatMap(details => (details === undefined ? [] : [[details.Id, details] as const])))
}

/** The containers with the limits of those that are wanted and ours; one that came between list and details is asked again. */
export const withLimits = (
  engine: DockerEngine,
  found: readonly SeenContainer[],
  details: ReadonlyMap<string, ContainerDetails>,
  { project, containers }: Wanted,
  signal?: AbortSignal,
): Promise<SeenContainer[]> => {
  const names = new Set(containers.map(({ name }) => name))
  return Promise.all(
    found.map(async container => {
      if (!names.has(container.name) || !isOurContainer(container.labels, project)) return container
      const told = details.get(container.id) ?? (await inspect(engine, container.id, signal))
      if (!told) return container
      // Podman's list does not tell of health.
      const health = healthIn(told) ?? container.health
      return { ...container, health, ...(engine.dialect.updates ? { limits: told.HostConfig } : {}) }
    }),
  )
}
