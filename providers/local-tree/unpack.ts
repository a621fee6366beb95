// A tar archive from elsewhere, unpacked on this machine: nothing in it can reach out of the folder that it is unpacked into.
import { constants } from 'node:fs'
import { chmod, lchown, link, lstat, lutimes, mkdir, open, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createTarDecoder, type TarHeader } from 'modern-tar'
import { UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'

export interface UnpackTarget {
  /** A folder that is there, by its real path. */
  into: string
  /** What the archive's first entry is called in there; empty: its content goes into the folder itself. */
  as: string
  /** Keeps ids of owners and the bits that lend them (only root may); else all is ours. */
  owners: boolean
}

/** Names in the archive that were left out: devices, pipes. */
export interface Unpacked {
  left: string[]
}

const refusal = (text: string): UserError =>
  new UserError(`the archive is refused: ${text}`, {
    hint: 'it would write outside of the folder that it is meant for',
  })

/** The parts of a name; refuses one that leads upwards. */
function partsOf(name: string): string[] {
  const parts = name.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..') || name.includes('\0')) throw refusal(`"${cleanLine(name)}" leads out of it`)
  return parts
}

const kindAt = async (path: string): Promise<'none' | 'folder' | 'other'> => {
  try {
    return (await lstat(path)).isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none'
    throw error
  }
}

/** One archive on its way onto this machine. */
class Unpacking {
  readonly #target: UnpackTarget
  /** Name of the archive's first entry, which all others lie in. */
  #root: string[] | undefined
  /** Folders that are known to be folders, and no links. */
  readonly #safe = new Set<string>()
  /** Folders whose mode and time are set when all is in them. */
  readonly #late: { path: string; header: TarHeader }[] = []
  readonly left: string[] = []

  constructor(target: UnpackTarget) {
    this.#target = target
    this.#safe.add(target.into)
  }

  async take(header: TarHeader, body: ReadableStream<Uint8Array>): Promise<void> {
    this.#root ??= partsOf(header.name)
    const path = await this.#placeOf(header.name)
    switch (header.type) {
      case 'directory':
        return this.#folder(path, header)
      case 'symlink':
        if (header.linkname === undefined || header.linkname === '')
          throw refusal(`"${cleanLine(header.name)}" is a link to nothing`)
        await this.#clear(path, header.name)
        await symlink(header.linkname, path)
        return this.#finish(path, header, false)
      case 'link':
        await this.#clear(path, header.name)
        // A link to a link is the link itself: nothing is followed.
        return link(await this.#placeOf(header.linkname ?? ''), path)
      case 'file':
      case undefined:
        await this.#clear(path, header.name)
        await writeNew(path, body)
        return this.#finish(path, header, true)
      default:
        if (this.left.length < 100) this.left.push(cleanLine(header.name))
    }
  }

  async end(): Promise<void> {
    for (const { path, header } of this.#late.reverse()) await this.#finish(path, header, true)
  }

  /** The path for a name of the archive; all folders on its way are there, and are folders. */
  async #placeOf(name: string): Promise<string> {
    const parts = partsOf(name)
    const root = this.#root ?? []
    if (root.some((part, index) => parts[index] !== part))
      throw refusal(`"${cleanLine(name)}" is not in its first entry`)
    const { into, as } = this.#target
    const rest = [...(as === '' ? [] : [as]), ...parts.slice(root.length)]
    let folder = into
    for (const part of rest.slice(0, -1)) {
      folder = join(folder, part)
      if (this.#safe.has(folder)) continue
      const kind = await kindAt(folder)
      if (kind === 'other') throw refusal(`"${cleanLine(name)}" goes through ${cleanLine(folder)}, which is no folder`)
      if (kind === 'none') await mkdir(folder)
      this.#safe.add(folder)
    }
    return join(into, ...rest)
  }

  async #folder(path: string, header: TarHeader): Promise<void> {
    if (path === this.#target.into) return
    const kind = await kindAt(path)
    if (kind === 'other') throw new UserError(`a folder cannot take the place of ${cleanLine(path)}, which is none`)
    if (kind === 'none') await mkdir(path)
    this.#safe.add(path)
    this.#late.push({ path, header })
  }

  /** Makes room for something that is no folder. */
  async #clear(path: string, name: string): Promise<void> {
    if (path === this.#target.into) throw refusal(`"${cleanLine(name)}" is the folder itself`)
    const kind = await kindAt(path)
    if (kind === 'folder') throw new UserError(`${cleanLine(path)} is a folder, and what is copied there is none`)
    if (kind === 'other') await unlink(path)
  }

  async #finish(path: string, { mode, uid, gid, mtime }: TarHeader, hasMode: boolean): Promise<void> {
    const { owners } = this.#target
    if (owners) await lchown(path, uid ?? 0, gid ?? 0)
    // Without the owner's id its rights are not lent either.
    if (hasMode && mode !== undefined) await chmod(path, mode & (owners ? 0o7777 : 0o1777))
    if (mtime) await lutimes(path, mtime, mtime)
  }
}

/** Writes a file that is not there; a link at its place is no way in. */
async function writeNew(path: string, body: ReadableStream<Uint8Array>): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    for await (const chunk of body) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
}

/** Unpacks an archive as it comes in. A UserError for one that would reach out of the target; what was unpacked before stays. */
export async function unpackTree(archive: Readable, target: UnpackTarget): Promise<Unpacked> {
  const { readable, writable } = createTarDecoder({ strict: true })
  const fed = Readable.toWeb(archive).pipeTo(writable as unknown as WritableStream)
  fed.catch(() => undefined)
  const unpacking = new Unpacking(target)
  const entries = readable.getReader()
  try {
    for (let next = await entries.read(); !next.done; next = await entries.read()) {
      const { header, body } = next.value
      await unpacking.take(header, body)
      await body.cancel().catch(() => undefined)
    }
    await fed
    await unpacking.end()
  } finally {
    await entries.cancel().catch(() => undefined)
    archive.destroy()
  }
  return { left: unpacking.left }
}
