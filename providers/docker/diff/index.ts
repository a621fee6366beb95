// What must be done on an engine so that it is as wanted: images, networks, volumes, containers, then what is left over. Pure.
import type { EngineStep, Scope } from '../../../core/provider.js'
import type { Wanted } from '../../../core/wanted.js'
import type { Seen } from '../observe/seen.js'
import { diffContainers } from './containers.js'
import { diffImages } from './images.js'
import { type DiffContext, throwProblems } from './parts.js'
import { orderByPorts } from './ports.js'
import { diffOrphans } from './removal.js'
import { tellTooOld } from './since.js'
import { diffNetworks, diffVolumes } from './stores.js'

export interface Difference {
  steps: EngineStep[]
  orphans: string[]
  unchanged: number
  warnings: string[]
}

/** Compares what is wanted with what was seen. Throws a UserError that names the owner where a wanted name belongs to somebody else. */
export function diff(scope: Scope, wanted: Wanted, seen: Seen, options: { prune: boolean }): Difference {
  const context: DiffContext = {
    scope,
    wanted,
    seen,
    steps: new Map(),
    warnings: [],
    orphans: [],
    problems: [],
    unchanged: 0,
  }
  diffImages(context)
  diffNetworks(context)
  diffVolumes(context)
  diffContainers(context)
  tellTooOld(context)
  diffOrphans(context, options.prune)
  orderByPorts(context)
  throwProblems(context)
  const { steps, orphans, unchanged, warnings } = context
  return { steps: [...steps.values()], orphans, unchanged, warnings }
}
