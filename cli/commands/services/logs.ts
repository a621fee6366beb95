// `longshore logs`: what the project's containers print, each line with the container that printed it.
import { exitCodes, UserError, usageError } from '../../../core/errors.js'
import type { LogLine, LogOptions } from '../../../core/provider-abilities.js'
import { command } from '../../command.js'
import { type Placed, tellProblems, withEngines } from '../../engines.js'
import { able, chosenOn, placeOptions } from '../../services/choose.js'
import { watching } from '../../services/flow.js'
import { followLogs } from '../../services/follow-logs.js'
import { linePrinter } from '../../services/log-lines.js'
import { mergeByTime } from '../../services/merge.js'

function readTail(text: string | undefined): LogOptions['tail'] {
  if (text === undefined || text === 'all') return 'all'
  if (/^\d+$/.test(text)) return Number(text)
  throw usageError(`--tail takes a number or "all", not "${text}"`)
}

interface OfContainer extends LogLine {
  one: Placed
}

/** A container's lines; one that cannot be read says so and is over. */
async function* linesOf(one: Placed, options: LogOptions, tell: (error: unknown) => void): AsyncGenerator<OfContainer> {
  try {
    const logs = able(one, one.on.provider.logs, 'read logs')
    for await (const line of logs(one.on.engine, one.container.id, options)) yield { ...line, one }
  } catch (error) {
    tell(error)
  }
}

export const logs = command({
  name: 'logs',
  summary: 'show what containers print',
  arguments: { services: { text: 'only these services', need: 'many' } },
  options: {
    follow: { flags: '-f, --follow', text: 'go on as they print more', kind: 'flag' },
    tail: { flags: '-n, --tail <lines>', text: 'only the last lines of each container', kind: 'value' },
    since: { flags: '--since <time>', text: 'only what is newer: a time stamp, or 10m, 2h', kind: 'value' },
    until: { flags: '--until <time>', text: 'only what is older', kind: 'value' },
    timestamps: { flags: '-t, --timestamps', text: 'with the time of each line', kind: 'flag' },
    noPrefix: { flags: '--no-prefix, --no-log-prefix', text: 'without the container in front', kind: 'flag' },
    ...placeOptions,
  },
  run: (context, { services, follow, tail, since, until, timestamps, noPrefix, host, number }) =>
    withEngines(context, async engines => {
      const options: LogOptions = {
        follow,
        tail: readTail(tail),
        signal: watching(context),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
      }
      const { name: project } = await context.project()
      const placed = await chosenOn(context, engines, { services, host, number })
      const origins = placed.map(({ container }) => container)
      const show = await linePrinter(context, origins, { timestamps, prefix: !noPrefix })
      let exit: number = exitCodes.done
      const told: Promise<void>[] = []
      const tell = (error: unknown): void => {
        exit = error instanceof UserError ? error.exit : exitCodes.failed
        told.push(context.tell(error))
      }
      if (follow) {
        const meant: Parameters<typeof followLogs>[2]['meant'] = event =>
          (services.length === 0 || services.includes(event.service) || services.includes(event.container)) &&
          (host === undefined || host === event.host) &&
          (number === undefined || Number(number) === event.number)
        await followLogs(engines, placed, { project, options, meant, show, tell })
      } else {
        for await (const { one, ...line } of mergeByTime(placed.map(one => linesOf(one, options, tell)))) {
          await show(one.container, line)
          if (options.signal.aborted) break
        }
      }
      await Promise.all(told)
      return Math.max(exit, await tellProblems(context, engines.problems))
    }),
})
