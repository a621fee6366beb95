// Values that must never be shown: a type that prints as a mask, and the masker that guards every way out.
import { createHmac } from 'node:crypto'
import { disguises, Pieces } from './disguises.js'

const shown = (name: string): string => `(secret ${name})`

/** A secret value with its name. Only `reveal()` gives the value; printing, joining or JSON give a mask. */
export class Secret {
  readonly name: string
  readonly #value: string

  constructor(name: string, value: string) {
    this.name = name
    this.#value = value
  }

  /** The value itself: for standard input and for API bodies, never for argv, labels, logs or events. */
  reveal(): string {
    return this.#value
  }

  /** How a secret stands in labels and specs: an HMAC-SHA256 of its value under the host's key, so that a change shows and nothing else does. */
  fingerprint(key: Uint8Array): string {
    return `hmac-sha256:${createHmac('sha256', key).update(this.#value).digest('hex').slice(0, 32)}`
  }

  toString(): string {
    return shown(this.name)
  }

  toJSON(): string {
    return shown(this.name)
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return shown(this.name)
  }
}

/** Text that may be a secret. */
export type Value = string | Secret

/** The text of a value, secret or not: for the same places as `Secret.reveal`. */
export const reveal = (value: Value): string => (typeof value === 'string' ? value : value.reveal())

/** Replaces every known secret, and its common encodings, in text that leaves the program. */
export interface Masker {
  /** From now on this secret is masked. */
  add(secret: Secret): void
  /** The text with every known secret replaced by its mask. */
  mask(text: string): string
  /** A deep copy of plain data with every string masked. */
  maskAll<T>(data: T): T
}

/** Values shorter than this are not masked: a mask over every "a" would tell more than it hides. */
const shortest = 3

/** What `cleanLine` puts where it has cut a text. */
const cutSign = '…'

/** How many of the text's last characters are the first ones of a secret. */
function startedAt(text: string, secret: string): number {
  for (let length = Math.min(text.length, secret.length - 1); length >= shortest; length--)
    if (text.endsWith(secret.slice(0, length))) return length
  return 0
}

/** Makes a masker that knows no secret yet. */
export function createMasker(): Masker {
  const masks = new Map<string, string>()
  const known = new Set<string>()
  /** The longest first; made anew when it is needed after an addition: a loop over a secret adds many. */
  let sorted: [string, string][] | undefined
  const ordered = (): [string, string][] => {
    sorted ??= [...masks].sort((a, b) => b[0].length - a[0].length)
    return sorted
  }
  const pieces = new Pieces()
  /** A secret that was cut off in the middle is masked as far as it goes. */
  const maskCut = (text: string): string => {
    for (const [needle, replacement] of ordered()) {
      const length = startedAt(text, needle)
      if (length > 0) return text.slice(0, -length) + replacement
    }
    return text
  }
  const mask = (text: string): string => {
    for (const [needle, replacement] of ordered())
      if (text.includes(needle)) text = text.replaceAll(needle, replacement)
    text = pieces.mask(text)
    const [last = '', ...before] = text.split(cutSign).reverse()
    return before.length === 0 ? text : [...before.reverse().map(maskCut), last].join(cutSign)
  }
  const maskAll = (data: unknown): unknown => {
    if (typeof data === 'string') return mask(data)
    if (data instanceof Secret) return data.toString()
    if (Array.isArray(data)) return data.map(maskAll)
    if (data !== null && typeof data === 'object' && !(data instanceof Uint8Array))
      return Object.fromEntries(Object.entries(data).map(([key, value]) => [mask(key), maskAll(value)]))
    return data
  }
  return {
    add(secret) {
      const value = secret.reveal()
      if (known.has(value)) return
      known.add(value)
      const texts = [value, ...value.split('\n').map(line => line.trim())]
      for (const text of texts)
        if (text.length >= shortest)
          for (const form of disguises(text)) if (form.length >= shortest) masks.set(form, shown(secret.name))
      pieces.add(value, shown(secret.name))
      sorted = undefined
    },
    mask,
    maskAll: <T>(data: T): T => maskAll(data) as T,
  }
}
