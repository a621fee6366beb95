// Pulls an image, with the login that its registry wants, and checks that what came is what was asked for.

import type { At } from '../../../core/errors.js'
import { messageOf, UserError } from '../../../core/errors.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { hasStatus, type Job } from '../apply/job.js'
import { inspectImage } from '../containers/create.js'
import { authHeader } from '../registries/credentials.js'
import { lendLogin } from '../registries/lend.js'
import { explainPull } from '../registries/refusal.js'
import { isForPlatform, platformOf } from './platform.js'
import { progressLines } from './progress.js'
import { digestIn, splitReference } from './reference.js'

/** What is asked for besides the reference. */
export interface PullOptions {
  /** Goes into the error's text: what the image is for. */
  why?: string
  platform?: string | undefined
}

/** The engine took what the registry gave: it must have the digest that was pinned, and be for the platform. */
async function check(job: Job, ref: string, at: At, platform: string | undefined): Promise<void> {
  const digest = digestIn(ref)
  if (digest === undefined && platform === undefined) return
  const found = await inspectImage(job, ref)
  const wrong = (text: string, hint: string): UserError =>
    new UserError(`image ${ref} was pulled, but ${text}`, { where: job.where, at, hint })
  if (digest !== undefined && !(found?.RepoDigests ?? []).some(own => own.endsWith(`@${digest}`)))
    throw wrong(`its digest is not ${digest}`, 'the registry gives another image than the one that is pinned')
  const own = found && platformOf(found)
  if (platform !== undefined && own !== undefined && !isForPlatform(own, platform))
    throw wrong(`it is for ${own}, and not for ${platform}`, 'its registry has no image for that platform')
}

/** Pulls an image and shows its progress; gives the bytes that came. A UserError that says which image, from where, and what may help. */
export async function pullImage(job: Job, ref: string, at: At, options: PullOptions = {}): Promise<number> {
  const { why = '', platform } = options
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
  await check(job, ref, at, platform)
  return progress.bytes()
}
