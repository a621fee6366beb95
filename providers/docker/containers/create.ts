// Makes and starts containers.
import { exitCodes, likeError, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { ContainerWant } from '../../../core/wanted.js'
import type { ContainerDetails, ImageDetails } from '../api/shapes.js'
import { type Job, unlessMissing } from '../apply/job.js'
import { canonicalHash } from '../canonical.js'
import { placeFiles } from '../files/place.js'
import { refreshFiles } from '../files/refresh.js'
import { isOurContainer, labels } from '../labels.js'
import type { Origin } from '../work.js'
import { createRequest } from './body.js'
import { inspect, putFiles, remove, start, unpause } from './calls.js'
import { waitForDependencies } from './dependencies.js'
import { runPostStart } from './hooks.js'
import { limitsInForce, limitsOf, sameSpecs } from './limits.js'
import { explainRefusal } from './refusals.js'
import { settle } from './settle.js'
import { containerSpec } from './spec.js'

/** The image that a reference leads to now. */
export const inspectImage = (job: Job, ref: string): Promise<ImageDetails | undefined> =>
  unlessMissing(job.engine.api.json<ImageDetails>({ path: `/images/${ref}/json`, signal: job.signal }))

/** Whether a container is ours and of this very spec, limits and image. */
export async function isAsWanted(
  job: Job,
  { project, key }: Origin,
  want: ContainerWant,
  found: ContainerDetails,
): Promise<boolean> {
  const told = found.Config.Labels ?? {}
  if (!isOurContainer(told, project)) return false
  const spec = containerSpec(want.config, key)
  if (told[labels.specHash] !== canonicalHash(spec)) return false
  // Its label does not follow limits that were changed as it ran.
  const limits = limitsOf(spec)
  if (job.engine.dialect.updates && !sameSpecs(limitsInForce(found.HostConfig, limits, limits), limits)) return false
  if (want.imageId !== undefined) return found.Image === want.imageId
  const image = await inspectImage(job, want.config.image)
  return image === undefined || image.Id === found.Image
}

/** What a container is made from: its image by name where that leads to the one that is meant, else by id. */
async function imageFor(job: Job, { config, imageId }: ContainerWant): Promise<string> {
  if (imageId === undefined) return config.image
  return (await inspectImage(job, config.image))?.Id === imageId ? config.image : imageId
}

/**
 * Creates a container without starting it, on all of its networks and with its files; gives its id. What was half made is removed.
 * `over` goes over the request's body; `trial` is the name of one that is tried beside the one it shall replace.
 */
export async function makeContainer(
  job: Job,
  { project, key }: Origin,
  want: ContainerWant,
  kept: readonly { name: string; target: string }[] = [],
  over: object = {},
  trial?: string,
): Promise<string> {
  const { api } = job.engine
  const placed = await placeFiles(job, { project, key }, want, Object.keys(over).length > 0)
  const { body, connect } = createRequest(project, placed, key, api.version, kept, trial)
  const Image = await imageFor(job, want)
  let id: string | undefined
  try {
    const query = { name: trial ?? want.name, platform: want.config.platform }
    const made = await api.json<{ Id: string }>({
      method: 'POST',
      path: '/containers/create',
      query,
      body: { ...body, Image, ...over },
      signal: job.signal,
    })
    id = made.Id
    for (const { network, endpoint } of connect) {
      const joined = { Container: id, EndpointConfig: endpoint }
      const path = `/networks/${encodeURIComponent(network)}/connect`
      await api.json({ method: 'POST', path, body: joined, signal: job.signal })
    }
    await putFiles(job.engine, id, want.config.files ?? [], job.signal)
    return id
  } catch (error) {
    if (id !== undefined) await remove(job.engine, id, true)
    throw await explainRefusal(job, project, want, error)
  }
}

/** Starts a container and waits until it is good. */
export async function startAndSettle(job: Job, { project }: Origin, want: ContainerWant, id: string): Promise<void> {
  try {
    await start(job.engine, id, job.signal)
  } catch (error) {
    throw await explainRefusal(job, project, want, error)
  }
  await runPostStart(job, want.name, id, want.config.postStart ?? [])
  await settle(job, want.name, id, want)
}

/** Creates and starts a container that was not there; one that fails at once is removed again. */
export async function createContainer(job: Job, origin: Origin, want: ContainerWant): Promise<StepResult> {
  const found = await inspect(job.engine, want.name, job.signal)
  if (found && !(await isAsWanted(job, origin, want, found)))
    throw new UserError(`container ${want.name} has come to be there since this was planned`, {
      where: job.where,
      hint: 'run it again: the new plan will tell what it is',
    })
  if (found?.State.Running) return { state: 'already' }
  await waitForDependencies(job, want)
  const id = found?.Id ?? (await makeContainer(job, origin, want))
  if (found) await refreshFiles(job, origin, want, id)
  try {
    await startAndSettle(job, origin, want, id)
  } catch (error) {
    // Also when interrupted: what did not come up must not look like something that did.
    await remove(job.engine, id, true)
    throw error
  }
  await job.context.traffic?.admit({ host: job.host, service: want.service, id })
  return { state: 'done' }
}

/** Starts a container that is as wanted, but not running. It stays where it is if it fails: it may hold somebody's data. */
export async function startContainer(
  job: Job,
  origin: Origin,
  want: ContainerWant,
  id: string,
  paused: boolean,
): Promise<StepResult> {
  const found = await inspect(job.engine, id, job.signal)
  if (!found) return createContainer(job, origin, want)
  if (found.State.Running && !paused) return { state: 'already' }
  await waitForDependencies(job, want)
  await refreshFiles(job, origin, want, id)
  if (paused && found.State.Status === 'paused') {
    await unpause(job.engine, id, job.signal)
    await settle(job, want.name, id, want)
  } else await startAndSettle(job, origin, want, id)
  await job.context.traffic?.admit({ host: job.host, service: want.service, id })
  return { state: 'done' }
}

/** The error of a replacement that failed and was undone. */
export const rolledBack = (error: UserError, what: string): UserError =>
  likeError(error, { message: `${error.message}; ${what}`, exit: exitCodes.rolledBack, cause: error })
