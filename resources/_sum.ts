// The checksum by which files on hosts and texts of ours are told apart.
import { createHash } from 'node:crypto'

/** SHA-256 of a text or of bytes, in hex: what `sha256sum` prints. */
export const sumOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
