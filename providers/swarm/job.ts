// One step of a swarm while it is done: who can be asked, and how it tells what happens.
import { cleanLine } from '../../core/events.js'
import type { EngineStep, Scope } from '../../core/provider.js'
import type { TogetherContext } from '../../core/together/ability.js'
import type { Api } from '../docker/api/client.js'
import type { DockerEngine } from '../docker/open.js'
import { nodeOf, type SwarmSeen } from './seen.js'
import { throughManager } from './speak.js'

export interface SwarmJob {
  readonly context: TogetherContext
  readonly signal: AbortSignal
  /** Where errors say they come from: host and step. */
  readonly where: string
  /** Asks whichever manager answers; `ask` may be begun anew with another one. */
  ask<T>(ask: (api: Api, host: string) => Promise<T>): Promise<T>
  /** The engine of one member. */
  api(host: string): Promise<Api>
  /** The engines of all members that can be reached, for what each of them has alone. */
  engines(): Promise<{ host: string; engine: DockerEngine }[]>
  /** Id of the node that a host was when it was looked at. */
  nodeId(host: string): string | undefined
  /** The same, asking all but this host. */
  without(host: string): SwarmJob
  /** Shows a line of progress. */
  tell(text: string): void
}

/** What was seen for the plan, by scope: apply finds nodes of hosts there that do not answer. */
const seenBy = new WeakMap<Scope, SwarmSeen>()

export const noteSeen = (scope: Scope, seen: SwarmSeen): void => void seenBy.set(scope, seen)

export function makeJob(
  scope: Scope,
  step: EngineStep,
  context: TogetherContext,
  left: ReadonlySet<string> = new Set(),
): SwarmJob {
  const { signal } = context
  const open = async (host: string): Promise<DockerEngine> => (await context.engineNow(host)) as DockerEngine
  const reached = context.members.filter(({ reached: is, host }) => is && !left.has(host.name))
  const ways = reached.map(({ host }) => ({ host: host.name, open: () => open(host.name) }))
  return {
    context,
    signal,
    where: `${step.host}, ${step.verb} ${step.thing}`,
    ask: ask => throughManager(scope, ways, signal, ask),
    api: async host => (await open(host)).api,
    engines: async () => {
      const all = await Promise.allSettled(ways.map(async ({ host }) => ({ host, engine: await open(host) })))
      return all.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))
    },
    nodeId: host => {
      const seen = seenBy.get(scope)
      return seen && nodeOf(seen, host)?.ID
    },
    without: host => makeJob(scope, step, context, new Set([...left, host])),
    tell: text => {
      const line = cleanLine(text).trim()
      if (line !== '') context.emit({ type: 'output', id: step.id, host: step.host, text: line })
    },
  }
}
