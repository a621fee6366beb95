// Replaces a container: the old one goes only when the new one is good, and comes back when it is not.
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { ContainerWant } from '../../../core/wanted.js'
import type { ContainerDetails } from '../api/shapes.js'
import type { Job } from '../apply/job.js'
import { oldName } from '../diff/leftovers.js'
import type { Origin } from '../work.js'
import { inspect, remove, rename, start, stop } from './calls.js'
import { createContainer, inspectImage, isAsWanted, makeContainer, rolledBack, startAndSettle } from './create.js'
import { waitForDependencies } from './dependencies.js'

const anonymousName = /^[0-9a-f]{64}$/

/** The unnamed volumes that pass from the old container to the new one, as with Compose: where the file or the image still asks for one. */
async function keptVolumes(
  job: Job,
  want: ContainerWant,
  old: ContainerDetails,
): Promise<{ name: string; target: string }[]> {
  const held = old.Mounts.flatMap(({ Type, Name = '', Destination }) =>
    Type === 'volume' && anonymousName.test(Name) ? [{ name: Name, target: Destination }] : [],
  )
  if (held.length === 0) return []
  const { mounts } = want.config
  const image = await inspectImage(job, want.config.image)
  const asked = new Set([
    ...mounts.flatMap(({ type, source, target }) => (type === 'volume' && source === undefined ? [target] : [])),
    ...Object.keys(image?.Config?.Volumes ?? {}),
  ])
  const taken = new Set(mounts.flatMap(({ source, target }) => (source === undefined ? [] : [target])))
  return held.filter(({ target }) => asked.has(target) && !taken.has(target))
}

/** Undoes a replacement. Takes no signal: an interrupted run puts things back too. */
async function putBack(
  job: Job,
  name: string,
  old: string,
  fresh: string | undefined,
  wasRunning: boolean,
): Promise<void> {
  if (fresh !== undefined) await remove(job.engine, fresh, true)
  if ((await inspect(job.engine, old))?.Name !== `/${name}`) await rename(job.engine, old, name)
  if (wasRunning) await start(job.engine, old)
}

/**
 * Renames the old container, makes the new one, stops the old, starts the new, and removes the old when the new one is good.
 * Else the new one is removed and the old one runs again: a UserError with exit code 6. `discard` is removed first.
 */
export async function replaceContainer(
  job: Job,
  origin: Origin,
  want: ContainerWant,
  oldId: string,
  discard: readonly string[],
): Promise<StepResult> {
  const { engine, signal } = job
  const current = await inspect(engine, want.name, signal)
  if (current?.State.Running && discard.length === 0 && (await isAsWanted(job, origin, want, current)))
    return { state: 'already' }
  await waitForDependencies(job, want)
  for (const id of discard) await remove(engine, id, true, signal)
  const old = await inspect(engine, oldId, signal)
  if (!old) return createContainer(job, origin, want)

  const asideName = oldName(want.name, old.Id)
  const wasAside = old.Name === `/${asideName}`
  const kept = await keptVolumes(job, want, old)
  let fresh: string | undefined
  try {
    if (!wasAside) await rename(engine, old.Id, asideName, signal)
    fresh = await makeContainer(job, origin, want, kept)
    job.tell('stopping the old one')
    await stop(engine, old.Id, signal)
    job.tell('starting the new one')
    await startAndSettle(job, origin, want, fresh)
  } catch (error) {
    // One that an interrupted run had set aside was stopped by that run, if it is stopped.
    const wasRunning = old.State.Running || wasAside
    try {
      await putBack(job, want.name, old.Id, fresh, wasRunning)
    } catch (second) {
      throw new UserError(`${messageOf(error)}; and the old container could not be put back: ${messageOf(second)}`, {
        where: job.where,
        hint: `it is still there as ${asideName}; run it again`,
        cause: error,
      })
    }
    if (error instanceof UserError)
      throw rolledBack(error, wasRunning ? 'the old one runs again' : 'the old one is back')
    throw error
  }
  await remove(engine, old.Id, true)
  return { state: 'done' }
}
