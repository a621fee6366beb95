// Writes the history while a run goes on: entries before the first container is touched, finished when all has ended.
import { messageOf, UserError } from '../errors.js'
import { cleanLine } from '../events.js'
import type { HostWork } from '../plan/host-work.js'
import type { StepEnd } from '../run/execute.js'
import type { RunPlan, SessionContext } from '../run/session.js'
import type { Step } from '../step.js'
import { entriesToDrop, type HistoryEntry, type HistoryHead, imagesKeptByHistory, readEntries } from './entry.js'
import { filesToKeep } from './files.js'
import { keepShare } from './keep.js'
import { entriesOf, mergeEntries, missingOn } from './merge.js'
import { wholeEntriesOn } from './read.js'
import { writeEntry } from './scripts.js'
import { type HistorySite, sitesOf } from './sites.js'

/** Milliseconds that an entry may take: it is finished after an interrupt, too. */
const patience = 15_000

/** A host that keeps the entry. */
interface Copy {
  work: HostWork
  /** The first lines of its entries: of those before this one, and when that is finished, of all. */
  heads: HistoryHead[]
}

/** One entry while the run goes on. */
interface Open {
  site: HistorySite
  head: HistoryHead
  copies: Copy[]
}

export interface Recording {
  /** Finishes the entries. Never throws: what cannot be written is told as a warning. */
  finish(ends: ReadonlyMap<string, StepEnd>): Promise<void>
}

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

/** The entry as it stays, and the files that a rollback to it needs. */
async function finished({ site, head }: Open, isDown: boolean): Promise<{ entry: HistoryEntry; files: string[] }> {
  const share = site.share()
  if (head.state !== 'done') return { entry: { head }, files: [] }
  if (isDown) return { entry: { head, share: { containers: [], networks: [], volumes: [] } }, files: [] }
  if (share === undefined) return { entry: { head }, files: [] }
  const isMeant = ({ service }: { service: string }): boolean => head.only?.includes(service) ?? true
  const { key, images } = await site.ended()
  // Its image is told by the entry itself.
  const containers = share.containers.filter(isMeant).map(({ imageId: _id, imageDigest: _digest, ...own }) => own)
  const { networks, volumes } = share
  return {
    entry: {
      head: { ...head, images: images.filter(isMeant) },
      share: keepShare({ containers, networks, volumes }, key),
    },
    files: filesToKeep({ containers }, key),
  }
}

/** Gives hosts what they have missed while they were away. */
async function catchUp(copies: readonly Copy[], name: string, project: string): Promise<void> {
  const headsOf = ({ heads }: Copy): { head: HistoryHead }[] => heads.map(head => ({ head }))
  const all = mergeEntries(entriesOf(copies.flatMap(headsOf), name))
  if (copies.every(({ heads }) => missingOn(heads, all).length === 0)) return
  const signal = AbortSignal.timeout(patience)
  const whole = await Promise.all(
    copies.map(async ({ work }) => (work.connection ? wholeEntriesOn(work.connection, project, signal) : [])),
  )
  const entries = mergeEntries(entriesOf(whole.flat(), name))
  for (const { work, heads } of copies)
    for (const entry of missingOn(heads, entries)) {
      const files = entry.share === undefined ? [] : filesToKeep(entry.share, new Uint8Array())
      await write(work, project, entry, { drop: [], files })
    }
}

/** Of several hosts that keep it, each tells its own trouble: the others go on. */
type Tell = (work: HostWork | undefined, what: string, error: unknown) => void

async function finishOne(open: Open, project: string, isDown: boolean, tell: Tell): Promise<void> {
  const { site } = open
  const { entry, files } = await finished(open, isDown)
  const written = await Promise.all(
    open.copies.map(async ({ work, heads }): Promise<Copy[]> => {
      try {
        return [{ work, heads: await write(work, project, entry, { drop: entriesToDrop(heads, entry.head), files }) }]
      } catch (error) {
        tell(work, 'could not be finished', error)
        return []
      }
    }),
  )
  const copies = written.flat()
  if (site.together) await catchUp(copies, site.name, project)
  // What `down --images` has taken away stays away.
  if (isDown || copies.length === 0) return
  const heads = copies.flatMap(copy => copy.heads)
  const kept = imagesKeptByHistory(heads.map(head => ({ head })))
  await site.keepImages(heads.flatMap(({ images }) => images).filter(({ id }) => kept.has(id)))
}

/** How it went on one host, or together. */
function stateOf(host: string, steps: readonly Step[], ends: ReadonlyMap<string, StepEnd>, isInterrupted: boolean) {
  const isBad = steps.some(step => {
    const state = step.host === host && 'work' in step ? ends.get(step.id)?.state : 'done'
    return state !== 'done' && state !== 'already'
  })
  return isBad ? (isInterrupted ? 'interrupted' : 'failed') : 'done'
}

/** The order of such entries is that of their times: a clock that is behind those of others must not put this run before theirs. */
function afterAll(head: HistoryHead, copies: readonly Copy[]): HistoryHead {
  const heads = copies.flatMap(copy => copy.heads.map(known => ({ head: known })))
  const last = mergeEntries(entriesOf(heads, head.together)).at(-1)?.head.time ?? ''
  const next = Date.parse(last) + 1
  return last < head.time || Number.isNaN(next) ? head : { ...head, time: new Date(next).toISOString() }
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
  const sites = sitesOf(plan, name)
  if (sites.length === 0) return undefined
  const number = 1 + Math.max(0, ...plan.works.flatMap(({ state }) => state.history ?? []))
  const time = new Date().toISOString()
  const teller =
    (site: HistorySite): Tell =>
    (work, what, error) =>
      emit({ type: 'warning', host: work?.host.name ?? site.name, text: `the history ${what}: ${messageOf(error)}` })
  const begun = await Promise.all(
    sites.map(async (site): Promise<Open> => {
      const head: HistoryHead = {
        version: 1,
        number,
        time,
        who: whoIs(owner.text),
        reason: owner.reason,
        state: 'begun',
        ...(plan.rollback === undefined ? {} : { rollback: plan.rollback }),
        ...(site.together ? { together: site.name } : {}),
        ...(plan.only === undefined ? {} : { only: [...plan.only] }),
        changes: site.changes,
        images: [],
      }
      const copies = await Promise.all(
        site.works.map(async (work): Promise<Copy[]> => {
          try {
            const heads = await write(work, name, { head }, { drop: [], files: [] })
            return [{ work, heads: heads.filter(one => one.number !== number) }]
          } catch (error) {
            teller(site)(work, 'cannot be written, so that there will be nothing to roll back to', error)
            return []
          }
        }),
      )
      return { site, head: site.together ? afterAll(head, copies.flat()) : head, copies: copies.flat() }
    }),
  )
  return {
    async finish(ends) {
      await Promise.all(
        begun.map(async open => {
          if (open.copies.length === 0) return
          const { site } = open
          const state = stateOf(site.name, plan.steps, ends, signal.aborted)
          await finishOne({ ...open, head: { ...open.head, state } }, name, plan.down === true, teller(site)).catch(
            error => teller(site)(undefined, 'could not be finished', error),
          )
        }),
      )
    },
  }
}
