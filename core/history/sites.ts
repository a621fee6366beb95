// Whose history it is: an engine that stands alone keeps its own, engines that are one keep one on each of their managers.
import { hasShell } from '../engine-alone/address.js'
import { cleanLine } from '../events.js'
import type { HostWork } from '../plan/host-work.js'
import { isAbsent } from '../provider.js'
import type { EngineSide } from '../run/engine-side.js'
import { interruptible } from '../run/interruptible.js'
import type { RunPlan } from '../run/session.js'
import type { Step } from '../step.js'
import { allOnce } from '../together/services.js'
import { membersOf, type TogetherSide } from '../together/side.js'
import type { HistoryChange, HistoryImage, HistoryShare } from './entry.js'

/** Milliseconds that an engine has for what is asked and done when a run has ended. */
const patience = 15_000

/** What one history is about, and the hosts that keep it. */
export interface HistorySite {
  /** The host of its steps. */
  name: string
  /** Engines that are one. */
  together: boolean
  works: readonly HostWork[]
  changes: HistoryChange[]
  /** What was wanted there; undefined where nothing was. */
  share(): HistoryShare | undefined
  /** What it came to: asked when the run has ended well. */
  ended(): Promise<{ key: Uint8Array; images: HistoryImage[] }>
  /** Keeps these images for a rollback, and those alone. */
  keepImages(kept: readonly HistoryImage[]): Promise<void>
}

const isContainer = (step: Step): boolean => 'work' in step && step.thing.startsWith('container ')

const nameIn = ({ thing }: Step): string => thing.slice(thing.indexOf(' ') + 1)

/** The service of a container, also of one that is not wanted any more. */
function serviceOf(side: EngineSide, project: string, container: string): string {
  const wanted = side.wanted?.containers.find(({ name }) => name === container)
  if (wanted) return wanted.service
  return container.startsWith(`${project}-`) ? container.slice(project.length + 1).replace(/-\d+$/, '') : container
}

const longestCause = 200

const changeOf = (step: Step, service: string): HistoryChange => ({
  service,
  container: nameIn(step),
  verb: step.verb,
  cause: cleanLine(step.cause, longestCause),
})

/** Its files are the host's, and a shell's to write: without one there is no place for them. */
const canKeep = ({ connection, host, locked, keeper }: HostWork): boolean =>
  connection !== undefined && hasShell(host) && locked === true && keeper === undefined

const withDigest = (digest: string | undefined): { digest?: string } => (digest === undefined ? {} : { digest })

/** What is known in the end of what the containers of a host were made from. */
async function imagesOf({ provider, opened, wanted }: EngineSide, project: string): Promise<HistoryImage[]> {
  if (opened === undefined || isAbsent(opened) || provider.imagesInUse === undefined) return []
  const used = await provider.imagesInUse(opened, project)
  return (wanted?.containers ?? []).flatMap(({ name, service, config }) => {
    const found = used.find(({ container }) => container === name)
    if (found === undefined) return []
    return [{ container: name, service, ref: config.image, id: found.id, ...withDigest(found.digest) }]
  })
}

async function keepOn({ provider, opened }: EngineSide, project: string, kept: readonly HistoryImage[]): Promise<void> {
  if (opened === undefined || isAbsent(opened) || provider.keepImages === undefined) return
  await provider.keepImages(opened, project, kept)
}

const siteAlone = (side: EngineSide, project: string, steps: readonly Step[]): HistorySite => ({
  name: side.scope.name,
  together: false,
  works: [side.work],
  changes: steps.map(step => changeOf(step, serviceOf(side, project, nameIn(step)))),
  share: () => side.wanted,
  ended: async () => ({ key: side.wanted?.key ?? new Uint8Array(), images: await imagesOf(side, project) }),
  keepImages: kept => keepOn(side, project, kept),
})

async function endedTogether(
  side: TogetherSide,
  project: string,
): Promise<{ key: Uint8Array; images: HistoryImage[] }> {
  const { together, scope, byHost = new Map() } = side
  if (together.history === undefined) return { key: new Uint8Array(), images: [] }
  const { key, images } = await together.history.inUse(scope, membersOf(side), project, AbortSignal.timeout(patience))
  return {
    key,
    images: allOnce(byHost).containers.flatMap(({ name, service, config }) =>
      images
        .filter(image => image.service === service)
        .map(({ id, digest }) => ({ container: name, service, ref: config.image, id, ...withDigest(digest) })),
    ),
  }
}

const siteTogether = (side: TogetherSide, project: string, steps: readonly Step[]): HistorySite => ({
  name: side.scope.name,
  together: true,
  // What a service is made of is no worker's to know.
  works: side.sides.flatMap(({ work }) => (work.host.engine.membership?.role === 'manager' ? [work] : [])),
  changes: steps.map(step => changeOf(step, nameIn(step))),
  share: () => (side.byHost === undefined ? undefined : allOnce(side.byHost)),
  ended: () => endedTogether(side, project),
  async keepImages(kept) {
    // A node that is gone by now keeps nothing.
    await Promise.allSettled(
      side.sides.map(own => interruptible(keepOn(own, project, kept), AbortSignal.timeout(patience))),
    )
  },
})

/** Those whose containers or services the plan changes, with the hosts of theirs that can keep a history. */
export function sitesOf({ sides, together = [], steps, down }: RunPlan, project: string): HistorySite[] {
  const alone = sides
    .filter(({ provider, wanted }) => provider.together === undefined && (wanted !== undefined || down === true))
    .map(side => ({ side, own: steps.filter(step => isContainer(step) && step.host === side.scope.name) }))
    .filter(({ own }) => own.length > 0)
    .map(({ side, own }) => siteAlone(side, project, own))
  const joined = together
    .filter(side => side.together.history !== undefined && (side.byHost !== undefined || down === true))
    .map(side => ({ side, own: steps.filter(({ id, thing }) => side.ids.has(id) && thing.startsWith('service ')) }))
    .filter(({ own }) => own.length > 0)
    .map(({ side, own }) => siteTogether(side, project, own))
  return [...alone, ...joined]
    .map(site => ({ ...site, works: site.works.filter(canKeep) }))
    .filter(({ works }) => works.length > 0)
}
