// What all members of one engine have to do, for runs: `up` and `plan`, and `down`.
import type { HostWork } from '../plan/host-work.js'
import type { EngineSide } from '../run/engine-side.js'
import { failed } from '../run/reach.js'
import type { SessionContext } from '../run/session.js'
import type { Step } from '../step.js'
import type { Wanted } from '../wanted.js'
import { lookTogether, planTogether, type TogetherSide, take, togetherSides } from './side.js'

interface Known {
  works: HostWork[]
  sides: readonly EngineSide[]
}

/** Its trouble becomes that of the first of its hosts that could be reached. */
export function tellProblem(side: TogetherSide, context: SessionContext): void {
  const [first] = side.sides
  if (side.problem === undefined) return
  if (first === undefined) throw side.problem
  failed(first.work, side.problem, context)
}

/** Plans every engine of several hosts. */
export async function planAllTogether(
  context: SessionContext,
  { works, sides, wanted }: Known & { wanted: ReadonlyMap<string, Wanted> },
): Promise<TogetherSide[]> {
  const all = togetherSides(context, works, sides)
  for (const side of all) {
    await planTogether(side, context, wanted)
    tellProblem(side, context)
    for (const text of side.planned?.warnings ?? []) context.emit({ type: 'warning', text, host: side.scope.name })
  }
  return all
}

/** How many of their things are as wanted. */
export const unchangedTogether = (sides: readonly TogetherSide[]): number =>
  sides.reduce((sum, { planned }) => sum + (planned?.unchanged ?? 0), 0)

/** What of the project goes from every engine of several hosts. */
export async function downAllTogether(context: SessionContext, { works, sides }: Known): Promise<TogetherSide[]> {
  const all = togetherSides(context, works, sides)
  for (const side of all) {
    await lookTogether(side, context, new Map())
    tellProblem(side, context)
    if (side.problem !== undefined) continue
    const steps = side.together.down(side.scope, context.project.name, side.seen)
    take(side, { steps, orphans: [], unchanged: 0, warnings: [] })
  }
  return all
}

/** What all of them do comes first, what each host does alone after it. */
export function beforeHosts(steps: readonly Step[], sides: readonly Pick<TogetherSide, 'planned' | 'scope'>[]): Step[] {
  return sides.reduce<Step[]>(
    (joined, { planned, scope }) => {
      const ids = planned?.steps.map(({ id }) => id) ?? []
      const later = joined.map(step =>
        scope.hosts.includes(step.host) ? { ...step, after: [...step.after, ...ids] } : step,
      )
      return [...(planned?.steps ?? []), ...later]
    },
    [...steps],
  )
}
