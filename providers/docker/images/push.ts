// Pushes an image to its registry, with the login that it wants.
import { messageOf, UserError, type UserErrorDetails } from '../../../core/errors.js'
import type { ProgressEvent } from '../api/shapes.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { hasStatus, type Job } from '../apply/job.js'
import { authHeader, registryOf } from '../registries/credentials.js'
import { lendLogin } from '../registries/lend.js'
import { explainPull } from '../registries/refusal.js'
import { sizeText } from '../ship/load.js'
import { progressLines } from './progress.js'
import { splitReference } from './reference.js'

/** The engine wants the header also where there is no login: an empty object, as URL-safe base64. */
const noLogin = { 'x-registry-auth': 'e30=' }

const digestOf = ({ aux }: ProgressEvent): string | undefined =>
  typeof aux === 'object' && aux !== null && 'Digest' in aux ? String(aux.Digest) : undefined

/** What was pushed. */
export interface Pushed {
  digest: string | undefined
  /** Bytes that the registry did not have. */
  bytes: number
}

/** Pushes an image and shows its progress. A UserError that says which image, to where, and what may help. */
export async function pushImage(job: Job, ref: string, details: UserErrorDetails = {}): Promise<Pushed> {
  const { name, tag } = splitReference(ref)
  const { login, keptFrom } = await lendLogin(job, ref)
  const progress = progressLines(job.tell)
  let digest: string | undefined
  try {
    const headers = login === undefined ? noLogin : authHeader(login)
    const request = {
      method: 'POST',
      path: `/images/${name}/push`,
      query: { tag },
      headers,
      signal: job.signal,
    } as const
    await readProgress(await job.engine.api.stream(request), event => {
      digest ??= digestOf(event)
      progress.take(event)
    })
  } catch (error) {
    if (job.signal.aborted) throw job.signal.reason
    if (!(error instanceof ProgressError) && !hasStatus(error, 400, 401, 403, 404, 409, 500)) throw error
    const said = messageOf(error)
    const { text, hint } = explainPull({ ref, registries: job.engine.scope.registries, keptFrom }, said)
    const isMissing = /does not exist locally|no such image/i.test(said)
    throw new UserError(
      `image ${ref} cannot be pushed to ${registryOf(ref)}: ${isMissing ? 'it is not there' : text}`,
      {
        where: job.where,
        hint: isMissing ? '`longshore images` lists what is there; `longshore build` builds' : hint,
        cause: error,
        ...details,
      },
    )
  }
  return { digest, bytes: progress.bytes() }
}

/** What was pushed, in words. */
export const pushedText = ({ digest, bytes }: Pushed): string =>
  [...(digest === undefined ? [] : [digest.slice(0, 19)]), bytes === 0 ? 'nothing was lacking' : sizeText(bytes)].join(
    ', ',
  )
