// Events for programs: one JSON object a line on stdout, each with the time it was seen.
import type { Report } from './report.js'

/** Writes every event as one line, `time` (ISO 8601) first. */
export const createJsonReport = (write: (text: string) => void, now: () => Date): Report => ({
  emit: event => write(`${JSON.stringify({ time: now().toISOString(), ...event })}\n`),
  end: async () => {},
})
