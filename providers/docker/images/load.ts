// Loads an archive that an engine has saved, from this machine.
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { ImageWant } from '../../../core/wanted.js'
import { ProgressError } from '../api/stream.js'
import { hasStatus, type Job } from '../apply/job.js'
import { inspectImage } from '../containers/create.js'
import { tagImage } from '../ship/send.js'
import { familiarReference } from './reference.js'
import { archiveStream, imageIn, savedImages } from './saved.js'
import { loadArchive } from './transfer.js'

export type LoadWant = Extract<ImageWant, { from: 'load' }>

/** Loads an image, and names it as the file does. A UserError where the engine does not take the archive. */
export async function loadImage(job: Job, want: LoadWant): Promise<StepResult> {
  const { engine, signal } = job
  const { id, digests, tags } = imageIn(await savedImages(want.file), want)
  try {
    await loadArchive(engine, await archiveStream(want.file), { signal, tell: job.tell })
    if (!tags.includes(familiarReference(want.ref))) {
      const names = [...tags, id, ...digests]
      for (const name of names)
        if (await inspectImage(job, name)) {
          await tagImage(job, name, want.ref, signal)
          break
        }
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ProgressError) && !hasStatus(error, 400, 404, 500)) throw error
    throw new UserError(`image ${want.ref} cannot be loaded from ${want.file}: ${messageOf(error)}`, {
      where: job.where,
      at: want.at,
      cause: error,
    })
  }
  if (!(await inspectImage(job, want.ref)))
    throw new UserError(`image ${want.ref} is not there after ${want.file} was loaded`, {
      where: job.where,
      at: want.at,
    })
  return { state: 'done' }
}
