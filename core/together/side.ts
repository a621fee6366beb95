// The engines of a run that are members of one: looked at together, planned together, and told through whichever answers.

import type { UserError } from '../errors.js'
import type { HostWork } from '../plan/host-work.js'
import type { Host } from '../project.js'
import {
  type AnyProvider,
  type ApplyContext,
  type Engine,
  type EngineStep,
  isAbsent,
  type Scope,
  type StepResult,
} from '../provider.js'
import { type EngineSide, memberEngine } from '../run/engine-side.js'
import type { SessionContext } from '../run/session.js'
import type { Wanted } from '../wanted.js'
import type { Member, Together, TogetherPlan, WantedTogether } from './ability.js'
import { isUserProblem } from './trouble.js'

/** Engines that are one, during a run. */
export interface TogetherSide {
  provider: AnyProvider
  together: Together
  scope: Scope
  hosts: Host[]
  /** Of those that could be reached. */
  sides: EngineSide[]
  works: readonly HostWork[]
  seen?: unknown
  /** What was planned for is wanted on these hosts. */
  byHost?: ReadonlyMap<string, Wanted>
  planned?: TogetherPlan
  /** Ids of its steps. */
  ids: Set<string>
  problem?: UserError
}

/** The groups of engines that are one each, with those of their hosts that could be reached. */
export function togetherSides(
  { project, providers }: SessionContext,
  works: readonly HostWork[],
  sides: readonly EngineSide[],
): TogetherSide[] {
  return providers.flatMap(provider => {
    const hosts = project.hosts.filter(host => host.engine.provider === provider.name)
    const { together } = provider
    if (together === undefined || !works.some(({ host }) => hosts.includes(host))) return []
    const own = sides.filter(side => side.provider === provider && side.work.problem === undefined)
    return [{ provider, together, scope: together.scope(hosts), hosts, sides: own, works, ids: new Set<string>() }]
  })
}

/** Its members as they are known now. */
export const membersOf = ({ hosts, sides, works }: TogetherSide): Member[] =>
  hosts.map(host => {
    const side = sides.find(({ work }) => work.host === host)
    const opened = side?.opened
    const facts = works.find(work => work.host === host)?.facts
    return {
      host,
      reached: side !== undefined,
      ...(side?.seen === undefined ? {} : { seen: side.seen }),
      ...(side?.planned === undefined ? {} : { steps: side.planned.steps }),
      ...(opened === undefined || isAbsent(opened) ? {} : { engine: opened }),
      ...(facts === undefined ? {} : { facts }),
    }
  })

/** Looks at all of them; a UserError becomes its problem, and the hosts go on alone. */
export async function lookTogether(
  side: TogetherSide,
  { project, signal, extent }: SessionContext,
  byHost: ReadonlyMap<string, Wanted>,
): Promise<void> {
  try {
    const wanted = { project: project.name, byHost, containers: extent === 'all' }
    side.seen = await side.together.observe(side.scope, membersOf(side), wanted, signal)
  } catch (error) {
    if (signal.aborted || !isUserProblem(error)) throw error
    side.problem = error
  }
}

/** Looks at all of them, and plans. */
export async function planTogether(
  side: TogetherSide,
  context: SessionContext,
  byHost: ReadonlyMap<string, Wanted>,
): Promise<void> {
  await lookTogether(side, context, byHost)
  if (side.problem !== undefined) return
  decideTogether(side, context, { byHost, containers: context.extent === 'all' })
}

/** Plans upon what was seen; a UserError becomes its problem. Steps about hosts that are no part of this run are left out. */
export function decideTogether(
  side: TogetherSide,
  context: SessionContext,
  what: Omit<WantedTogether, 'project'>,
): void {
  const wanted = { project: context.project.name, ...what }
  if (what.containers) side.byHost = what.byHost
  try {
    const planned = side.together.diff(side.scope, membersOf(side), wanted, side.seen, { prune: context.prune })
    const inside = new Set(context.hosts.map(({ name }) => name))
    const steps = planned.steps.filter(({ host }) => host === side.scope.name || inside.has(host))
    take(side, { ...planned, steps })
  } catch (error) {
    if (!isUserProblem(error)) throw error
    side.problem = error
  }
}

/** Makes this its plan. */
export function take(side: TogetherSide, planned: TogetherPlan): void {
  side.planned = planned
  side.ids = new Set(planned.steps.map(({ id }) => id))
}

/** Does a step of all of them. */
export function performTogether(
  side: TogetherSide,
  step: EngineStep,
  context: ApplyContext,
  { masker }: SessionContext,
): Promise<StepResult> {
  const engineNow = async (host: string): Promise<Engine> => {
    const own = side.sides.find(({ work }) => work.host.name === host)
    if (own === undefined) throw new Error(`${host} is no part of this run`)
    return memberEngine(own, context)
  }
  return side.together.apply(side.scope, step, {
    ...context,
    members: membersOf(side),
    engineNow,
    mask: secret => masker.add(secret),
  })
}
