// A file or folder of this machine as a tar archive, read as fast as it is taken.
import { lstat, open, readdir, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createTarPacker } from 'modern-tar'
import { UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'

export interface PackOptions {
  /** What the entries are called in place of the path; empty: only what is in the folder, without the folder itself. */
  as: string
  /** Takes what a link leads to in place of the link, where the path itself is one. */
  follow: boolean
  /** Keeps ids of owners; else all is root's. */
  owners: boolean
}

type Controller = ReturnType<typeof createTarPacker>['controller']

/** One thing on its way into an archive. */
interface Found {
  path: string
  /** Its name in the archive. */
  name: string
  mode: number
  mtime: Date
  uid: number
  gid: number
}

const piece = 256 * 1024

/** Puts a file in, exactly as many bytes as its header says, also when it grows meanwhile. */
async function packFile(controller: Controller, { path, ...header }: Found): Promise<void> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const writer = controller.add({ ...header, type: 'file', size }).getWriter()
    // A failed archive fails its writer, too: that is told once, by whoever reads the archive.
    writer.closed.catch(() => undefined)
    for (let at = 0; at < size; ) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(piece, size - at)), 0, undefined, at)
      if (bytesRead === 0) throw new UserError(`${cleanLine(path)} became shorter while it was copied`)
      await writer.write(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
    await writer.close()
  } finally {
    await file.close()
  }
}

const addBare = (controller: Controller, header: Parameters<Controller['add']>[0]): Promise<void> =>
  controller.add(header).close()

async function packAt(
  controller: Controller,
  path: string,
  name: string,
  follow: boolean,
  owners: boolean,
): Promise<void> {
  const told = await (follow ? stat(path) : lstat(path))
  const found: Found = {
    path,
    name,
    mode: told.mode & 0o7777,
    mtime: told.mtime,
    uid: owners ? told.uid : 0,
    gid: owners ? told.gid : 0,
  }
  const { path: _path, ...header } = found
  if (told.isDirectory()) {
    if (name !== '') await addBare(controller, { ...header, name: `${name}/`, type: 'directory', size: 0 })
    for (const child of (await readdir(path)).sort())
      await packAt(controller, join(path, child), name === '' ? child : `${name}/${child}`, false, owners)
  } else if (told.isSymbolicLink())
    await addBare(controller, { ...header, type: 'symlink', size: 0, linkname: await readlink(path) })
  else if (told.isFile()) await packFile(controller, found)
  // Sockets, pipes and devices mean nothing elsewhere.
}

/** Packs what lies at a path. The stream fails where something cannot be read. */
export function packTree(path: string, { as, follow, owners }: PackOptions): Readable {
  const { readable, controller } = createTarPacker()
  packAt(controller, path, as, follow, owners)
    .then(() => controller.finalize())
    // Also one that nobody wants any more: its end is refused then.
    .catch((error: unknown) => controller.error(error))
  return Readable.fromWeb(readable as Parameters<typeof Readable.fromWeb>[0])
}
