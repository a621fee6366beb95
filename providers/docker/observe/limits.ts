// Reads the limits that are in force of the containers that are wanted: they change without a new container, so that no label tells them.
import type { Wanted } from '../../../core/wanted.js'
import { inspect } from '../containers/calls.js'
import { isOurContainer } from '../labels.js'
import type { DockerEngine } from '../open.js'
import type { SeenContainer } from './seen.js'

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
      return details ? { ...container, limits: details.HostConfig } : container
    }),
  )
}
