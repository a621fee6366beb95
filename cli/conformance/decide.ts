// What is to be done on the engines that a provider is tried with: decided with core's own rules for the order of steps.
import { UserError } from '../../core/errors.js'
import type { LocalFiles } from '../../core/files.js'
import type { AnyProvider, DownOptions, EngineStep, Scope } from '../../core/provider.js'
import type { Member, Together, TogetherPlan } from '../../core/together/ability.js'
import { joinTogether } from '../../core/together/join.js'
import { beforeHosts } from '../../core/together/plan.js'
import type { Wanted } from '../../core/wanted.js'
import type { OpenEngine } from './engines.js'

/** Engines of several hosts that are one. */
export interface OneOfMany {
  readonly together: Together
  readonly scope: Scope
  readonly members: readonly Member[]
}

/** What a provider is tried with. */
export interface Field {
  readonly provider: AnyProvider
  /** The first one is that of the host that all containers are for. */
  readonly open: readonly OpenEngine[]
  /** Left out where each engine stands alone. */
  readonly many?: OneOfMany
  readonly files: LocalFiles
  readonly signal: AbortSignal
}

/** A plan. */
export interface Decided {
  steps: EngineStep[]
  orphans: string[]
  unchanged: number
  /** Ids of those steps that all of them do together. */
  ofAll: ReadonlySet<string>
}

/** Nothing wanted, of a project. */
export const nothingOf = (project: string, key: Uint8Array): Wanted => ({
  project,
  key,
  images: [],
  networks: [],
  volumes: [],
  containers: [],
})

const idsOf = (plan: TogetherPlan | undefined): ReadonlySet<string> => new Set(plan?.steps.map(({ id }) => id))

/** Decides what is to be done, and does nothing. */
export async function decideUp(
  { provider, open, many, files, signal }: Field,
  wanted: Wanted,
  prune: boolean,
): Promise<Decided> {
  const nothing = nothingOf(wanted.project, wanted.key)
  const alone = await Promise.all(
    open.map(async ({ host, scope, engine }, index) => {
      const own = index === 0 ? wanted : nothing
      const seen = await provider.observe(engine, own, files, signal)
      return { host: host.name, own, seen, plan: provider.diff(scope, own, seen, { prune }) }
    }),
  )
  const steps = alone.flatMap(({ plan }) => plan.steps)
  const orphans = alone.flatMap(({ plan }) => plan.orphans)
  const unchanged = alone.reduce((sum, { plan }) => sum + plan.unchanged, 0)
  if (many === undefined) return { steps, orphans, unchanged, ofAll: new Set() }
  const { together, scope } = many
  const members = many.members.map((member): Member => {
    const found = alone.find(({ host }) => host === member.host.name)
    return found === undefined ? member : { ...member, seen: found.seen, steps: found.plan.steps }
  })
  const byHost = new Map(alone.map(({ host, own }) => [host, own]))
  const wantedOfAll = { project: wanted.project, byHost, containers: true }
  const seen = await together.observe(scope, members, wantedOfAll, signal)
  const planned = together.diff(scope, members, wantedOfAll, seen, { prune })
  const hostSteps = alone.map(({ host, plan }) => ({ host, before: [], engine: plan.steps, after: [] }))
  return {
    steps: joinTogether(steps, hostSteps, [{ planned, scope }]) as EngineStep[],
    orphans: [...planned.orphans, ...orphans],
    unchanged: planned.unchanged + unchanged,
    ofAll: idsOf(planned),
  }
}

/** Decides what is to be removed, and does nothing. */
export async function decideDown(
  { provider, open, many, files, signal }: Field,
  wanted: Wanted,
  options: DownOptions,
): Promise<Decided> {
  const alone = await Promise.all(
    open.map(async ({ scope, engine }) => {
      const seen = await provider.observe(engine, wanted, files, signal)
      return provider.down(scope, wanted.project, seen, options)
    }),
  )
  const told = { orphans: [], unchanged: 0 }
  if (many === undefined) return { ...told, steps: alone.flat(), ofAll: new Set() }
  const { together, scope, members } = many
  const seen = await together.observe(
    scope,
    members,
    { project: wanted.project, byHost: new Map(), containers: true },
    signal,
  )
  const planned = { ...told, steps: together.down(scope, wanted.project, seen), warnings: [] }
  return {
    ...told,
    steps: beforeHosts(alone.flat(), [{ planned, scope }]) as EngineStep[],
    ofAll: idsOf(planned),
  }
}

/**
 * How many things of theirs are as they shall be where no project is. A UserError where they are not one yet as their file says: a trial
 * neither makes that so nor takes anybody out.
 */
export async function lookAtMembers({ many, signal }: Field, project: string): Promise<number> {
  if (many === undefined) return 0
  const { together, scope, members } = many
  const wanted = { project, byHost: new Map<string, Wanted>(), containers: false }
  const seen = await together.observe(scope, members, wanted, signal)
  const { steps, unchanged } = together.diff(scope, members, wanted, seen, { prune: true })
  const [first] = steps
  if (first === undefined) return unchanged
  throw new UserError(`its members are not as the file says: ${first.host} would ${first.verb} ${first.thing}`, {
    where: scope.name,
    hint: 'bring them there first, with `longshore up`',
  })
}
