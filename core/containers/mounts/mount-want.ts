// What is mounted into a container: volumes, folders and files of the host or of this machine, memory.
import type { ShippedWant } from './shipped-want.js'

/** A mount of a container. */
export interface MountWant {
  type: 'volume' | 'bind' | 'tmpfs'
  /** Volume name on the engine or absolute path on the host; left out for tmpfs and anonymous volumes. */
  source?: string
  target: string
  readOnly: boolean
  settings?: MountSettings
  /** Of a bind whose source lies on this machine: what is brought to the host first. `source` is then what the file calls it. */
  shipped?: ShippedWant
}

/** What a mount may be told besides; each absent key means the engine's default. */
export interface MountSettings {
  /** Of a tmpfs: mount options as text ("size=64m,mode=1777"); also set, empty, where it was written in the short form. */
  options?: string
  /** Of a bind: "rslave" and the like. */
  propagation?: string
  /** Of a bind: the label, z or Z. */
  selinux?: string
  /** Of a bind: false where a missing folder is an error. */
  create?: boolean
  /** Of a volume: the image's content is left out. */
  nocopy?: boolean
  /** Of a volume: the folder in it. */
  subpath?: string
  /** Of a tmpfs: bytes. */
  size?: number
  /** Of a tmpfs: permission bits. */
  mode?: number
}
