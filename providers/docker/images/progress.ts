// Shows an image's making as it goes on, and keeps the last of it for when it fails.
import { cleanLine } from '../../../core/events.js'
import type { ProgressEvent } from '../api/shapes.js'
import { lineSplitter } from '../api/stream.js'
import { traceLines } from './trace.js'

/** Lines of output that an error shows. */
const keptLines = 20

/** Takes progress events; `last` gives the last lines. */
export function progressLines(tell: (text: string) => void): { take(event: ProgressEvent): void; last(): string } {
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
  return {
    take({ stream, status, id, aux }) {
      if (stream !== undefined) output.write(Buffer.from(stream))
      else if (id === 'moby.buildkit.trace' && typeof aux === 'string') for (const text of traceLines(aux)) line(text)
      else if (status !== undefined) {
        // Bars move many times a second; only what happens to a layer next is told.
        if (id !== undefined && shown.get(id) === status) return
        if (id !== undefined) shown.set(id, status)
        line(id === undefined ? status : `${id}: ${status}`)
      }
    },
    last() {
      output.end()
      return kept.join('\n')
    },
  }
}
