// The gate of a service: what a new container must answer before it counts as good.
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import type { GateWant } from '../../wanted.js'
import { commandLine } from './service-parts.js'
import { duration, keyed, whole, written } from './shapes.js'

const port = whole(1, 65_535)

const readUrl = (text: string): { port: number; path: string } => {
  const [, number, path] = /^http:\/\/[^/:]*:(\d+)(\/.*)?$/.exec(text) ?? []
  if (number === undefined || Number(number) < 1 || Number(number) > 65_535)
    throw usageError(`"${text}" is no address in the container: write it as http://:8000/health`)
  return { port: Number(number), path: path ?? '/' }
}

const readStatus = (text: string): [number, number] => {
  const [, from, to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? []
  if (from === undefined || Number(to) < Number(from))
    throw usageError(`"${text}" is no status: write it as 200, or 200-299`)
  return [Number(from), Number(to)]
}

const http = z.union(
  [
    written(readUrl),
    keyed({
      port: port.describe('Port in the container.'),
      path: z.string().startsWith('/').optional().describe('/ if left out.'),
      status: z
        .union([whole(100, 599).transform((value): [number, number] => [value, value]), written(readStatus)], {
          error: 'must be a status such as 200, or 200-299',
        })
        .optional()
        .describe('The status that is good; 200-399 if left out.'),
    }),
  ],
  { error: 'must be http://:PORT/PATH, or a map with port, path and status' },
)

/** `gate:`. */
export const gateSchema = keyed({
  http: http.optional().describe('What must answer: "http://:8000/health", or a map with port, path and status.'),
  tcp: port.optional().describe('A port in the container that must accept connections.'),
  command: commandLine.optional().describe('A command in the container that must end well.'),
  timeout: duration.optional().describe('How long it may take; 60s if left out.'),
  interval: duration.optional().describe('Between two questions; 1s if left out.'),
})
  .refine(({ http, tcp, command }) => [http, tcp, command].filter(one => one !== undefined).length === 1, {
    error: 'a gate has exactly one of http, tcp and command',
  })
  .transform(({ http, tcp, command = [], timeout = 60_000, interval = 1000 }): GateWant => {
    const times = { timeoutMs: timeout, intervalMs: Math.max(50, interval) }
    if (tcp !== undefined) return { ask: { kind: 'tcp', port: tcp }, ...times }
    if (http === undefined) return { ask: { kind: 'command', argv: command }, ...times }
    const { port, path = '/' } = http
    const status: [number, number] = 'status' in http && http.status !== undefined ? http.status : [200, 399]
    return { ask: { kind: 'http', port, path, status }, ...times }
  })
