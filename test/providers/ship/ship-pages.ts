// Bytes as an image has them: pages of which a part is random, so that they shrink to about a quarter, as programs and libraries do.
import { randomBytes, randomFillSync } from 'node:crypto'

const pageBytes = 4096

/** So many bytes that nobody has seen before; a multiple of 4096. */
export function pages(bytes: number): Uint8Array {
  const made = Buffer.alloc(bytes, 'what many pages have in common; ')
  const random = randomBytes(pageBytes)
  for (let at = 0; at < bytes; at += pageBytes) {
    // One fill of the whole would take longer, and shrink to nothing less.
    randomFillSync(random, 0, 1024)
    random.copy(made, at, 0, Math.min(1024, bytes - at))
  }
  return made
}
