// Replaces a container: the old one goes only when the new one is good, and serves on or comes back when it is not.
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { ContainerWant } from '../../../core/wanted.js'
import type { ContainerDetails } from '../api/shapes.js'
import { type Job, pause } from '../apply/job.js'
import { oldName, trialName } from '../diff/leftovers.js'
import type { Origin, Work } from '../work.js'
import { admit, readmit, withdraw } from './admission.js'
import { inspect, remove, rename, start, stop } from './calls.js'
import { createContainer, inspectImage, isAsWanted, makeContainer, rolledBack, startAndSettle } from './create.js'
import { waitForDependencies } from './dependencies.js'
import { stopWithHooks } from './hooks.js'
import { settle } from './settle.js'

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

/** How long an old one serves on without its names: who has asked for them just before still comes. */
const lastGuestsMs = 500

export type Replacement = Pick<Extract<Work, { kind: 'replace-container' }>, 'old' | 'discard' | 'order'>

const serving = (job: Job, { service }: ContainerWant, id: string) => ({ host: job.host, service, id })

/** Undoes a replacement. Takes no signal: an interrupted run puts things back too. */
async function putBack(
  job: Job,
  want: ContainerWant,
  old: string,
  fresh: string | undefined,
  wasRunning: boolean,
): Promise<void> {
  const found = await inspect(job.engine, old)
  // Who serves on gets the requests back before the other one is gone.
  if (found?.State.Running) await job.context.traffic?.admit(serving(job, want, old))
  if (fresh !== undefined) await remove(job.engine, fresh, true)
  if (found?.Name !== `/${want.name}`) await rename(job.engine, old, want.name)
  await readmit(job, want, old)
  if (!wasRunning) return
  await start(job.engine, old)
  await job.context.traffic?.admit(serving(job, want, old))
}

/** The old one is set aside, the new one made, the old one stopped, the new one started. */
async function stopFirst(turn: Turn, made: (id: string) => void): Promise<void> {
  const { job, origin, want, old, asideName, kept } = turn
  if (old.Name !== `/${asideName}`) await rename(job.engine, old.Id, asideName, job.signal)
  const fresh = await makeContainer(job, origin, want, kept)
  made(fresh)
  await job.context.traffic?.drain(serving(job, want, old.Id))
  job.tell('stopping the old one')
  await stopWithHooks(job, old.Id, job.signal)
  job.tell('starting the new one')
  await startAndSettle(job, origin, want, fresh)
  await job.context.traffic?.admit(serving(job, want, fresh))
}

/**
 * The new one comes up under another name and without the names of its service, so that nobody is led to it. When it is good it gets
 * them, and its own; only then they are taken from the old one.
 */
async function startFirst(turn: Turn, made: (id: string) => void): Promise<void> {
  const { job, origin, want, old, asideName, kept } = turn
  const { engine, signal } = job
  if (old.Name === `/${asideName}`) await rename(engine, old.Id, want.name, signal)
  const fresh = await makeContainer(job, origin, want, kept, {}, trialName(want.name))
  made(fresh)
  job.tell('starting the new one beside the old one')
  await startAndSettle(job, origin, want, fresh)
  job.tell('leading its names to the new one')
  await admit(job, want, fresh)
  await job.context.traffic?.admit(serving(job, want, fresh))
  signal.throwIfAborted()
  await rename(engine, old.Id, asideName)
  await rename(engine, fresh, want.name)
}

/** Lets the old one go when the new one has taken over. Nothing of this is undone: what fails is left to the next run. */
async function retire({ job, want, old }: Pick<Turn, 'job' | 'want' | 'old'>): Promise<void> {
  job.tell('draining the old one')
  await withdraw(job, want, old.Id)
  await job.context.traffic?.drain(serving(job, want, old.Id))
  await pause(lastGuestsMs, job.signal).catch(() => undefined)
  job.tell('stopping the old one')
  await stopWithHooks(job, old.Id)
}

/** One replacement while it is being done. */
interface Turn {
  job: Job
  origin: Origin
  want: ContainerWant
  old: ContainerDetails
  asideName: string
  kept: { name: string; target: string }[]
}

/**
 * Puts a new container in the place of the old one, in the order that was planned; the old one goes when the new one is good. Else the new
 * one is removed and the old one serves on, or runs again: a UserError with exit code 6. `discard` is removed first. Where the rollout
 * may be undone as a whole, the old one is only stopped: `conclude` is told what becomes of it.
 */
export async function replaceContainer(
  job: Job,
  origin: Origin,
  want: ContainerWant,
  { old: oldId, discard, order = 'stop-first' }: Replacement,
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
  const isBeside = order === 'start-first' && old.State.Running
  // One that an interrupted run had set aside was stopped by that run, if it is stopped.
  const wasRunning = old.State.Running || old.Name === `/${asideName}`
  let fresh: string | undefined
  const made = (id: string): void => {
    fresh = id
  }
  const turn: Turn = { job, origin, want, old, asideName, kept: await keptVolumes(job, want, old) }
  try {
    await (isBeside ? startFirst(turn, made) : stopFirst(turn, made))
  } catch (error) {
    try {
      await putBack(job, want, old.Id, fresh, wasRunning)
    } catch (second) {
      throw new UserError(`${messageOf(error)}; and the old container could not be put back: ${messageOf(second)}`, {
        where: job.where,
        hint: `it is still there as ${asideName}; run it again`,
        cause: error,
      })
    }
    if (!(error instanceof UserError)) throw error
    throw rolledBack(
      error,
      isBeside ? 'the old one serves on' : wasRunning ? 'the old one runs again' : 'the old one is back',
    )
  }
  if (isBeside) await retire(turn)
  if (want.rollout?.failureAction !== 'rollback') await remove(engine, old.Id, true)
  return { state: 'done' }
}

/**
 * Ends a replacement that could still be undone: `keep` removes the old container, `undo` lets it take its place back. A UserError, with
 * the new one still in place, where the old one does not come up.
 */
export async function concludeReplacement(
  job: Job,
  want: ContainerWant,
  { old: oldId, order }: Replacement,
  how: 'keep' | 'undo',
): Promise<void> {
  const { engine } = job
  const old = await inspect(engine, oldId)
  if (!old) return
  const current = await inspect(engine, want.name)
  if (how === 'keep' || !current || current.Id === old.Id) {
    if (how === 'keep' && current?.Id !== old.Id) await remove(engine, old.Id, true)
    return
  }
  const isBeside = (want.rollout?.back.order ?? order) === 'start-first' && order === 'start-first'
  if (!isBeside) {
    await job.context.traffic?.drain(serving(job, want, current.Id))
    await stopWithHooks(job, current.Id)
  }
  try {
    await start(engine, old.Id)
    await settle(job, want.name, old.Id, {
      ...want,
      ...(want.rollout && { rollout: { ...want.rollout, ...want.rollout.back } }),
    })
  } catch (error) {
    await stop(engine, old.Id)
    if (!isBeside) await start(engine, current.Id)
    throw error
  }
  await readmit(job, want, old.Id)
  await job.context.traffic?.admit(serving(job, want, old.Id))
  if (isBeside) await retire({ job, want, old: current })
  await remove(engine, current.Id, true)
  await rename(engine, old.Id, want.name)
}
