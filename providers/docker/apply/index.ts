// Does one step: finds who knows how, and makes every refusal of the engine an error for people.
import { messageOf, UserError } from '../../../core/errors.js'
import type { ApplyContext, EngineStep, StepResult } from '../../../core/provider.js'
import { createContainer, startContainer } from '../containers/create.js'
import { removeContainer } from '../containers/remove.js'
import { replaceContainer } from '../containers/replace.js'
import { buildImage } from '../images/build.js'
import { importImage } from '../images/import.js'
import { pullImage } from '../images/pull.js'
import { removeImages } from '../images/remove.js'
import type { DockerEngine } from '../open.js'
import { receiveImage } from '../ship/receive.js'
import type { Work } from '../work.js'
import { type Job, makeJob } from './job.js'
import { createNetwork, createVolume, removeNetwork, removeVolume } from './stores.js'

async function makeImage(job: Job, work: Extract<Work, { kind: 'image' }>): Promise<StepResult> {
  const { want } = work
  if (want.from === 'build') return buildImage(job, work, want)
  if (want.from === 'import') return importImage(job, work, want)
  if (want.from === 'host') return receiveImage(job, want)
  await pullImage(job, want.ref, want.at, '', want.platform)
  return { state: 'done' }
}

const perform = (job: Job, work: Work): Promise<StepResult> => {
  switch (work.kind) {
    case 'image':
      return makeImage(job, work)
    case 'create-network':
      return createNetwork(job, work.want, work.labels, work.replaces)
    case 'create-volume':
      return createVolume(job, work.want, work.labels)
    case 'create-container':
      return createContainer(job, work, work.want)
    case 'replace-container':
      return replaceContainer(job, work, work.want, work.old, work.discard)
    case 'start-container':
      return startContainer(job, work, work.want, work.id, work.paused)
    case 'remove-container':
      return removeContainer(job, work.id, work.volumes)
    case 'remove-network':
      return removeNetwork(job, work.id)
    case 'remove-volume':
      return removeVolume(job, work.name)
    case 'remove-image':
      return removeImages(job, work.refs)
  }
}

/** Does a step of ours. Throws a UserError for everything that the engine refuses; the signal's reason when interrupted. */
export async function applyStep(engine: DockerEngine, step: EngineStep, context: ApplyContext): Promise<StepResult> {
  const job = makeJob(engine, step, context)
  try {
    return await perform(job, step.work as Work)
  } catch (error) {
    if (error instanceof Error && error.name === 'ApiError')
      throw new UserError(`the engine refuses: ${messageOf(error)}`, { where: job.where, cause: error })
    throw error
  }
}
