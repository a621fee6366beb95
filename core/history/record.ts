// Writes the history while a run goes on: an entry on each host before its first container is touched, finished when all has ended.
import { hasShell } from '../engine-alone/address.js'
import { messageOf, UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import type { HostWork } from '../plan/host-work.js'
import { isAbsent } from '../provider.js'
import type { EngineSide } from '../run/engine-side.js'
import type { StepEnd } from '../run/execute.js'
import type { RunPlan, SessionContext } from '../run/session.js'
import type { Step } from '../step.js'
import {
  entriesToDrop,
  type HistoryChange,
  type HistoryEntry,
  type HistoryHead,
  type HistoryImage,
  imagesKeptByHistory,
  readEntries,
} from './entry.js'
import { filesToKeep } from './files.js'
import { keepShare } from './keep.js'
import { writeEntry } from './scripts.js'

/** Milliseconds that an entry may take: it is finished after an interrupt, too. */
const patience = 15_000

/** One host's entry while the run goes on. */
interface Open {
  side: EngineSide
  head: HistoryHead
  /** The first lines of the entries before it. */
  earlier: HistoryHead[]
}

export interface Recording {
  /** Finishes the entries. Never throws: what cannot be written is told as a warning. */
  finish(ends: ReadonlyMap<string, StepEnd>): Promise<void>
}

const isContainer = (step: Step): boolean => 'work' in step && step.thing.startsWith('container ')

const nameIn = (step: Step): string => step.thing.slice('container '.length)

/** The service of a container, also of one that is not wanted any more. */
function serviceOf(side: EngineSide, project: string, container: string): string {
  const wanted = side.wanted?.containers.find(({ name }) => name === container)
  if (wanted) return wanted.service
  return container.startsWith(`${project}-`) ? container.slice(project.length + 1).replace(/-\d+$/, '') : container
}

const longestCause = 200

const changesOn = (side: EngineSide, project: string, steps: readonly Step[]): HistoryChange[] =>
  steps
    .filter(step => isContainer(step) && step.host === side.scope.name)
    .map(step => ({
      service: serviceOf(side, project, nameIn(step)),
      container: nameIn(step),
      verb: step.verb,
      cause: cleanLine(step.cause, longestCause),
    }))

/** Who runs this, without what only tells two of their processes apart. */
const whoIs = (owner: string): string => owner.replace(/#.*$/, '').replace(/, process \d+$/, '')

/** Writes an entry on a host; gives the first lines of all that are there then. */
async function write(
  { connection, host }: HostWork,
  project: string,
  entry: HistoryEntry,
  beside: { drop: readonly number[]; files: readonly string[] },
): Promise<HistoryHead[]> {
  const exit = await connection?.exec(writeEntry(project, entry, beside), { as: 'best', timeoutMs: patience })
  if (exit?.code !== 0) throw new UserError(cleanLine(exit?.stderr.trim() ?? 'not connected'), { where: host.name })
  return readEntries(exit.stdout).map(({ head }) => head)
}

/** What is known in the end of what the containers of a host were made from. */
async function imagesOf({ provider, opened, wanted }: EngineSide, project: string): Promise<HistoryImage[]> {
  if (opened === undefined || isAbsent(opened) || provider.imagesInUse === undefined) return []
  const used = await provider.imagesInUse(opened, project)
  return (wanted?.containers ?? []).flatMap(({ name, service, config }) => {
    const found = used.find(({ container }) => container === name)
    if (found === undefined) return []
    const digest = found.digest === undefined ? {} : { digest: found.digest }
    return [{ container: name, service, ref: config.image, id: found.id, ...digest }]
  })
}

async function finishOne(
  { side, head, earlier }: Open,
  state: HistoryHead['state'],
  name: string,
  isDown: boolean,
): Promise<void> {
  const { wanted, work } = side
  const isMeant = (service: string): boolean => head.only?.includes(service) ?? true
  const entry: HistoryEntry = { head: { ...head, state } }
  let files: string[] = []
  if (state === 'done' && wanted !== undefined) {
    const containers = wanted.containers.filter(({ service }) => isMeant(service))
    entry.head.images = (await imagesOf(side, name)).filter(({ service }) => isMeant(service))
    const { networks, volumes } = wanted
    // Its image is told by the entry itself.
    const plain = containers.map(({ imageId: _id, ...container }) => container)
    files = filesToKeep({ containers: plain }, wanted.key)
    entry.share = keepShare({ containers: plain, networks, volumes }, wanted.key)
  }
  if (state === 'done' && isDown) entry.share = { containers: [], networks: [], volumes: [] }
  const drop = entriesToDrop(earlier, entry.head)
  const heads = await write(work, name, entry, { drop, files })
  const { provider, opened } = side
  // What `down --images` has taken away stays away.
  if (isDown || opened === undefined || isAbsent(opened) || provider.keepImages === undefined) return
  const kept = imagesKeptByHistory(heads.map(one => ({ head: one })))
  const named = heads.flatMap(({ images }) => images).filter(({ id }) => kept.has(id))
  await provider.keepImages(opened, name, named)
}

/** How it went on one host. */
function stateOf(host: string, steps: readonly Step[], ends: ReadonlyMap<string, StepEnd>, isInterrupted: boolean) {
  const isBad = steps.some(step => {
    const state = step.host === host && 'work' in step ? ends.get(step.id)?.state : 'done'
    return state !== 'done' && state !== 'already'
  })
  return isBad ? (isInterrupted ? 'interrupted' : 'failed') : 'done'
}

/**
 * Begins the entries of a run that changes containers; undefined where it changes none. The locks are held, and the hosts' keys known.
 * An entry's number is one more than the highest of any host of the run, so that it is the same on all of them.
 */
export async function beginHistory(
  { project, signal, emit }: SessionContext,
  plan: RunPlan,
  owner: { text: string; reason: string },
): Promise<Recording | undefined> {
  const { name } = project
  const sides = plan.sides.filter(
    ({ work, wanted, scope }) =>
      (wanted !== undefined || plan.down === true) &&
      work.connection !== undefined &&
      // Its files are the host's, and a shell's to write.
      hasShell(work.host) &&
      work.locked === true &&
      // Without a shell there is no place for it.
      work.keeper === undefined &&
      plan.steps.some(step => isContainer(step) && step.host === scope.name),
  )
  if (sides.length === 0) return undefined
  const number = 1 + Math.max(0, ...plan.works.flatMap(({ state }) => state.history ?? []))
  const time = new Date().toISOString()
  const told = (side: EngineSide, what: string, error: unknown): void =>
    emit({ type: 'warning', host: side.scope.name, text: `the history ${what}: ${messageOf(error)}` })
  const begun = await Promise.all(
    sides.map(async (side): Promise<Open[]> => {
      const head: HistoryHead = {
        version: 1,
        number,
        time,
        who: whoIs(owner.text),
        reason: owner.reason,
        state: 'begun',
        ...(plan.rollback === undefined ? {} : { rollback: plan.rollback }),
        ...(plan.only === undefined ? {} : { only: [...plan.only] }),
        changes: changesOn(side, name, plan.steps),
        images: [],
      }
      try {
        const heads = await write(side.work, name, { head }, { drop: [], files: [] })
        return [{ side, head, earlier: heads.filter(one => one.number !== number) }]
      } catch (error) {
        told(side, 'cannot be written, so that there will be nothing to roll back to', error)
        return []
      }
    }),
  )
  return {
    async finish(ends) {
      await Promise.all(
        begun.flat().map(async open => {
          const state = stateOf(open.side.scope.name, plan.steps, ends, signal.aborted)
          await finishOne(open, state, name, plan.down === true).catch(error =>
            told(open.side, 'could not be finished', error),
          )
        }),
      )
    },
  }
}
