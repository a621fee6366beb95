// Pulls an image that the engine does not have.

import type { At } from '../../../core/errors.js'
import { messageOf, UserError } from '../../../core/errors.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { hasStatus, type Job } from '../apply/job.js'
import { progressLines } from './progress.js'
import { splitReference } from './reference.js'

const denied = /denied|unauthorized|authentication required/i
const unknown = /not found|manifest unknown|does not exist|no such image/i

/** What to do about a pull that failed. */
const hintFor = (message: string): string => {
  if (denied.test(message) || unknown.test(message))
    return 'is the name right? A private image needs a login on the host; one made here needs `build` or an entry in `images`'
  return 'can the host reach its registry? An image may also be built or imported (`build`, `images`)'
}

/** Pulls an image and shows its progress. A UserError that says which image, from where, and what may help. */
export async function pullImage(job: Job, ref: string, at: At, why = ''): Promise<void> {
  const { name, tag } = splitReference(ref)
  const progress = progressLines(job.tell)
  try {
    const query = { fromImage: name, tag }
    const stream = await job.engine.api.stream({ method: 'POST', path: '/images/create', query, signal: job.signal })
    await readProgress(stream, progress.take)
  } catch (error) {
    if (job.signal.aborted) throw job.signal.reason
    if (!(error instanceof ProgressError) && !hasStatus(error, 400, 403, 404, 409, 500)) throw error
    const message = messageOf(error)
    const hint = hintFor(message)
    throw new UserError(`image ${ref}${why} cannot be pulled: ${message}`, { where: job.where, at, hint, cause: error })
  }
}
