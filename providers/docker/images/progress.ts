// Shows an image's making as it goes on, and keeps the last of it for when it fails.
import { cleanLine } from '../../../core/events.js'
import type { ProgressEvent } from '../api/shapes.js'
import { lineSplitter } from '../api/stream.js'
import { sizeText } from '../ship/load.js'
import { traceLines } from './trace.js'

/** Lines of output that an error shows. */
const keptLines = 20

/** Milliseconds between two lines about bytes. */
const tellEvery = 500

/** What moves bytes over the network: the rest happens on the host's disk. */
const moving: Readonly<Record<string, string>> = { Downloading: 'pulled', Pushing: 'pushed' }

/** Takes progress events. */
export interface Progress {
  take(event: ProgressEvent): void
  /** The last lines. */
  last(): string
  /** Bytes that went over the network, as far as the engine told. */
  bytes(): number
}

/** Bytes of all layers together, told now and then. */
function byteCounter(tell: (text: string) => void): { take(event: ProgressEvent): boolean; bytes(): number } {
  const layers = new Map<string, { current: number; total: number }>()
  let told = Number.NEGATIVE_INFINITY
  const sum = (part: 'current' | 'total'): number => [...layers.values()].reduce((all, layer) => all + layer[part], 0)
  return {
    take({ id, status, progressDetail }) {
      const verb = moving[status ?? '']
      const { current = 0, total = 0 } = progressDetail ?? {}
      if (id === undefined || verb === undefined || current === 0) return false
      layers.set(id, { current, total: Math.max(total, current) })
      if (performance.now() - told > tellEvery) {
        told = performance.now()
        tell(`${verb} ${sizeText(sum('current'))} of ${sizeText(sum('total'))}`)
      }
      return true
    },
    // The engine does not always tell of a layer's last bytes.
    bytes: () => sum('total'),
  }
}

/** Takes progress events and tells lines; bars move many times a second, so that bytes are told now and then, for all layers together. */
export function progressLines(tell: (text: string) => void): Progress {
  const kept: string[] = []
  const shown = new Map<string, string>()
  const line = (text: string): void => {
    const clean = cleanLine(text)
    if (clean.trim() === '') return
    kept.push(clean)
    if (kept.length > keptLines) kept.shift()
    tell(clean)
  }
  const output = lineSplitter(line)
  const counter = byteCounter(tell)
  return {
    take(event) {
      const { stream, status, id, aux } = event
      if (stream !== undefined) output.write(Buffer.from(stream))
      else if (id === 'moby.buildkit.trace' && typeof aux === 'string') for (const text of traceLines(aux)) line(text)
      else if (status !== undefined) {
        if (counter.take(event)) return
        // Only what happens to a layer next is told.
        if (id !== undefined && shown.get(id) === status) return
        if (id !== undefined) shown.set(id, status)
        line(id === undefined ? status : `${id}: ${status}`)
      }
    },
    last() {
      output.end()
      return kept.join('\n')
    },
    bytes: counter.bytes,
  }
}
