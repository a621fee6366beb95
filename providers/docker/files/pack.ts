// Packs a shipped file or folder for its way to a host, and holds what is read against what was planned.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type ShippedEntry, shippedTree, startSum } from '../../../core/containers/mounts/shipped.js'
import type { ShippedWant } from '../../../core/containers/mounts/shipped-want.js'
import { UserError } from '../../../core/errors.js'
import type { LocalFiles } from '../../../core/files.js'
import { packTar, type TarEntry } from '../images/tar.js'

export interface PackOptions {
  /** Where errors say they come from. */
  where: string
  /** Is told how many bytes of files were read in all, after each piece. */
  read?: (bytes: number) => void
}

/**
 * The archive that `receiveScript` takes. Its last entry is only written when everything was read as it was when it was planned: else the
 * stream fails with a UserError, and the host keeps nothing.
 */
export async function packShipped(files: LocalFiles, want: ShippedWant, options: PackOptions): Promise<Readable> {
  const { entries } = await shippedTree(files, want)
  const { uid, gid } = want
  const sum = startSum(want)
  let done = 0
  const changed = (): UserError =>
    new UserError(`${want.thing} is no longer what was planned`, {
      where: options.where,
      hint: 'it has changed meanwhile: run it again once nothing writes to it',
    })
  async function* hashed(entry: ShippedEntry): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256')
    let left = entry.size
    for await (const piece of entry.open?.() ?? []) {
      left -= piece.length
      if (left < 0) throw changed()
      hash.update(piece)
      done += piece.length
      options.read?.(done)
      yield piece
    }
    if (left > 0) throw changed()
    sum.add(entry, hash.digest('hex'))
  }
  const packed = (entry: ShippedEntry): TarEntry => {
    const { path, kind, mode, size, target } = entry
    const name = path === '' ? 'content' : `content/${path}`
    const own = { path: name, kind, mode, uid, gid, ...(target === undefined ? {} : { target }) }
    if (entry.open !== undefined) return { ...own, pieces: { size, open: () => hashed(entry) } }
    return { ...own, bytes: async () => note(entry) }
  }
  const note = (entry: ShippedEntry): Uint8Array => {
    sum.add(entry, '')
    return new Uint8Array()
  }
  const end: TarEntry = {
    path: 'end',
    kind: 'file',
    mode: 0o600,
    bytes: async () => {
      if (sum.digest() !== want.sum) throw changed()
      return new Uint8Array()
    },
  }
  return packTar([...entries.map(packed), end])
}
