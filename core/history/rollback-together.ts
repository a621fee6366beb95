// What a rollback does on engines that are one: their services as they stood, planned as in every run; who is a member stays as it is.
import { randomBytes } from 'node:crypto'
import { UserError, unreachableError } from '../errors.js'
import type { Host } from '../project.js'
import { isAbsent } from '../provider.js'
import type { ImageState } from '../provider-abilities.js'
import type { SessionContext } from '../run/session.js'
import { tellProblem } from '../together/plan.js'
import { decideTogether, type TogetherSide, take } from '../together/side.js'
import type { ContainerWant, ImageWant, Wanted } from '../wanted.js'
import type { Stand } from './choose.js'
import { containersThen, tellNewer, thingsThen } from './then.js'

/** Where engines that are one go back to. */
export interface TogetherBack {
  number: number
  /** Of the services that are meant, what stood then. */
  stand: Stand
  /** What stands now: others link to what is meant. */
  latest: Stand
  /** What the file wants today on each host, also on those that could not be reached; empty where that is not needed. */
  today: ReadonlyMap<string, Wanted>
  /** All services of that time are meant. */
  isAll: boolean
}

/** Whether a service of that time may be put there today: one that ran everywhere runs on hosts that have come since, too. */
const runsOn = ({ name, engine }: Host, { spread }: ContainerWant): boolean =>
  spread?.everywhere ? engine.membership?.role !== 'none' : (spread?.hosts.includes(name) ?? false)

/** Only managers remember what services were: without one of them nobody can say that there is no history. */
export function needManager({ together, sides, scope }: TogetherSide): void {
  if (together.history === undefined) return
  if (sides.some(({ work }) => work.host.engine.membership?.role === 'manager')) return
  throw unreachableError(scope.name, 'no manager of it was reached, and only managers keep its history', {
    hint: 'widen --on to take one in, or bring one back',
  })
}

/** Tells what is not known of that time, and refuses what can run nowhere today. */
function checkStand(side: TogetherSide, stand: Stand, number: number, { emit }: SessionContext): void {
  const host = side.scope.name
  for (const [service, { containers, images }] of stand.services) {
    const [want] = containers
    if (want === undefined) continue
    if (side.hosts.every(one => !runsOn(one, want)))
      throw new UserError(
        `at entry ${number} ${service} ran on ${want.spread?.hosts.join(', ')} alone, and no such host is in the file today`,
        {
          where: host,
          hint: 'bring one back into the file, go back to another entry, or name the other services alone',
        },
      )
    if (images.length > 0) continue
    const text = `entry ${number} does not know which image ${service} was made from: ${want.config.image} as it is today is used`
    emit({ type: 'warning', host, text })
  }
}

interface Node {
  name: string
  host: Host
  images: readonly ImageState[]
}

/**
 * What nodes lack of the images of that time, as they receive it from another node: none of them pulls what has no digest. A UserError,
 * before anything is done, where no node has it any more.
 */
async function imagesToBring(side: TogetherSide, stand: Stand, number: number): Promise<Map<string, ImageWant[]>> {
  const found = await Promise.all(
    side.sides.map(async ({ provider, opened, work: { host }, scope: { name } }): Promise<Node[]> => {
      if (opened === undefined || isAbsent(opened) || provider.images === undefined) return []
      return [{ name, host, images: await provider.images(opened) }]
    }),
  )
  const nodes = found.flat()
  const brought = new Map<string, ImageWant[]>()
  for (const [service, { containers, images }] of stand.services) {
    const [first] = images
    const [want] = containers
    // By its digest each node pulls what it lacks.
    if (first === undefined || want === undefined || first.digest !== undefined) continue
    const isIt = ({ id }: ImageState): boolean => images.some(image => image.id === id)
    const lacking = nodes.filter(({ host, images: own }) => runsOn(host, want) && !own.some(isIt))
    const having = nodes.filter(({ images: own }) => own.some(isIt))
    if (lacking.length === 0) continue
    const isFree = (name: string): boolean => lacking.every(node => node.images.every(image => image.name !== name))
    // A name that leads elsewhere on a node that lacks it is not taken away from what it leads to.
    const [source] = having.flatMap(({ name, images: own }) =>
      own
        .filter(image => isIt(image) && image.name !== '' && isFree(image.name))
        .map(image => ({ host: name, ref: image.name })),
    )
    if (source === undefined)
      throw new UserError(
        `entry ${number} needs ${first.ref} (${first.id.slice(7, 19)}) of ${service}, and that is gone from ${lacking.map(({ name }) => name).join(', ')}`,
        { where: side.scope.name, hint: 'go back to another entry, or let the file make it anew: longshore up' },
      )
    const others = lacking.length - 1
    for (const { name } of lacking) {
      const own = brought.get(name) ?? []
      if (own.every(({ ref }) => ref !== source.ref))
        brought.set(name, [...own, { ...source, from: 'host', others, at: want.at }])
    }
  }
  return brought
}

/** Sets what is wanted on each of its hosts. A problem becomes the side's. */
export async function wantBack(side: TogetherSide, context: SessionContext, back: TogetherBack): Promise<void> {
  const { project } = context
  const { stand, latest, number } = back
  const today = side.hosts.flatMap(({ name }) => back.today.get(name)?.containers ?? [])
  for (const own of side.sides) delete own.wanted
  if (stand.services.size === 0 || side.problem !== undefined) return
  const { history } = side.together
  try {
    checkStand(side, stand, number, context)
    const brought = await imagesToBring(side, stand, number)
    const containers = containersThen(stand, {
      context,
      number,
      name: side.scope.name,
      key: history?.key(side.seen),
      today,
      isHeld: (want, { target }) => history?.holds(side.seen, project.name, want, target) ?? false,
    })
    // Of the others only the links are looked at, which hold no secret.
    const others = [...latest.services].flatMap(([name, stood]) => (stand.services.has(name) ? [] : stood.containers))
    const byHost = new Map<string, Wanted>()
    for (const host of side.hosts) {
      const { name } = host
      const own = side.sides.find(one => one.scope.name === name)
      const here = containers.filter(want => runsOn(host, want))
      const { key = randomBytes(32), shipped } = own?.work.state ?? {}
      const wanted: Wanted = {
        project: project.name,
        key,
        images: brought.get(name) ?? [],
        ...thingsThen(stand, here),
        containers: here,
        ...(shipped === undefined ? {} : { shipped }),
      }
      if (own !== undefined && here.length > 0) {
        own.wanted = wanted
        own.keyless = false
      }
      byHost.set(name, { ...wanted, containers: [...here, ...others.filter(want => runsOn(host, want))] })
    }
    side.byHost = byHost
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    side.problem = error
  }
}

/** Plans it, once each of its hosts has been looked at. What it has besides is left alone. */
export function planBack(side: TogetherSide, context: SessionContext, { number, stand, isAll }: TogetherBack): void {
  const { byHost } = side
  if (byHost !== undefined && side.problem === undefined) {
    const all: SessionContext = { ...context, extent: 'all', prune: false }
    decideTogether(side, all, { byHost, containers: true, only: [...stand.services.keys()] })
    const { planned } = side
    if (planned !== undefined) {
      const host = side.scope.name
      if (isAll) tellNewer(host, planned.orphans, number, context)
      for (const text of planned.warnings) context.emit({ type: 'warning', text, host })
      const steps = planned.steps
        .filter(({ verb }) => verb !== 'remove')
        .map(step => ({ ...step, cause: `rollback to ${number}: ${step.cause}` }))
      take(side, { ...planned, steps, orphans: [] })
    }
  }
  tellProblem(side, context)
}
