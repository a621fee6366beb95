// Does one step: finds who knows how, and makes every refusal of the engine an error for people.
import { messageOf, UserError } from '../../../core/errors.js'
import type { ApplyContext, EngineStep, StepResult } from '../../../core/provider.js'
import { createContainer, startContainer } from '../containers/create.js'
import { removeContainer } from '../containers/remove.js'
import { concludeReplacement, replaceContainer } from '../containers/replace.js'
import { updateContainer } from '../containers/update.js'
import { controlContainer } from '../control/step.js'
import { removeFiles } from '../files/clean.js'
import { shipFiles } from '../files/ship.js'
import { updateFiles } from '../files/update.js'
import { routeDoor } from '../front-door/route.js'
import { withDoor } from '../front-door/traffic.js'
import { buildImage } from '../images/build.js'
import { makeByPlaybook } from '../images/by-playbook/make.js'
import { importImage } from '../images/import.js'
import { loadImage } from '../images/load.js'
import { pruneCache } from '../images/prune.js'
import { pullImage } from '../images/pull.js'
import { pushedText, pushImage } from '../images/push.js'
import { digestIn } from '../images/reference.js'
import { removeImages } from '../images/remove.js'
import type { DockerEngine } from '../open.js'
import { sizeText } from '../ship/load.js'
import { receiveImage } from '../ship/receive.js'
import { tagImage } from '../ship/send.js'
import type { Work } from '../work.js'
import { fullDisk } from './full-disk.js'
import { type Job, makeJob } from './job.js'
import { createNetwork, createVolume, removeNetwork, removeVolume } from './stores.js'

async function makeImage(job: Job, work: Extract<Work, { kind: 'image' }>): Promise<StepResult> {
  const { want } = work
  if (want.from === 'build') return buildImage(job, work, want)
  if (want.from === 'playbook') return makeByPlaybook(job, work, want)
  if (want.from === 'import') return importImage(job, work, want)
  if (want.from === 'host') return receiveImage(job, want)
  if (want.from === 'load') return loadImage(job, want)
  const bytes = await pullImage(job, want.ref, want.at, { platform: want.platform })
  // Older engines note when an image was named, and not when it was pulled: its age counts from here.
  if (typeof want.policy === 'object' && digestIn(want.ref) === undefined)
    await tagImage(job, want.ref, want.ref, job.signal)
  return { state: 'done', ...(bytes === 0 ? {} : { text: sizeText(bytes) }) }
}

const perform = (job: Job, work: Work): Promise<StepResult> => {
  switch (work.kind) {
    case 'image':
      return makeImage(job, work)
    case 'push-image':
      return pushImage(job, work.want.ref, { at: work.want.at }).then(pushed => ({
        state: 'done',
        text: pushedText(pushed),
      }))
    case 'create-network':
      return createNetwork(job, work.want, work.labels, work.replaces)
    case 'create-volume':
      return createVolume(job, work.want, work.labels)
    case 'create-container':
      return createContainer(job, work, work.want)
    case 'replace-container':
      return replaceContainer(job, work, work.want, work)
    case 'update-container':
      return updateContainer(job, work, work.want, work)
    case 'start-container':
      return startContainer(job, work, work.want, work.id, work.paused)
    case 'remove-container':
      return removeContainer(job, work.id, work.volumes)
    case 'control-container':
      return controlContainer(job, work)
    case 'route':
      return routeDoor(job, work, work.want)
    case 'ship-files':
      return shipFiles(job, work, work.want)
    case 'update-files':
      return updateFiles(job, work, work.want, work.id)
    case 'remove-files':
      return removeFiles(job, work, work.names)
    case 'remove-network':
      return removeNetwork(job, work.id)
    case 'remove-volume':
      return removeVolume(job, work.name)
    case 'remove-image':
      return removeImages(job, work.refs)
    case 'prune-cache':
      return pruneCache(job)
  }
}

/** Does a step of ours. Throws a UserError for everything that the engine refuses; the signal's reason when interrupted. */
export async function applyStep(engine: DockerEngine, step: EngineStep, context: ApplyContext): Promise<StepResult> {
  const job = withDoor(makeJob(engine, step, context))
  try {
    return await perform(job, step.work as Work)
  } catch (error) {
    const full = await fullDisk(job, error)
    if (full) throw full
    if (error instanceof Error && error.name === 'ApiError')
      throw new UserError(`the engine refuses: ${messageOf(error)}`, { where: job.where, cause: error })
    throw error
  }
}

/** Ends a replacement that could still be undone; other steps leave nothing open. */
export async function concludeStep(
  engine: DockerEngine,
  step: EngineStep,
  how: 'keep' | 'undo',
  context: ApplyContext,
): Promise<void> {
  const work = step.work as Work
  if (work.kind === 'replace-container')
    await concludeReplacement(withDoor(makeJob(engine, step, context)), work.want, work, how)
}
