// The plan as a graph: joins what hosts and engines want done, and makes the edges between hosts.
import type { EngineStep } from '../provider.js'
import { inBatches } from '../rollout/batches.js'
import type { Step } from '../step.js'
import type { Wanted } from '../wanted.js'
import type { TaskStep } from './host-steps.js'
import { containerStepId, imageStepId } from './step-ids.js'

export { containerStepId, imageStepId } from './step-ids.js'

/** The steps of one host, before they are joined. */
export interface HostSteps {
  host: string
  /** Playbook steps before the containers, in order. */
  before: Step[]
  /** The engine's steps. */
  engine: EngineStep[]
  /** Playbook steps after the containers, in order. */
  after: Step[]
}

/** True for a task in a block: whether a failure stops what follows it is for the flow to say. */
const isInBlock = (step: Step): boolean => 'instance' in step && (step as TaskStep).instance.run.task.blocks.length > 0

const isSilent = (step: Step): boolean => 'silent' in step

/** Puts a host's tasks one after the other. What only tells something is waited for, and never named as a cause. */
function chained(steps: readonly Step[], first: readonly string[]): Step[] {
  let listed: Step | undefined
  return steps.map((step, index) => {
    const before = steps[index - 1]
    const needs = listed === undefined ? [...first] : isInBlock(listed) || isInBlock(step) ? [] : [listed.id]
    const waits = before && !needs.includes(before.id) ? [before.id] : []
    if (!isSilent(step)) listed = step
    return { ...step, after: needs, ...(waits.length === 0 ? {} : { waits }) }
  })
}

/** The id that stands in `after` for a host that could not be read: what depends on it is not done. */
export const unread = (host: string): string => `${host} (could not be read)`

/**
 * One graph over all hosts. On a host, playbook steps follow one another; the engine's steps come after them, the later playbooks after those.
 * Between hosts, a container that depends on containers elsewhere comes after their steps, and an image that is received after its making
 * there; where those need no step, after what makes their host ready.
 */
export function joinSteps(
  hosts: readonly HostSteps[],
  wanted: ReadonlyMap<string, Wanted>,
  broken: ReadonlySet<string>,
): Step[] {
  const ids = new Set(hosts.flatMap(host => host.engine.map(step => step.id)))
  const ready = new Map(hosts.map(({ host, before }) => [host, before.at(-1)?.id]))
  const across = new Map<string, string[]>()
  const comesAfter = (id: string, elsewhere: readonly { host: string; id: string }[]): void => {
    const after = elsewhere.flatMap(one => {
      if (broken.has(one.host)) return unread(one.host)
      return ids.has(one.id) ? one.id : (ready.get(one.host) ?? [])
    })
    if (after.length > 0) across.set(id, after)
  }
  for (const [host, want] of wanted) {
    for (const container of want.containers) {
      const others = container.dependsOn.flatMap(({ on }) => on.filter(one => one.host !== host))
      comesAfter(
        containerStepId(host, container.name),
        others.map(one => ({ host: one.host, id: containerStepId(one.host, one.container) })),
      )
    }
    for (const image of want.images)
      if (image.from === 'host')
        comesAfter(imageStepId(host, image.ref), [{ host: image.host, id: imageStepId(image.host, image.ref) }])
  }
  const joined = hosts.flatMap(({ before, engine, after }) => {
    const first = chained(before, [])
    const last = first.at(-1)
    // Where the last task is in a block, or only tells something, the flow says whether the host has failed.
    const isPlain = last !== undefined && !isInBlock(last) && !isSilent(last)
    const middle = engine.map(step => ({
      ...step,
      after: [...(isPlain ? [last.id] : []), ...step.after, ...(across.get(step.id) ?? [])],
      ...(last === undefined || isPlain ? {} : { waits: [last.id] }),
    }))
    const waited = middle.length > 0 ? middle.map(step => step.id) : isPlain ? [last.id] : []
    const rest = chained(after, waited)
    const [next] = rest
    if (next && middle.length === 0 && last && !isPlain) next.waits = [...(next.waits ?? []), last.id]
    return [...first, ...middle, ...rest]
  })
  return inBatches(joined, wanted)
}
