// Removes images that we made.
import type { StepResult } from '../../../core/provider.js'
import { hasStatus, type Job } from '../apply/job.js'

/** Removes images by name or id. One that another container still uses is kept, and said so. */
export async function removeImages(job: Job, refs: readonly string[]): Promise<StepResult> {
  const kept: string[] = []
  let gone = 0
  for (const ref of refs)
    try {
      await job.engine.api.json({ method: 'DELETE', path: `/images/${ref}`, signal: job.signal })
      gone++
    } catch (error) {
      if (hasStatus(error, 409)) kept.push(error.message)
      else if (!hasStatus(error, 404)) throw error
    }
  for (const text of kept) job.context.emit({ type: 'warning', host: job.host, text })
  if (gone > 0) return { state: 'done' }
  return kept.length > 0 ? { state: 'done', text: 'kept, because it is in use' } : { state: 'already' }
}
