// What must be done on an engine so that it is as wanted: images, networks, volumes, containers, then what is left over. Pure.
import type { DiffOptions, EngineStep, Scope } from '../../../core/provider.js'
import type { Wanted } from '../../../core/wanted.js'
import { diffDoor } from '../front-door/diff.js'
import type { Seen } from '../observe/seen.js'
import { diffContainers } from './containers.js'
import { diffImages } from './images.js'
import { type DiffContext, throwProblems } from './parts.js'
import { orderByPorts } from './ports.js'
import { diffOrphans } from './removal.js'
import { diffShipped, diffUnusedFiles } from './shipped.js'
import { tellTooOld } from './since.js'
import { diffNetworks, diffVolumes } from './stores.js'

export interface Difference {
  steps: EngineStep[]
  orphans: string[]
  unchanged: number
  warnings: string[]
}

/** What is seen once the steps before have stopped some containers. */
const withStopped = (seen: Seen, stopped: readonly string[] = []): Seen => ({
  ...seen,
  containers: seen.containers.map(container =>
    stopped.includes(container.name) && container.state === 'running'
      ? { ...container, state: 'stopped by the change of the engine' }
      : container,
  ),
})

/** Compares what is wanted with what was seen. Throws a UserError that names the owner where a wanted name belongs to somebody else. */
export function diff(scope: Scope, wanted: Wanted, seen: Seen, options: DiffOptions): Difference {
  const context: DiffContext = {
    scope,
    wanted,
    seen: withStopped(seen, options.stopped),
    sources: options.sources,
    steps: new Map(),
    warnings: [],
    orphans: [],
    problems: [],
    unchanged: 0,
  }
  diffImages(context)
  diffNetworks(context)
  diffVolumes(context)
  diffShipped(context)
  diffContainers(context)
  diffDoor(context)
  tellTooOld(context)
  diffOrphans(context, options.prune)
  diffUnusedFiles(context)
  orderByPorts(context)
  throwProblems(context)
  const { steps, orphans, unchanged, warnings } = context
  return { steps: [...steps.values()], orphans, unchanged, warnings }
}
