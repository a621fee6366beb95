// What a rollback does: what is wanted comes from entries of the history in place of the file; the rest is the road of every run.
import { withEngines } from '../container-hosts/place.js'
import { type At, likeError, UserError, usageError } from '../errors.js'
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
import { Secret } from '../secret.js'
import type { ContainerWant, Wanted } from '../wanted.js'
import { chooseEntry, type HostHistory, type RollbackWish, type Stand, standAt } from './choose.js'
import { mountsFiles, withFiles } from './files.js'
import { restore } from './keep.js'
import { wholeEntriesOn } from './read.js'

/** Finds secrets that the file knows by name, or at the place where they stood: those that Compose files bring have no other name. */
function secretFinder({ project }: SessionContext, at: At, today: () => ContainerWant | undefined) {
  return (name: string, path: readonly (string | number)[]): Secret | undefined => {
    if (project.secrets.names.includes(name)) return project.secrets.get(name, at)
    let place: unknown = today()
    for (const key of path) place = (place as Record<string | number, unknown> | null | undefined)?.[key]
    return place instanceof Secret ? place : undefined
  }
}

/** True where what the file wants today must be known: for secrets that can be found by their places alone, and for files. */
const needsToday = (stand: Stand, names: readonly string[]): boolean => {
  const all = [...stand.services.values()].flatMap(({ containers }) => containers)
  if (all.some(mountsFiles)) return true
  const texts = JSON.stringify(all)
  return [...texts.matchAll(/"longshore\.secret":("(?:[^"\\]|\\.)*")/g)].some(
    ([, name = '""']) => !names.includes(JSON.parse(name) as string),
  )
}

/** What is wanted on a host: the services as they stood. */
function wantedFrom(side: EngineSide, stand: Stand, context: SessionContext, number: number): Wanted {
  const { project, emit } = context
  const host = side.scope.name
  const key = side.work.state.key
  if (key === undefined) throw new UserError('its key is gone, with which entries are read', { where: host })
  const today = side.wanted
  const told = new Set<string>()
  const containers = [...stand.services.values()].flatMap(({ containers: own, images }) =>
    own.map((container): ContainerWant => {
      const at = project.services.find(({ name }) => name === container.service)?.raw.at ?? container.at
      const restored = restore(container, {
        key,
        secret: secretFinder(context, at, () => today?.containers.find(({ name }) => name === container.name)),
        changed: name => told.add(name),
      })
      const imageId = images.find(image => image.container === container.name)?.id
      const whole = withFiles(restored, today?.containers ?? [], side.work.state.shipped)
      return { ...whole, at, ...(imageId === undefined ? {} : { imageId }) }
    }),
  )
  for (const name of told)
    emit({ type: 'warning', host, text: `the secret ${name} is another one than at entry ${number}: today's is used` })
  const networks = new Set(containers.flatMap(({ config }) => config.networks.map(({ name }) => name)))
  const volumes = new Set(containers.flatMap(({ config }) => config.mounts.flatMap(({ source }) => source ?? [])))
  return {
    project: project.name,
    key,
    images: [],
    networks: stand.networks.filter(({ name }) => networks.has(name)),
    volumes: stand.volumes.filter(({ name }) => volumes.has(name)),
    containers,
    dealt: [...stand.services.keys()],
    ...(side.work.state.shipped === undefined ? {} : { shipped: side.work.state.shipped }),
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

/** What runs now and was not there then stays: nobody loses a service by going back in another. */
function tellNewer(side: EngineSide, orphans: readonly string[], number: number, { emit }: SessionContext): void {
  const newer = orphans.filter(thing => thing.startsWith('container '))
  if (newer.length > 0)
    emit({
      type: 'note',
      host: side.scope.name,
      text: `not there at entry ${number}, and left alone: ${newer.map(thing => thing.slice(10)).join(', ')}`,
    })
}

/** The steps that bring services back to how they stood at an entry. Touches nothing. */
export async function observeRollback(
  context: SessionContext,
  works: HostWork[],
  wish: RollbackWish,
): Promise<RunPlan> {
  const { project, signal, emit } = context
  works.push(
    ...withEngines(context.hosts).map(
      (host): HostWork => ({ host, runs: [], state: { serial: '', pending: [] }, dirty: false }),
    ),
  )
  const sides = await reachHosts(context, works)
  const histories = await mapLimited(sides, context.forks, async ({ work, scope }): Promise<HostHistory> => {
    const { connection, state } = work
    const isThere = connection !== undefined && (state.history?.length ?? 0) > 0
    return { host: scope.name, entries: isThere ? await wholeEntriesOn(connection, project.name, signal) : [] }
  })
  const number = chooseEntry(histories, wish)
  checkNames(histories, wish, number)
  const stands = new Map(histories.map(({ host, entries }) => [host, only(standAt(entries, number), wish.services)]))
  if ([...stands.values()].some(stand => needsToday(stand, project.secrets.names)))
    await wantEngines(context, works, sides)
  // Half of a project gone back would be worse than none.
  await mapLimited(sides, context.forks, side => checkImages(side, stands.get(side.scope.name), number))
  const hostSteps = await mapLimited(sides, context.forks, async side => {
    const host = side.scope.name
    const stand = stands.get(host)
    const nothing = { host, before: [], engine: [], after: [] }
    try {
      if (stand === undefined || stand.services.size === 0) {
        delete side.wanted
        return nothing
      }
      if (side.opened === undefined || isAbsent(side.opened))
        throw new UserError(side.opened?.text ?? 'its engine does not answer', { where: host })
      side.wanted = wantedFrom(side, stand, context, number)
      side.keyless = false
      const planned = await planEngine(side, context.files, { prune: false }, signal)
      if (wish.services.length === 0) tellNewer(side, planned.orphans, number, context)
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
  const wanted = new Map(sides.flatMap(({ scope, wanted: want }) => (want === undefined ? [] : [[scope.name, want]])))
  const broken = new Set(works.flatMap(work => (work.problem ? [work.host.name] : [])))
  const unchangedByHost = new Map(sides.map(({ scope, planned }) => [scope.name, planned?.unchanged ?? 0]))
  return {
    works,
    sides,
    steps: joinSteps(hostSteps, wanted, broken),
    silent: [],
    gates: [],
    unchanged: [...unchangedByHost.values()].reduce((sum, count) => sum + count, 0),
    unchangedByHost,
    orphans: [],
    only: [...new Set([...stands.values()].flatMap(({ services }) => [...services.keys()]))],
    rollback: number,
  }
}
