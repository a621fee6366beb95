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
async function pathOf(run: Run, name: string, host: Host, mount: Bind, from: { folder: string; at: At }) {
  if (!mount.relative) return mount.source
  if (host.connection !== 'local') {
    run.mistakes.add(
      `${name}: ${mount.source} lies on this machine, and ${name} runs on another; relative bind mounts to another host are not supported by this version: use an absolute path of the host, a volume, or build the file into the image`,
      from.at,
    )
    return undefined
  }
  const path = pathHere(run, mount.source, from.folder)
  if (!(await run.context.files.exists(path))) run.mistakes.add(`${name}: there is no ${path} to mount`, from.at)
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
  for (const key of ['volumes', 'tmpfs'] as const)
    for (const [index, mount] of (read.value[key] ?? []).entries()) {
      const { target, readOnly } = mount
      if (mount.from === 'tmpfs') wants.push({ type: 'tmpfs', target, readOnly })
      else if (mount.from === 'anonymous') wants.push({ type: 'volume', target, readOnly })
      else if (mount.from === 'volume')
        wants.push({ type: 'volume', source: where.volumeName(mount.source), target, readOnly })
      else {
        const at = read.raw.where([key, index])
        const source = await pathOf(run, read.name, host, mount, { folder: where.folder, at })
        if (source !== undefined) wants.push({ type: 'bind', source, target, readOnly })
      }
    }
  return wants.sort((one, other) => (one.target < other.target ? -1 : 1))
}
