// Changes CPU, memory and restart rules of a container as it runs.
import { UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { hasStatus, type Job } from '../apply/job.js'
import { changesBetween } from '../canonical.js'
import type { Origin } from '../work.js'
import { inspect } from './calls.js'
import { createContainer, startContainer } from './create.js'
import { limitsInForce, limitsOf, updateBody } from './limits.js'
import { containerSpec } from './spec.js'

interface MemoryStats {
  memory_stats?: { usage?: number; stats?: Record<string, number> }
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`

/** Refuses to go below what is in use: some kernels would kill the program rather than say no. */
async function checkMemory(job: Job, { name, config }: ContainerWant, id: string, before: number): Promise<void> {
  if (config.memory === undefined || (before !== 0 && config.memory >= before)) return
  const query = { stream: false }
  const { memory_stats: told } = await job.engine.api.json<MemoryStats>({ path: `/containers/${id}/stats`, query })
  // Files that are only cached give way.
  const { total_inactive_file: cached = told?.stats?.inactive_file ?? 0 } = told?.stats ?? {}
  const used = (told?.usage ?? 0) - cached
  if (used > config.memory)
    throw new UserError(
      `container ${name} uses ${mib(used)} of memory, more than the ${mib(config.memory)} it may have`,
      {
        where: job.where,
        hint: 'give it more, or stop it (`longshore stop`) and run this again',
      },
    )
}

/** Sets the limits, and `starts` the container where it shall run and does not. A UserError where the engine, or its kernel, does not take them. */
export async function updateContainer(
  job: Job,
  origin: Origin,
  want: ContainerWant,
  { id, paused, starts }: { id: string; paused: boolean; starts: boolean },
): Promise<StepResult> {
  const { engine, signal } = job
  const found = await inspect(engine, id, signal)
  if (!found) return createContainer(job, origin, want)
  const wanted = limitsOf(containerSpec(want.config, origin.key))
  if (found.State.Running) await checkMemory(job, want, id, found.HostConfig.Memory ?? 0)
  try {
    const body = updateBody(want.config)
    await engine.api.json({ method: 'POST', path: `/containers/${id}/update`, body, signal })
  } catch (error) {
    if (!hasStatus(error, 400, 409, 500)) throw error
    throw new UserError(`the engine refuses the new limits of container ${want.name}: ${error.message}`, {
      where: job.where,
      at: want.at,
      hint: 'it runs on with the old ones',
      cause: error,
    })
  }
  const now = await inspect(engine, id, signal)
  const missing = now ? changesBetween(limitsInForce(now.HostConfig, wanted), wanted) : []
  if (missing.length > 0)
    throw new UserError(
      `the engine did not take ${missing.map(({ what, to }) => `${what} ${to}`).join(', ')} of container ${want.name}`,
      { where: job.where, at: want.at, hint: 'the kernel of the host does not know it: take it out of the file' },
    )
  if (starts) return startContainer(job, origin, want, id, paused)
  return { state: 'done' }
}
