// Stops and removes containers.
import type { StepResult } from '../../../core/provider.js'
import { hasStatus, type Job } from '../apply/job.js'
import { labels } from '../labels.js'
import { inspect, remove, stop } from './calls.js'
import { runPreStop } from './hooks.js'

/** Stops a container in its own grace period and removes it; its unnamed volumes go too where they are listed. */
export async function removeContainer(
  job: Job,
  id: string,
  volumes: readonly string[] | undefined,
): Promise<StepResult> {
  const { engine, signal } = job
  const found = await inspect(engine, id, signal)
  if (!found) return { state: 'already' }
  if (found.State.Running) {
    const service = found.Config.Labels?.[labels.service]
    if (service !== undefined) await job.context.traffic?.drain({ host: job.host, service, id: found.Id })
    job.tell('stopping')
    await runPreStop(job, found)
    await stop(engine, id, signal)
  }
  await remove(engine, id, volumes !== undefined, signal)
  // One that was handed on from an earlier container counts as named for the engine, and is left by it.
  for (const name of volumes ?? [])
    await engine.api.json({ method: 'DELETE', path: `/volumes/${name}`, signal }).catch(error => {
      if (!hasStatus(error, 404, 409)) throw error
    })
  return { state: 'done' }
}
