// Which images a prune must leave alone: an engine that stands alone knows it itself, of engines that are one their managers do.
import { hasShell } from '../engine-alone/address.js'
import { unreachableError } from '../errors.js'
import type { HostWork } from '../plan/host-work.js'
import type { AnyProvider } from '../provider.js'
import { workApart } from '../run/apart.js'
import type { EngineSide } from '../run/engine-side.js'
import { reachHosts } from '../run/reach.js'
import type { SessionContext } from '../run/session.js'
import { mapLimited } from '../run/workers.js'
import { type HistoryEntry, imagesKeptByHistory } from './entry.js'
import { entriesOn } from './read.js'

const isManager = ({ host }: HostWork): boolean => host.engine.membership?.role === 'manager'

/** True for engines whose history is not the host's own. */
const isTogether = ({ together }: AnyProvider): boolean => together?.history !== undefined

/**
 * Reaches the managers outside of `--on` of engines of which none inside was reached; they are in `works` from then on, to be read only.
 * Gives what is to be closed with the other engines.
 */
export async function reachManagers(
  context: SessionContext,
  works: HostWork[],
  sides: readonly EngineSide[],
): Promise<EngineSide[]> {
  const lacking = sides
    .map(({ provider }) => provider)
    .filter(isTogether)
    .filter(provider => !sides.some(side => side.provider === provider && isManager(side.work)))
  const apart = context.project.hosts
    .filter(host => works.every(work => work.host !== host))
    .filter(({ engine }) => lacking.some(({ name }) => name === engine.provider))
    .map(workApart)
    .filter(isManager)
  works.push(...apart)
  const reached = await reachHosts(context, apart)
  // The nodes that needed one tell the trouble where none answers.
  for (const work of apart) delete work.problem
  return reached
}

/**
 * Finds, for an engine, the ids and digests of images that a rollback may need. `sides` are all that were reached, with managers outside.
 * A UserError (exit 4) where only managers know it, and none was reached.
 */
export function keptImages(
  { project, signal, forks }: SessionContext,
  sides: readonly EngineSide[],
): (side: EngineSide) => Promise<Set<string>> {
  const entriesFor = async ({ connection, host }: HostWork): Promise<HistoryEntry[]> =>
    connection === undefined || !hasShell(host) ? [] : entriesOn(connection, project.name, signal)
  const keptBy = async (works: readonly HostWork[]): Promise<Set<string>> =>
    imagesKeptByHistory((await mapLimited(works, forks, entriesFor)).flat())
  const known = new Map<AnyProvider, Promise<Set<string>>>()
  return ({ provider, work }) => {
    if (!isTogether(provider)) return keptBy([work])
    const managers = sides.filter(one => one.provider === provider && isManager(one.work))
    if (managers.length === 0)
      throw unreachableError(
        work.host.name,
        'which of its images a rollback may need is known to the managers alone, and none of them was reached',
        { hint: 'bring a manager back, and try again' },
      )
    const kept = known.get(provider) ?? keptBy(managers.map(side => side.work))
    known.set(provider, kept)
    return kept
  }
}
