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

/** The containers with the limits of those that are wanted and ours; all are asked for at the same time. */
export const withLimits = (
  engine: DockerEngine,
  found: readonly SeenContainer[],
  { project, containers }: Wanted,
  signal?: AbortSignal,
): Promise<SeenContainer[]> => {
  const names = new Set(containers.map(({ name }) => name))
  return Promise.all(
    found.map(async container => {
      if (!names.has(container.name) || !isOurContainer(container.labels, project)) return container
      const details = await inspect(engine, container.id, signal)
      if (!details) return container
      // Podman's list does not tell of health.
      const health = healthIn(details) ?? container.health
      return { ...container, health, ...(engine.dialect.updates ? { limits: details.HostConfig } : {}) }
    }),
  )
}
