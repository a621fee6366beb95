// What a service mounts on a host: names of volumes on the engine, and absolute paths of the host.
import type { At } from '../errors.js'
import type { Host } from '../project.js'
import type { MountWant } from '../wanted.js'
import type { Read } from './read.js'
import { pathHere, type Run } from './run.js'
import type { MountEntry } from './schema/mounts.js'
import type { Service } from './schema/service.js'

type Bind = Extract<MountEntry, { from: 'bind' }>

/** The path of a bind mount on the host; undefined, with a mistake noted, where there is none. */
async function pathOf(
  run: Run,
  name: string,
  host: Host,
  mount: Bind,
  from: { folder: string; isComposed: boolean; at: At },
) {
  if (!mount.relative) return mount.source
  if (host.connection !== 'local') {
    run.mistakes.add(
      `${name}: ${mount.source} lies on this machine, and ${name} runs on another; relative bind mounts to another host are not supported by this version: use an absolute path of the host, a volume, or build the file into the image`,
      from.at,
    )
    return undefined
  }
  const path = pathHere(run, mount.source, from.folder)
  // A Compose file may name a folder that is made when it is first mounted.
  const isMade = from.isComposed && mount.settings?.create !== false
  if (!isMade && !(await run.context.files.exists(path)))
    run.mistakes.add(`${name}: there is no ${path} to mount`, from.at)
  return path
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
        const at = read.raw.where([key, index])
        const source = await pathOf(run, read.name, host, mount, { ...place, at })
        if (source !== undefined) wants.push({ type: 'bind', source, target, readOnly, ...more })
      }
    }
  return wants.sort((one, other) => (one.target < other.target ? -1 : 1))
}
