// Durations and sizes as Compose writes them ("1m30s", "64m"), read into milliseconds and bytes.
import { usageError } from '../../errors.js'

const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000001 }

/** Milliseconds of a Compose duration: "1m30s", "500ms", "1.5h". A usage error for anything else, also for a bare number other than 0. */
export function readDuration(text: string): number {
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)/gu)
  let total = 0
  let length = 0
  for (const [part, amount = '', unit = ''] of parts) {
    total += Number(amount) * (unitMs[unit] ?? 0)
    length += part.length
  }
  if (text === '0') return 0
  if (length === 0 || length !== text.length) throw usageError(`"${text}" is no duration: write it as 1m30s or 500ms`)
  return Math.round(total)
}

const unitBytes: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** Bytes of a Compose size: "64m", "1gb", "512"; units are powers of 1024 (go-units RAMInBytes). A usage error for anything else. */
export function readSize(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/.exec(text.toLowerCase()) ?? []
  const factor = unitBytes[unit ?? '']
  if (amount === undefined || factor === undefined) throw usageError(`"${text}" is no size: write it as 64m or 1g`)
  return Math.round(Number(amount) * factor)
}
