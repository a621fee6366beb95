// Gives the shipped mounts of a container that is to be created their places on the host.
import { createHash, randomBytes } from 'node:crypto'
import { isLive, shippedHash } from '../../../core/containers/mounts/shipped.js'
import type { ShippedWant } from '../../../core/containers/mounts/shipped-want.js'
import type { ContainerWant, MountWant } from '../../../core/wanted.js'
import type { Job } from '../apply/job.js'
import type { Origin } from '../work.js'
import { MissingFiles, runScript } from './exec.js'
import { liveFolder, placeScript } from './scripts.js'
import { shipFiles } from './ship.js'

/** A mount of something that is brought to the host. */
export type ShippedMount = MountWant & { shipped: ShippedWant }

/** The mounts of a container whose source lies on this machine. */
export const shippedMounts = ({ config }: Pick<ContainerWant, 'config'>): ShippedMount[] =>
  config.mounts.filter((mount): mount is ShippedMount => mount.shipped !== undefined)

/** Those of them that change under the container. */
export const liveMounts = (want: Pick<ContainerWant, 'config'>): ShippedMount[] =>
  shippedMounts(want).filter(({ shipped }) => isLive(shipped))

/** Name of a live copy in its container's folder: the same for the same target. */
const copyName = (target: string): string => createHash('sha256').update(target).digest('hex').slice(0, 16)

/**
 * The container with the absolute paths of its shipped mounts; its live copies are made. Each container has a folder of its own for them,
 * so that one that is replaced keeps what it mounts until it goes. What is not there (any more) is brought. `isPassing`: it will be gone
 * before anything can change under it.
 */
export async function placeFiles(
  job: Job,
  origin: Origin,
  want: ContainerWant,
  isPassing: boolean,
): Promise<ContainerWant> {
  const mounts = shippedMounts(want)
  if (mounts.length === 0) return want
  const folder = `${want.name}-${randomBytes(4).toString('hex')}`
  const pathOf = ({ target }: MountWant): string => `${folder}/${copyName(target)}`
  const hashOf = ({ shipped }: ShippedMount): string => shippedHash(shipped, origin.key)
  const hasCopy = ({ shipped }: ShippedMount): boolean => isLive(shipped) && !isPassing
  const script = placeScript(
    origin.project,
    mounts.map(hashOf),
    mounts.filter(hasCopy).map(mount => ({ path: pathOf(mount), hash: hashOf(mount) })),
  )
  const what = `the files of ${want.name} cannot be laid out`
  const told = await runScript(job, script, what).catch(async (error: unknown) => {
    if (!(error instanceof MissingFiles)) throw error
    for (const { shipped } of mounts) await shipFiles(job, origin, shipped)
    return runScript(job, script, what)
  })
  const base = told.trim().split('\n').at(-1) ?? ''
  const isShipped = (mount: MountWant): mount is ShippedMount => mount.shipped !== undefined
  const placed = (mount: MountWant): MountWant => {
    if (!isShipped(mount)) return mount
    const path = hasCopy(mount) ? `${liveFolder}/${pathOf(mount)}` : `${hashOf(mount)}/content`
    return { ...mount, shipped: { ...mount.shipped, place: `${base}/${path}` } }
  }
  return { ...want, config: { ...want.config, mounts: want.config.mounts.map(placed) } }
}

/** Path of a live copy below the folder of live copies, from where the engine says that it is mounted from; undefined for anything else. */
export const livePath = (project: string, source: string): string | undefined => {
  const [folder, name, ...more] = belowFiles(project, source)?.split('/').slice(1) ?? []
  return belowFiles(project, source)?.startsWith(`${liveFolder}/`) && folder && name && more.length === 0
    ? `${folder}/${name}`
    : undefined
}

/** What of a mount's source comes after the folder of shipped files; undefined where it is not in there. */
export const belowFiles = (project: string, source: string): string | undefined => {
  const folder = `/longshore/${project}/files/`
  const at = source.indexOf(folder)
  return at < 0 ? undefined : source.slice(at + folder.length)
}
