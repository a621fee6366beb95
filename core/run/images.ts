// Runs that are about images alone: built, pulled or pushed on the hosts that need them, or removed where nobody does.

import { withEngines } from '../container-hosts/place.js'
import { UserError } from '../errors.js'
import { keptImages, reachManagers } from '../history/kept.js'
import { joinSteps } from '../plan/graph.js'
import type { HostWork } from '../plan/host-work.js'
import { type EngineStep, isAbsent } from '../provider.js'
import type { PruneRule } from '../provider-abilities.js'
import type { Step } from '../step.js'
import type { ImageWant, Wanted } from '../wanted.js'
import { type EngineSide, planEngine } from './engine-side.js'
import { planReceiver } from './image-sources.js'
import { reachApart } from './observe.js'
import { failed, reachHosts } from './reach.js'
import type { RunPlan, SessionContext } from './session.js'
import { wantEngines } from './want-engines.js'
import { mapLimited } from './workers.js'

/** Which images are meant, and what is wanted of them. */
export interface ImageChoice {
  /** An image as it shall be in this run; undefined where it is not meant, and only there for others. */
  choose(want: ImageWant): ImageWant | undefined
}

/** Without an engine there is nothing to do: this run brings none. */
function refuseAbsent({ opened, work }: EngineSide): void {
  if (opened !== undefined && isAbsent(opened))
    throw new UserError(opened.text, { where: work.host.name, hint: opened.hint ?? '`longshore up` brings the engine' })
}

/** Steps that these come after, and they themselves. */
function withNeeds(steps: readonly Step[], roots: ReadonlySet<string>): Set<string> {
  const byId = new Map(steps.map(step => [step.id, step]))
  const needed = new Set<string>()
  const visit = (id: string): void => {
    if (needed.has(id) || !byId.has(id)) return
    needed.add(id)
    for (const before of byId.get(id)?.after ?? []) visit(before)
  }
  for (const id of roots) visit(id)
  return needed
}

const planOf = (works: HostWork[], sides: EngineSide[], steps: Step[]): RunPlan => ({
  works,
  sides,
  steps,
  silent: [],
  gates: [],
  unchanged: sides.reduce((sum, side) => sum + (side.planned?.unchanged ?? 0), 0),
  unchangedByHost: new Map(sides.map(side => [side.scope.name, side.planned?.unchanged ?? 0])),
  orphans: [],
  only: [],
})

const startWorks = (context: SessionContext): HostWork[] =>
  withEngines(context.hosts).map(
    (host): HostWork => ({ host, runs: [], state: { serial: '', pending: [] }, dirty: false }),
  )

/** What is to be done for images, with what they are built upon. Touches nothing. */
export async function observeImages(
  context: SessionContext,
  works: HostWork[],
  { choose }: ImageChoice,
): Promise<RunPlan> {
  works.push(...startWorks(context))
  const sides = await reachHosts(context, works)
  sides.push(...(await reachApart(context, works)))
  const alive = sides.filter(({ work }) => work.problem === undefined && !work.apart)
  const wanted = await wantEngines(context, works, alive)
  const meant = new Set<string>()
  const onlyImages = ({ scope, wanted: all }: EngineSide): Wanted | undefined => {
    if (all === undefined) return undefined
    const images = all.images.map(want => {
      const chosen = choose(want)
      if (chosen) for (const thing of [chosen.ref, `${chosen.ref} to`]) meant.add(`${scope.name}/image ${thing}`)
      return chosen ?? want
    })
    return { ...all, images, networks: [], volumes: [], containers: [] }
  }
  await mapLimited(alive, context.forks, async side => {
    try {
      const narrow = onlyImages(side)
      if (narrow === undefined || narrow.images.length === 0) return
      refuseAbsent(side)
      side.wanted = narrow
      wanted.set(side.scope.name, narrow)
      side.planned = await planEngine(side, context.files, { prune: false }, context.signal)
    } catch (error) {
      failed(side.work, error, context)
    }
  })
  for (const side of alive)
    try {
      if (side.planned) planReceiver(side, sides)
    } catch (error) {
      failed(side.work, error, context)
    }
  for (const { planned, work } of alive)
    for (const text of planned?.warnings ?? []) context.emit({ type: 'warning', text, host: work.host.name })
  const broken = new Set(works.flatMap(work => (work.problem ? [work.host.name] : [])))
  const parts = alive.map(({ scope, planned }) => ({
    ...{ host: scope.name, before: [], after: [] },
    engine: planned?.steps ?? [],
  }))
  const steps = joinSteps(parts, wanted, broken)
  const isMeant = ({ id }: Step): boolean => meant.has(id) || meant.has(id.replace(/ to \S+$/, ' to'))
  const needed = withNeeds(steps, new Set(steps.filter(isMeant).map(({ id }) => id)))
  return planOf(
    works,
    sides,
    steps.filter(({ id }) => needed.has(id)),
  )
}

/** What is to be removed of images that nobody needs. Touches nothing. */
export async function observePrune(
  context: SessionContext,
  works: HostWork[],
  rule: Pick<PruneRule, 'keep' | 'all'>,
): Promise<RunPlan> {
  const { name: project } = context.project
  works.push(...startWorks(context))
  const sides = await reachHosts(context, works)
  const wanted = await wantEngines(context, works, sides)
  const all = [...sides, ...(await reachManagers(context, works, sides))]
  const keptOn = keptImages(context, all)
  const stepsOf = async (side: EngineSide): Promise<EngineStep[]> => {
    const { opened, provider, scope } = side
    if (opened === undefined || isAbsent(opened)) return []
    if (provider.prunable === undefined)
      throw new UserError(`${provider.name} cannot remove images by a rule`, { where: scope.name })
    const { images = [], containers = [] } = wanted.get(scope.name) ?? {}
    const refs = [...images.map(({ ref }) => ref), ...containers.map(({ config }) => config.image)]
    return provider.prunable(opened, { ...rule, project, wanted: refs, kept: await keptOn(side) })
  }
  const steps = await mapLimited(sides, context.forks, async side => {
    if (side.work.problem) return []
    try {
      const found = await stepsOf(side)
      // Nothing of the file is to be made here: what is seen later on is not held against it.
      side.keyless = false
      side.planned = { steps: found, orphans: [], unchanged: 0, warnings: [] }
      return found
    } catch (error) {
      failed(side.work, error, context)
      return []
    }
  })
  return planOf(works, all, steps.flat())
}
