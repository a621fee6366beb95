// Files of this machine that containers mounted at an entry of the history: which of them a host keeps, and where they come from later.
import { shippedHash } from '../containers/mounts/shipped.js'
import type { ShippedWant } from '../containers/mounts/shipped-want.js'
import { UserError } from '../errors.js'
import type { ContainerWant, MountWant } from '../wanted.js'
import type { HistoryShare } from './entry.js'

/** True for what can be made anew from the entry itself. */
const isInEntry = ({ from }: ShippedWant): boolean => 'content' in from

/** Names, below the host's folder of shipped files, of those that a rollback needs to find there. */
export const filesToKeep = ({ containers }: Pick<HistoryShare, 'containers'>, key: Uint8Array): string[] => [
  ...new Set(
    containers
      .flatMap(({ config }) => config.mounts)
      .flatMap(({ shipped }) =>
        shipped === undefined || isInEntry(shipped) || shipped.secret ? [] : [shippedHash(shipped, key)],
      ),
  ),
]

/** True where some mount is of today, or has to be held against those of today. */
export const mountsFiles = ({ config }: ContainerWant): boolean =>
  config.mounts.some(({ shipped }) => shipped !== undefined)

/**
 * The container with the files of that time where they are still held there, or this machine still has them; secrets are those of today.
 * A UserError for a file that is gone.
 */
export function withFiles(
  container: ContainerWant,
  today: readonly ContainerWant[],
  isHeld: (mount: MountWant) => boolean,
): ContainerWant {
  const mounts = container.config.mounts.map(mount => {
    const { shipped, target } = mount
    if (shipped === undefined) return mount
    const sameService = today.filter(({ service }) => service === container.service)
    const now = sameService
      .flatMap(({ config }) => config.mounts)
      .find(other => other.target === target && other.shipped !== undefined)?.shipped
    if (shipped.secret) {
      if (now !== undefined) return { ...mount, shipped: now }
      throw new UserError(`${container.name} needs ${shipped.thing} at ${target}, and the file names it no more`, {
        hint: 'go back to another entry, or mount it in the file again',
      })
    }
    const isThere = isHeld(mount) || now?.sum === shipped.sum || isInEntry(shipped)
    if (isThere) return mount
    throw new UserError(`${container.name} needs ${shipped.thing} as it was then, and it is not held there any more`, {
      hint: 'go back to another entry, or bring the file back as it was and run `longshore up`',
    })
  })
  return { ...container, config: { ...container.config, mounts } }
}
