// What a rollback does: what is wanted comes from entries of the history in place of the file; the rest is the road of every run.
import { withEngines } from '../container-hosts/place.js'
import { likeError, UserError, usageError } from '../errors.js'
import { suggestion } from '../language/index.js'
import { joinSteps } from '../plan/graph.js'
import { planHost } from '../plan/host-steps.js'
import type { HostWork } from '../plan/host-work.js'
import { isAbsent } from '../provider.js'
import { type EngineSide, planEngine } from '../run/engine-side.js'
import { readRest } from '../run/observe.js'
import { addPortRules } from '../run/port-rules.js'
import { failed, reachHosts } from '../run/reach.js'
import type { RunPlan, SessionContext } from '../run/session.js'
import { wantEngines } from '../run/want-engines.js'
import { mapLimited } from '../run/workers.js'
import { joinTogether } from '../together/join.js'
import { unchangedTogether } from '../together/plan.js'
import { lookTogether, type TogetherSide, togetherSides } from '../together/side.js'
import type { Wanted } from '../wanted.js'
import { chooseEntry, type HostHistory, type RollbackWish, type Stand, standAt } from './choose.js'
import type { HistoryEntry } from './entry.js'
import { entriesOf, mergeEntries } from './merge.js'
import { wholeEntriesOn } from './read.js'
import { needManager, planBack, type TogetherBack, wantBack } from './rollback-together.js'
import { containersThen, needsToday, tellNewer, thingsThen } from './then.js'

/** What is wanted on a host: the services as they stood. */
function wantedFrom(side: EngineSide, stand: Stand, context: SessionContext, number: number): Wanted {
  const { scope, work, wanted: today } = side
  const { key, shipped } = work.state
  if (key === undefined) throw new UserError('its key is gone, with which entries are read', { where: scope.name })
  const containers = containersThen(stand, {
    context,
    number,
    name: scope.name,
    key,
    today: today?.containers ?? [],
    isHeld: (_want, mount) => mount.shipped !== undefined && (shipped?.held.includes(mount.shipped.sum) ?? false),
  })
  return {
    project: context.project.name,
    key,
    images: [],
    ...thingsThen(stand, containers),
    containers,
    dealt: [...stand.services.keys()],
    ...(shipped === undefined ? {} : { shipped }),
  }
}

/** Refuses, before anything is done, what cannot be had any more: images that a clean-up has taken. */
async function checkImages(side: EngineSide, stand: Stand | undefined, number: number): Promise<void> {
  const { opened, provider, scope } = side
  if (stand === undefined || stand.services.size === 0 || provider.images === undefined) return
  if (opened === undefined || isAbsent(opened)) return
  const there = new Set((await provider.images(opened)).map(({ id }) => id))
  const missing = [...stand.services.values()].flatMap(({ images }) => images).filter(({ id }) => !there.has(id))
  const [first] = missing
  if (first === undefined) return
  const names = [...new Set(missing.map(({ ref, id, service }) => `${ref} (${id.slice(7, 19)}) of ${service}`))]
  throw new UserError(`entry ${number} needs ${names.join(', ')}, and that is gone from the host`, {
    where: scope.name,
    hint:
      first.digest === undefined
        ? 'go back to another entry, or let the file make it anew: longshore up'
        : `bring it back: longshore sh ${scope.name} -- docker pull ${first.digest}`,
  })
}

/** Tells services by names that nobody has. */
function checkNames(histories: readonly HostHistory[], { services }: RollbackWish, number: number): void {
  const known = new Set(histories.flatMap(({ entries }) => [...standAt(entries, number).services.keys()]))
  for (const name of services)
    if (!known.has(name))
      throw usageError(`entry ${number} knows no service "${name}"${suggestion(name, known)}`, {
        hint: '`longshore history` lists the entries',
      })
}

const only = (stand: Stand, services: readonly string[]): Stand => ({
  ...stand,
  services: new Map([...stand.services].filter(([name]) => services.length === 0 || services.includes(name))),
})

const nothingThen: Stand = { services: new Map(), networks: [], volumes: [] }

/** The histories of engines that stand alone, each by its host, and of those that are one, by what they are called together. */
async function readHistories(
  { project, signal, forks }: SessionContext,
  sides: readonly EngineSide[],
  together: readonly TogetherSide[],
): Promise<HostHistory[]> {
  const copies = await mapLimited(sides, forks, async side => {
    const { connection, state } = side.work
    const isThere = connection !== undefined && (state.history?.length ?? 0) > 0
    return { side, entries: isThere ? await wholeEntriesOn(connection, project.name, signal) : [] }
  })
  const alone = copies
    .filter(({ side }) => side.provider.together === undefined)
    .map(({ side, entries }) => ({ host: side.scope.name, entries: entriesOf(entries) }))
  const joined = together.map(({ sides: own, scope: { name } }) => {
    const found: HistoryEntry[] = copies.flatMap(({ side, entries }) => (own.includes(side) ? entries : []))
    return { host: name, entries: mergeEntries(entriesOf(found, name)) }
  })
  return [...alone, ...joined]
}

const planOf = (works: HostWork[], sides: EngineSide[]): RunPlan => ({
  works,
  sides,
  steps: [],
  silent: [],
  gates: [],
  unchanged: 0,
  unchangedByHost: new Map(),
  orphans: [],
})

/** The steps that bring services back to how they stood at an entry. Touches nothing. */
export async function observeRollback(
  context: SessionContext,
  works: HostWork[],
  wish: RollbackWish,
): Promise<RunPlan> {
  const { project, signal, emit, forks } = context
  works.push(
    ...withEngines(context.hosts).map(
      (host): HostWork => ({ host, runs: [], state: { serial: '', pending: [] }, dirty: false }),
    ),
  )
  const sides = await reachHosts(context, works)
  // Nobody can say that there is no history.
  if (sides.length === 0) return planOf(works, sides)
  const together = togetherSides(context, works, sides)
  const alone = sides.filter(({ provider }) => provider.together === undefined)
  together.forEach(needManager)
  const histories = await readHistories(context, sides, together)
  const number = chooseEntry(histories, wish)
  checkNames(histories, wish, number)
  const stands = new Map(histories.map(({ host, entries }) => [host, only(standAt(entries, number), wish.services)]))
  const isTodayNeeded = [...stands.values()].some(stand => needsToday(stand, project.secrets.names))
  const today = isTodayNeeded ? await wantEngines(context, works, sides) : new Map<string, Wanted>()
  // Half of a project gone back would be worse than none.
  await mapLimited(alone, forks, side => checkImages(side, stands.get(side.scope.name), number))
  const backs = together.map((side): [TogetherSide, TogetherBack] => {
    const entries = histories.find(({ host }) => host === side.scope.name)?.entries ?? []
    const latest = standAt(entries, entries.at(-1)?.head.number ?? 0)
    const isAll = wish.services.length === 0
    return [side, { number, stand: stands.get(side.scope.name) ?? nothingThen, latest, today, isAll }]
  })
  for (const [side, back] of backs) {
    await lookTogether(side, context, new Map())
    await wantBack(side, context, back)
  }
  const hostSteps = await mapLimited(sides, forks, async side => {
    const host = side.scope.name
    const stand = stands.get(host)
    const nothing = { host, before: [], engine: [], after: [] }
    try {
      if (alone.includes(side)) {
        if (stand === undefined || stand.services.size === 0) delete side.wanted
        else side.wanted = wantedFrom(side, stand, context, number)
      }
      if (side.wanted === undefined) return nothing
      if (side.opened === undefined || isAbsent(side.opened))
        throw new UserError(side.opened?.text ?? 'its engine does not answer', { where: host })
      side.keyless = false
      const planned = await planEngine(side, context.files, { prune: false }, signal)
      if (wish.services.length === 0) tellNewer(host, planned.orphans, number, context)
      const steps = planned.steps.map(step => ({ ...step, cause: `rollback to ${number}: ${step.cause}` }))
      side.planned = { ...planned, steps, orphans: [] }
      for (const text of planned.warnings) emit({ type: 'warning', text, host })
      await addPortRules(side.work, side.wanted, context, false)
      if (side.work.runs.length > 0) await readRest(side.work, works, context)
      const tasks = planHost(side.work)
      return { host, before: tasks.before, engine: steps, after: tasks.after }
    } catch (error) {
      failed(side.work, error instanceof UserError ? likeError(error, { where: error.where ?? host }) : error, context)
      return nothing
    }
  })
  for (const [side, back] of backs) planBack(side, context, back)
  const wanted = new Map(sides.flatMap(({ scope, wanted: want }) => (want === undefined ? [] : [[scope.name, want]])))
  const broken = new Set(works.flatMap(work => (work.problem ? [work.host.name] : [])))
  const unchangedByHost = new Map(sides.map(({ scope, planned }) => [scope.name, planned?.unchanged ?? 0]))
  return {
    ...planOf(works, sides),
    together,
    steps: joinTogether(joinSteps(hostSteps, wanted, broken), hostSteps, together),
    unchanged: [...unchangedByHost.values()].reduce((sum, count) => sum + count, unchangedTogether(together)),
    unchangedByHost,
    only: [...new Set([...stands.values()].flatMap(({ services }) => [...services.keys()]))],
    rollback: number,
  }
}
