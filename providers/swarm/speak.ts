// Speaks to a swarm through any of its managers: where one does not answer, the next is asked.
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes, messageOf, UserError } from '../../core/errors.js'
import type { Scope } from '../../core/provider.js'
import type { Api } from '../docker/api/client.js'
import type { DockerEngine } from '../docker/open.js'

/** A way to an engine that may be a manager's. */
export interface Way {
  host: string
  open(): Promise<DockerEngine>
}

/** Milliseconds that one request may take, and that a swarm has to choose a new leader. */
const patience = { request: 20_000, leader: 45_000, pause: 1_000 }

/** The manager that answered last, by scope: it is asked first. */
const lastGood = new WeakMap<Scope, string>()

const notManager = /not a swarm manager|node is not part of a swarm/i
const noLeader = /does not have a leader|no leader|lost (its )?leader/i
const passing = /rpc error|deadline exceeded|unavailable|connection (refused|closed|reset)|transport/i

/** What an error of one manager means for the others. */
function meaning(error: unknown): 'not manager' | 'again' | 'final' {
  if (error instanceof UserError)
    return error.exit === exitCodes.failed && !/does not answer/.test(error.message) ? 'final' : 'again'
  if (!(error instanceof Error)) return 'final'
  if (error.name === 'TimeoutError') return 'again'
  if (error.name !== 'ApiError') return 'again'
  if (notManager.test(error.message)) return 'not manager'
  if (noLeader.test(error.message) || passing.test(error.message)) return 'again'
  return 'final'
}

const noQuorum = (scope: Scope, told: readonly string[]): UserError =>
  new UserError('the swarm cannot decide anything: too few of its managers answer', {
    where: scope.name,
    output: told.join('\n'),
    hint: 'bring managers back until more than half of them are up; if they are lost for good: `docker swarm init --force-new-cluster` on one that is left',
  })

/**
 * Asks managers, one after the other, until one has answered; `ask` must be safe to begin anew. A UserError where none does in time, or
 * where none of them is a manager.
 */
export async function throughManager<T>(
  scope: Scope,
  ways: readonly Way[],
  signal: AbortSignal,
  ask: (api: Api, host: string) => Promise<T>,
  patienceMs: number = patience.leader,
): Promise<T> {
  const end = performance.now() + patienceMs
  for (;;) {
    const told: string[] = []
    let hope = false
    const first = lastGood.get(scope)
    const ordered = [...ways].sort((one, other) => Number(other.host === first) - Number(one.host === first))
    for (const way of ordered) {
      signal.throwIfAborted()
      try {
        const engine = await way.open()
        const answer = await ask(limited(engine.api, signal), way.host)
        lastGood.set(scope, way.host)
        return answer
      } catch (error) {
        signal.throwIfAborted()
        const what = meaning(error)
        if (what === 'final') throw error
        told.push(`${way.host}: ${messageOf(error)}`)
        if (what === 'again') hope = true
      }
    }
    if (!hope || performance.now() > end) throw noQuorum(scope, told)
    await sleep(patience.pause, undefined, { signal })
  }
}

/** The same API, but no request waits longer than a manager may need. */
const limited = (api: Api, signal: AbortSignal): Api => ({
  ...api,
  version: api.version,
  json: request =>
    api.json({
      ...request,
      signal: AbortSignal.any([request.signal ?? signal, AbortSignal.timeout(patience.request)]),
    }),
})
