// A container's mounts in the Engine API's create request: old-form binds, mounts, and folders in memory.
import type { MountWant } from '../../../core/wanted.js'

/** Binds go in the old form, which makes a missing folder on the host, as Compose does; only a path with a colon cannot. */
const isOldForm = ({ type, source = '', target, settings, shipped }: MountWant): boolean =>
  type === 'bind' &&
  settings?.create !== false &&
  (shipped === undefined || settings?.selinux !== undefined) &&
  !source.includes(':') &&
  !target.includes(':')

/** The short form of a folder in memory, with mount options as text. */
const isTmpfs = ({ type, settings }: MountWant): boolean => type === 'tmpfs' && settings?.options !== undefined

const bindText = ({ source, target, readOnly, settings = {} }: MountWant): string => {
  const modes = [readOnly ? 'ro' : undefined, settings.selinux, settings.propagation].filter(mode => mode !== undefined)
  return `${source}:${target}${modes.length > 0 ? `:${modes.join(',')}` : ''}`
}

function mountBody({ type, source, target, readOnly, settings = {} }: MountWant): object {
  const { propagation, nocopy, subpath, size, mode } = settings
  const volume = { ...(nocopy ? { NoCopy: true } : {}), ...(subpath === undefined ? {} : { Subpath: subpath }) }
  const tmpfs = { ...(size === undefined ? {} : { SizeBytes: size }), ...(mode === undefined ? {} : { Mode: mode }) }
  return {
    Type: type,
    ...(source === undefined ? {} : { Source: source }),
    Target: target,
    ...(readOnly ? { ReadOnly: true } : {}),
    ...(propagation === undefined ? {} : { BindOptions: { Propagation: propagation } }),
    ...(Object.keys(volume).length === 0 ? {} : { VolumeOptions: volume }),
    ...(Object.keys(tmpfs).length === 0 ? {} : { TmpfsOptions: tmpfs }),
  }
}

/** The parts of HostConfig; `kept` are anonymous volumes of the container that is replaced. */
export function mountBodies(wanted: readonly MountWant[], kept: readonly { name: string; target: string }[]): object {
  const mounts = wanted.map(mount =>
    mount.shipped?.place === undefined ? mount : { ...mount, source: mount.shipped.place },
  )
  const inMemory = mounts.filter(isTmpfs)
  return {
    Binds: mounts.filter(isOldForm).map(bindText),
    Mounts: [
      ...mounts.filter(mount => !isOldForm(mount) && !isTmpfs(mount)).map(mountBody),
      ...kept.map(({ name, target }) => ({ Type: 'volume', Source: name, Target: target })),
    ],
    ...(inMemory.length === 0
      ? {}
      : { Tmpfs: Object.fromEntries(inMemory.map(({ target, settings }) => [target, settings?.options ?? ''])) }),
  }
}
