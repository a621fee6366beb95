// How a secret looks in foreign output: its common encodings, whole, in the middle of a longer encoded text, or broken into lines.
import { cleanLine } from './events.js'

/** An encoding shorter than this, taken out of a longer one, could be anything. */
const shortestCore = 6

/** The characters of base64 that a value alone decides, when it starts so many bytes into the encoded text. */
function base64Core(value: string, bytesBefore: number): string {
  const bytes = Buffer.concat([Buffer.alloc(bytesBefore), Buffer.from(value)])
  const text = bytes.toString('base64').replace(/=+$/, '')
  return text.slice(Math.ceil((bytesBefore * 8) / 6), bytes.length % 3 === 0 ? text.length : -1)
}

const base64Cores = (value: string): string[] => [0, 1, 2].map(before => base64Core(value, before))
const asUrl = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_')
const hexOf = (value: string): string => Buffer.from(value).toString('hex')

/** A value and its encodings, as they stand in a text. */
export function disguises(value: string): string[] {
  const base64 = Buffer.from(value).toString('base64').replace(/=+$/, '')
  const cores = base64Cores(value).filter(core => core.length >= shortestCore)
  return [
    ...[value, cleanLine(value, value.length), JSON.stringify(value).slice(1, -1), encodeURIComponent(value)],
    ...[value.replaceAll("'", `'\\''`), hexOf(value), hexOf(value).toUpperCase()],
    ...[base64, ...cores].flatMap(text => [text, asUrl(text)]),
  ]
}

/** So many characters of an encoding in a row are told as the secret's, wherever its lines were broken. */
const pieceLength = 16
/** Values with more bytes than this are too many pieces to remember; their lines are still known whole. */
const longestPieced = 16 * 1024
const encoded = /[\w+/-]{16,}/g
const isHex = /^[\da-f]+$/i

/** Finds pieces of the base64 and the hex of values. */
export class Pieces {
  readonly #known = new Map<string, string>()

  add(value: string, mask: string): void {
    if (Buffer.byteLength(value) > longestPieced) return
    for (const text of [...base64Cores(value), hexOf(value)])
      for (let at = 0; at + pieceLength <= text.length; at++) this.#known.set(text.slice(at, at + pieceLength), mask)
  }

  /** The text with every run of known pieces replaced by its mask. */
  mask(text: string): string {
    if (this.#known.size === 0) return text
    return text.replace(encoded, run => this.#maskRun(run))
  }

  #maskRun(run: string): string {
    const plain = run.replaceAll('-', '+').replaceAll('_', '/')
    const lower = isHex.test(plain) ? plain.toLowerCase() : plain
    let masked = ''
    let kept = 0
    for (let at = 0; at + pieceLength <= run.length; at++) {
      const piece = at + pieceLength
      const mask = this.#known.get(plain.slice(at, piece)) ?? this.#known.get(lower.slice(at, piece))
      if (mask === undefined || piece <= kept) continue
      if (at >= kept) masked += run.slice(kept, at) + mask
      kept = piece
    }
    return masked + run.slice(kept)
  }
}
