// What is told when a host has no room left for what an engine is to take.
import { likeError, messageOf, UserError } from '../../../core/errors.js'
import type { Job } from './job.js'

/** The error to show where the host's disk is full: it names the engine's folder. Undefined for all other errors. */
export async function fullDisk(
  { engine, host, where }: Pick<Job, 'engine' | 'host' | 'where'>,
  error: unknown,
): Promise<UserError | undefined> {
  const said = messageOf(error)
  if (!/no space left on device|disk quota exceeded/i.test(said)) return undefined
  const asked = engine.api.json<{ DockerRootDir?: string }>({ path: '/info' })
  const { DockerRootDir: root = '/var/lib/docker' } = await asked.catch(() => ({ DockerRootDir: undefined }))
  const message = `there is no space left on ${host}, where the engine keeps its images (${root}): ${said}`
  const hint = '`longshore prune` removes images that nothing uses; `longshore facts` tells how full its disks are'
  return error instanceof UserError
    ? likeError(error, { message, hint })
    : new UserError(message, { where, hint, cause: error })
}
