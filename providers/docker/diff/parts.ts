// What the parts of the diff hand to each other.

import type { At } from '../../../core/errors.js'
import { UserError } from '../../../core/errors.js'
import type { EngineStep, ImageSource, Scope } from '../../../core/provider.js'
import type { Wanted } from '../../../core/wanted.js'
import type { Seen } from '../observe/seen.js'

/** Everything a part of the diff reads, and what it adds to. */
export interface DiffContext {
  readonly scope: Scope
  readonly wanted: Wanted
  readonly seen: Seen
  /** Engines that images come from, by host. */
  readonly sources?: ReadonlyMap<string, ImageSource> | undefined
  /** Steps by the thing they are for ("network shop_default"). */
  readonly steps: Map<string, EngineStep>
  readonly warnings: string[]
  readonly orphans: string[]
  /** What cannot be planned at all. */
  readonly problems: { text: string; hint: string; at: At }[]
  unchanged: number
}

/** Id of the step for a thing if there is one, as a list to put into `after`. */
export const stepIds = (context: DiffContext, ...things: readonly string[]): string[] => {
  const found = things.flatMap(thing => context.steps.get(thing)?.id ?? [])
  return [...new Set(found)]
}

/** Throws all problems as one UserError, if there are any. */
export function throwProblems({ problems, scope }: DiffContext): void {
  const [first] = problems
  if (!first) return
  const texts = problems.map(({ text }) => text)
  throw new UserError(texts.join('; '), { where: scope.name, at: first.at, hint: first.hint })
}
