// What a service mounts on a host: names of volumes on the engine, and absolute paths of the host.
import { hasShell, isHere } from '../../engine-alone/address.js'
import type { At } from '../../errors.js'
import type { Host } from '../../project.js'
import type { MountWant } from '../../wanted.js'
import type { Read } from '../read.js'
import { pathHere, type Run, warn } from '../run.js'
import type { MountEntry } from '../schema/mounts.js'
import type { Service } from '../schema/service.js'
import { shippedOf } from './ship.js'
import type { ShippedWant } from './shipped-want.js'

type Bind = Extract<MountEntry, { from: 'bind' }>

/** Where a bind's source lies: the folder of the service, and the place in the file. */
interface From {
  folder: string
  isComposed: boolean
  at: At
}

/** The path of a bind mount whose source the host has; a mistake is noted where this machine does not have it. */
async function pathOf(run: Run, name: string, mount: Bind, from: From): Promise<string> {
  if (!mount.relative) return mount.source
  const path = pathHere(run, mount.source, from.folder)
  // A Compose file may name a folder that is made when it is first mounted.
  const isMade = from.isComposed && mount.settings?.create !== false
  if (!isMade && !(await run.context.files.exists(path)))
    run.mistakes.add(`${name}: there is no ${path} to mount`, from.at)
  return path
}

/** True where the host does not have the source, or where a change of it has to be seen: it is brought there. */
const isShipped = (mount: Bind, host: Host): boolean =>
  mount.relative && (mount.onChange !== undefined || !isHere(host))

/** What is said of a bind whose source is brought to a host; `refused` where that cannot be mounted as the file asks. */
function toldOf(name: string, host: Host, mount: Bind): { text: string; refused: boolean } | undefined {
  const brought = `${name}: ${mount.source} lies on this machine and is brought to ${host.name}`
  const ways = 'say `:ro`; for what the container writes use a volume, or an absolute path of the host'
  if (mount.writable) return { text: `${brought}: it cannot be mounted writable there; ${ways}`, refused: true }
  return mount.readOnly ? undefined : { text: `${brought}, where it is mounted read-only; ${ways}`, refused: false }
}

/**
 * What can be said of a service's relative bind mounts before any host is asked: those that a host would have as a copy that containers
 * cannot write to. Sources with templates are left to the plan.
 */
export function foretellMounts(
  { name, raw, value }: Read<Service>,
  hosts: readonly Host[],
  { mistake, warn }: Record<'mistake' | 'warn', (text: string, at: At) => void>,
): void {
  for (const [index, mount] of (value.volumes ?? []).entries()) {
    if (mount.from !== 'bind' || mount.source.includes('{{')) continue
    for (const host of hosts.filter(each => hasShell(each) && isShipped(mount, each))) {
      const told = toldOf(name, host, mount)
      if (told !== undefined) (told.refused ? mistake : warn)(told.text, raw.where(['volumes', index]))
    }
  }
}

/** What is to be brought to the host for a bind. Read-only: what a container writes would be lost with the next change. */
async function shipmentOf(
  run: Run,
  name: string,
  host: Host,
  mount: Bind,
  from: From,
): Promise<ShippedWant | undefined> {
  const { source, onChange } = mount
  const told = toldOf(name, host, mount)
  if (told?.refused) {
    run.mistakes.add(told.text, from.at)
    return undefined
  }
  const shipped = await shippedOf(run, {
    ...{ service: name, host, from: { path: source, folder: from.folder } },
    ...{ onChange, at: from.at },
  })
  if (shipped !== undefined && told !== undefined) warn(run, told.text, from.at)
  return shipped
}

async function bindWant(run: Run, name: string, host: Host, mount: Bind, from: From): Promise<MountWant | undefined> {
  const { target, readOnly, settings } = mount
  const more = settings === undefined ? {} : { settings }
  if (!isShipped(mount, host))
    return { type: 'bind', source: await pathOf(run, name, mount, from), target, readOnly, ...more }
  const shipped = await shipmentOf(run, name, host, mount, from)
  return shipped && { type: 'bind', source: mount.source, target, readOnly: true, ...more, shipped }
}

/** The mounts of a service's containers, in order of their targets. `volumeName` gives a volume's name on the engine by its key. */
export async function mountsOf(
  run: Run,
  read: Read<Service>,
  host: Host,
  where: { folder: string; volumeName(key: string): string },
): Promise<MountWant[]> {
  const wants: MountWant[] = []
  const place = { folder: where.folder, isComposed: read.raw.composed !== undefined }
  for (const key of ['volumes', 'tmpfs'] as const)
    for (const [index, mount] of (read.value[key] ?? []).entries()) {
      const { target, readOnly, settings } = mount
      const more = settings === undefined ? {} : { settings }
      if (mount.from === 'tmpfs') wants.push({ type: 'tmpfs', target, readOnly, ...more })
      else if (mount.from === 'anonymous') wants.push({ type: 'volume', target, readOnly, ...more })
      else if (mount.from === 'volume')
        wants.push({ type: 'volume', source: where.volumeName(mount.source), target, readOnly, ...more })
      else {
        const want = await bindWant(run, read.name, host, mount, { ...place, at: read.raw.where([key, index]) })
        if (want !== undefined) wants.push(want)
      }
    }
  return wants.sort((one, other) => (one.target < other.target ? -1 : 1))
}
