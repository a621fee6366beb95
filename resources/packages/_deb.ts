// The first part of a Debian package file on this machine: enough for the host's own dpkg to say what it is, without all of it being sent.
import { usageError } from '../../core/errors.js'

const magic = '!<arch>\n'

/**
 * The archive up to the end of its control member, in base64: `dpkg-deb --field -` reads no further. The format is that of deb(5):
 * after the magic, members with headers of 60 bytes, of which 48-57 are the size in decimal; each starts at an even offset.
 */
export function startOfDeb(bytes: Uint8Array, file: string): string {
  const archive = Buffer.from(bytes)
  const bad = () => usageError(`${file} is not a Debian package`, { hint: 'A file that ends in .deb is wanted here.' })
  if (archive.toString('latin1', 0, magic.length) !== magic) throw bad()
  for (let at = magic.length; at + 60 <= archive.length; ) {
    const name = archive.toString('latin1', at, at + 16).trim()
    const size = Number(archive.toString('latin1', at + 48, at + 58).trim())
    if (!Number.isSafeInteger(size) || size < 0) throw bad()
    const end = at + 60 + size
    if (name.startsWith('control.tar')) return archive.subarray(0, end + (size % 2)).toString('base64')
    at = end + (size % 2)
  }
  throw bad()
}
