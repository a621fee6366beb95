// Waits for containers that a service shall not have any more: a swarm forgets their tasks before they have ended on their nodes.
import { pause } from '../../docker/apply/job.js'
import type { SwarmJob } from '../job.js'
import type { SwarmInfo } from '../shapes.js'

/** Milliseconds after which they are not waited for any more, and between two looks. */
const patience = { most: 60_000, pause: 200 }

/**
 * Waits until a service's containers are gone from their nodes; with `stay`, the ids of its tasks as they are now, until those of other
 * tasks have ended. Those of nodes that do not answer are not waited for.
 */
export async function waitUntilGone(job: SwarmJob, service: string, stay?: ReadonlySet<string>): Promise<void> {
  const end = performance.now() + patience.most
  const query = { all: stay === undefined, filters: { label: [`com.docker.swarm.service.id=${service}`] } }
  const engines = await job.engines()
  type Found = { Labels: Record<string, string> }
  const leftOn = async ({ engine }: (typeof engines)[number]): Promise<Found[]> => {
    try {
      // Who has left the swarm keeps what ran there, as it ended.
      const { Swarm } = await engine.api.json<{ Swarm?: SwarmInfo }>({ path: '/info', signal: job.signal })
      if (Swarm?.LocalNodeState !== 'active') return []
      const found = await engine.api.json<Found[]>({ path: '/containers/json', query, signal: job.signal })
      return found.filter(({ Labels }) => !stay?.has(Labels['com.docker.swarm.task.id'] ?? ''))
    } catch {
      job.signal.throwIfAborted()
      return []
    }
  }
  while (performance.now() < end) {
    const left = await Promise.all(engines.map(leftOn))
    if (left.flat().length === 0) return
    await pause(patience.pause, job.signal)
  }
}
