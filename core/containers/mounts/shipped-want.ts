// What is wanted of a file or folder of this machine that containers on a host mount.
import type { Value } from '../../secret.js'

/** What becomes of a running container when the content of a mount changes. */
export type OnChange = 'recreate' | 'restart' | 'ignore' | { signal: string }

/** Something of this machine that is brought to a host, so that containers there can mount it. Its owner is root unless said. */
export interface ShippedWant {
  /** What people call it: "file ./nginx.conf", "folder ./site", "secret TOKEN". */
  thing: string
  kind: 'file' | 'directory'
  /** A file or folder of this machine, or the content of a file that lies nowhere. */
  from: { path: string } | { content: Value }
  /** sha256 over names, modes, links and contents, in hex. What stands in labels and paths is made of it by `shippedHash`. */
  sum: string
  bytes: number
  /** Files, folders and links in it, itself included. */
  entries: number
  uid: number
  gid: number
  /** Of a file: permission bits in place of its own. */
  mode?: number
  secret: boolean
  onChange: OnChange
  /** Absolute path on the host, once it is there. */
  place?: string
}
