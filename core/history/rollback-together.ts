// What a rollback does on engines that are one: their services as they stood, planned as in every run; who is a member stays as it is.
import { randomBytes } from 'node:crypto'
import { UserError } from '../errors.js'
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
  /** All services of that time are meant. */
  isAll: boolean
}

const runsOn = (host: string, { spread }: ContainerWant): boolean => spread?.hosts.includes(host) ?? false

interface Node {
  name: string
  images: readonly ImageState[]
}

/**
 * What nodes lack of the images of that time, as they receive it from another node: none of them pulls what has no digest. A UserError,
 * before anything is done, where no node has it any more.
 */
async function imagesToBring(side: TogetherSide, stand: Stand, number: number): Promise<Map<string, ImageWant[]>> {
  const found = await Promise.all(
    side.sides.map(async ({ provider, opened, scope: { name } }): Promise<Node[]> => {
      if (opened === undefined || isAbsent(opened) || provider.images === undefined) return []
      return [{ name, images: await provider.images(opened) }]
    }),
  )
  const nodes = found.flat()
  const brought = new Map<string, ImageWant[]>()
  for (const [service, { containers, images }] of stand.services) {
    const [first] = images
    const [want] = containers
    if (first === undefined || want === undefined) continue
    const isIt = ({ id }: ImageState): boolean => images.some(image => image.id === id)
    const lacking = nodes.filter(({ name, images: own }) => runsOn(name, want) && !own.some(isIt))
    const having = nodes.filter(({ images: own }) => own.some(isIt))
    if (lacking.length === 0 || (having.length > 0 && first.digest !== undefined)) continue
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
        {
          where: side.scope.name,
          hint:
            first.digest === undefined
              ? 'go back to another entry, or let the file make it anew: longshore up'
              : `bring it back: longshore sh ${lacking[0]?.name} -- docker pull ${first.digest}`,
        },
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
  const today = side.sides.flatMap(({ wanted }) => wanted?.containers ?? [])
  for (const own of side.sides) delete own.wanted
  if (stand.services.size === 0 || side.problem !== undefined) return
  const { history } = side.together
  try {
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
    for (const { name: host } of side.hosts) {
      const own = side.sides.find(one => one.scope.name === host)
      const here = containers.filter(want => runsOn(host, want))
      const { key = randomBytes(32), shipped } = own?.work.state ?? {}
      const wanted: Wanted = {
        project: project.name,
        key,
        images: brought.get(host) ?? [],
        ...thingsThen(stand, here),
        containers: here,
        ...(shipped === undefined ? {} : { shipped }),
      }
      if (own !== undefined && here.length > 0) {
        own.wanted = wanted
        own.keyless = false
      }
      byHost.set(host, { ...wanted, containers: [...here, ...others.filter(want => runsOn(host, want))] })
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
