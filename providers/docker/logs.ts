// A container's log: its last lines, or all that comes, line by line.
import { UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { LogLine, LogOptions } from '../../core/provider-abilities.js'
import type { ApiRequest } from './api/client.js'
import { inspect } from './containers/calls.js'
import type { DockerEngine } from './open.js'
import { framedLines, plainLines } from './watch/log-frames.js'

/** Log lines are shown whole, unlike lines of progress; this only keeps one line from filling the screen for ever. */
const longestLine = 16 * 1024

async function* readLog(engine: DockerEngine, tty: boolean, request: ApiRequest): AsyncGenerator<LogLine> {
  const query = { ...request.query, stdout: true, stderr: true, timestamps: true }
  const response = await engine.api.stream({ ...request, query })
  try {
    yield* tty ? plainLines(response) : framedLines(response)
  } finally {
    response.destroy()
  }
}

/** The last lines of a container's log, both streams together. */
export async function lastLines(engine: DockerEngine, id: string, tty: boolean, count: number): Promise<string[]> {
  const lines: string[] = []
  for await (const { text } of readLog(engine, tty, { path: `/containers/${id}/logs`, query: { tail: count } }))
    lines.push(cleanLine(text, longestLine))
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
  if (Number.isNaN(date))
    throw new UserError(`"${since}" is no time`, { hint: 'say 10m, 2h, or 2024-05-01T12:00:00Z', exit: 3 })
  // What a log says of its own times is finer than a date can be.
  const fine = /T.*\.(\d{4,9})Z$/.exec(since)?.[1]
  return `${Math.floor(date / 1000)}.${fine === undefined ? String(date % 1000).padStart(3, '0') : fine}`
}

/** The time as the engine takes it; undefined for none. */
export const engineTime = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : sinceSeconds(text, Date.now())

/** A container's log; ends with the log, or quietly when the signal is given. */
export async function* followLogs(
  engine: DockerEngine,
  container: string,
  options: LogOptions,
): AsyncGenerator<LogLine> {
  const { follow, tail, since, until, signal } = options
  try {
    const details = await inspect(engine, container, signal)
    if (!details) throw new UserError(`container ${container} is not there`, { where: engine.scope.name })
    yield* readLog(engine, details.Config.Tty, {
      path: `/containers/${details.Id}/logs`,
      query: { follow, tail: String(tail), since: engineTime(since), until: engineTime(until) },
      signal,
      // Logs of several containers are read at the same time, each as long as somebody looks at it.
      alone: true,
    })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
