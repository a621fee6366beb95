// Pulls an image that the engine does not have, with the login that its registry wants.

import type { At } from '../../../core/errors.js'
import { messageOf, UserError } from '../../../core/errors.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { hasStatus, type Job } from '../apply/job.js'
import { authHeader } from '../registries/credentials.js'
import { lendLogin } from '../registries/lend.js'
import { explainPull } from '../registries/refusal.js'
import { progressLines } from './progress.js'
import { splitReference } from './reference.js'

/** Pulls an image and shows its progress. A UserError that says which image, from where, and what may help. */
export async function pullImage(job: Job, ref: string, at: At, why = '', platform?: string): Promise<void> {
  const { name, tag } = splitReference(ref)
  const { login, keptFrom } = await lendLogin(job, ref)
  const progress = progressLines(job.tell)
  try {
    const query = { fromImage: name, tag, platform }
    const headers = authHeader(login)
    const request = { method: 'POST', path: '/images/create', query, headers, signal: job.signal } as const
    await readProgress(await job.engine.api.stream(request), progress.take)
  } catch (error) {
    if (job.signal.aborted) throw job.signal.reason
    if (!(error instanceof ProgressError) && !hasStatus(error, 400, 401, 403, 404, 409, 500)) throw error
    const { text, hint } = explainPull({ ref, registries: job.engine.scope.registries, keptFrom }, messageOf(error))
    throw new UserError(`image ${ref}${why} cannot be pulled: ${text}`, { where: job.where, at, hint, cause: error })
  }
}
