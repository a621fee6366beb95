// The plan as a graph: joins what hosts and engines want done, and makes the edges between hosts.
import type { EngineStep } from '../provider.js'
import type { Step } from '../step.js'
import type { Wanted } from '../wanted.js'

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

const chained = (steps: readonly Step[], first: readonly string[]): Step[] =>
  steps.map((step, index) => {
    const before = steps[index - 1]
    return { ...step, after: before ? [before.id] : [...first] }
  })

/** The id that stands in `after` for a host that could not be read: what depends on it is not done. */
export const unread = (host: string): string => `${host} (could not be read)`

/** The id that a container's step has, whichever verb it is. */
export const containerStepId = (host: string, container: string): string => `${host}/container ${container}`

/**
 * One graph over all hosts. On a host, playbook steps follow one another; the engine's steps come after them, the later playbooks after those.
 * Between hosts, a container that depends on containers elsewhere comes after their steps; where those need none, after what makes their
 * host ready.
 */
export function joinSteps(
  hosts: readonly HostSteps[],
  wanted: ReadonlyMap<string, Wanted>,
  broken: ReadonlySet<string>,
): Step[] {
  const ids = new Set(hosts.flatMap(host => host.engine.map(step => step.id)))
  const ready = new Map(hosts.map(({ host, before }) => [host, before.at(-1)?.id]))
  const across = new Map<string, string[]>()
  for (const [host, want] of wanted)
    for (const container of want.containers) {
      const elsewhere = container.dependsOn
        .flatMap(dependency => dependency.on.filter(one => one.host !== host))
        .flatMap(one => {
          if (broken.has(one.host)) return unread(one.host)
          const id = containerStepId(one.host, one.container)
          return ids.has(id) ? id : (ready.get(one.host) ?? [])
        })
      if (elsewhere.length > 0) across.set(containerStepId(host, container.name), elsewhere)
    }
  return hosts.flatMap(({ before, engine, after }) => {
    const first = chained(before, [])
    const last = first.at(-1)
    const middle = engine.map(step => ({
      ...step,
      after: [...(last ? [last.id] : []), ...step.after, ...(across.get(step.id) ?? [])],
    }))
    const waited = middle.length > 0 ? middle.map(step => step.id) : last ? [last.id] : []
    return [...first, ...middle, ...chained(after, waited)]
  })
}
