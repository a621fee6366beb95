// A container's log: its last lines, or all that comes, line by line.

import { UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { LogOptions } from '../../core/provider-abilities.js'
import type { ApiRequest } from './api/client.js'
import { demultiplexer, lineSplitter } from './api/stream.js'
import { inspect } from './containers/calls.js'
import type { DockerEngine } from './open.js'

type Line = (text: string, stream: 'stdout' | 'stderr') => void

/** Log lines are shown whole, unlike lines of progress; this only keeps one line from filling the screen for ever. */
const longestLine = 16 * 1024

async function readLog(engine: DockerEngine, tty: boolean, request: ApiRequest, line: Line): Promise<void> {
  const clean =
    (stream: 'stdout' | 'stderr') =>
    (text: string): void =>
      line(cleanLine(text, longestLine), stream)
  const out = lineSplitter(clean('stdout'))
  const err = lineSplitter(clean('stderr'))
  const split = demultiplexer((chunk, stream) => (stream === 'stderr' ? err : out).write(chunk))
  const response = await engine.api.stream(request)
  for await (const chunk of response) tty ? out.write(chunk as Buffer) : split(chunk as Buffer)
  out.end()
  err.end()
}

/** The last lines of a container's log, both streams together. */
export async function lastLines(engine: DockerEngine, id: string, tty: boolean, count: number): Promise<string[]> {
  const lines: string[] = []
  const query = { stdout: true, stderr: true, tail: count }
  await readLog(engine, tty, { path: `/containers/${id}/logs`, query }, text => lines.push(text))
  return lines
}

const units: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 }

/** `10m`, `1h30m`, a date or seconds since 1970, as the seconds since 1970 that the engine wants. A UserError for anything else. */
export function sinceSeconds(since: string, now: number): string {
  if (/^\d+(?:\.\d+)?$/.test(since)) return since
  if (/^(?:\d+[dhms])+$/.test(since)) {
    let seconds = 0
    for (const [, count, unit = 's'] of since.matchAll(/(\d+)([dhms])/g)) seconds += Number(count) * (units[unit] ?? 1)
    return String(Math.floor(now / 1000) - seconds)
  }
  const date = Date.parse(since)
  if (Number.isNaN(date)) throw new UserError(`"${since}" is no time`, { hint: 'say 10m, 2h, or 2024-05-01T12:00:00Z' })
  return (date / 1000).toFixed(3)
}

/** Streams a container's log; ends with the log, or quietly when the signal is given. */
export async function followLogs(
  engine: DockerEngine,
  container: string,
  options: LogOptions,
  line: Line,
): Promise<void> {
  const { follow, tail, since, timestamps, signal } = options
  const details = await inspect(engine, container, signal)
  if (!details) throw new UserError(`container ${container} is not there`, { where: engine.scope.name })
  const request: ApiRequest = {
    path: `/containers/${details.Id}/logs`,
    query: {
      stdout: true,
      stderr: true,
      follow,
      tail: String(tail),
      timestamps,
      since: since === undefined ? undefined : sinceSeconds(since, Date.now()),
    },
    signal,
    // Each followed log holds its connection for as long as it is watched.
    alone: follow,
  }
  try {
    await readLog(engine, details.Config.Tty, request, line)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
