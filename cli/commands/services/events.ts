// `longshore events`: what happens to the project's containers, on all hosts.
import { exitCodes } from '../../../core/errors.js'
import type { ContainerEvent } from '../../../core/provider-abilities.js'
import { command } from '../../command.js'
import { tellProblems, withEngines } from '../../engines.js'
import { eventText, readFilters } from '../../services/event-filter.js'
import { roomToPrint, watching } from '../../services/flow.js'
import { mergeByTime } from '../../services/merge.js'

export const events = command({
  name: 'events',
  summary: "show what happens to the project's containers",
  arguments: { services: { text: 'only these services', need: 'many' } },
  options: {
    since: { flags: '--since <time>', text: 'from then on: a time stamp, or 10m, 2h (default: now)', kind: 'value' },
    until: { flags: '--until <time>', text: 'and end then', kind: 'value' },
    filter: { flags: '--filter <key=value>', text: 'only these: event, service, container, image, host', kind: 'list' },
  },
  run: (context, { services, since, until, filter }) => {
    const fits = readFilters([...filter, ...services.map(service => `service=${service}`)])
    return withEngines(context, async engines => {
      const { name } = await context.project()
      const signal = watching(context)
      const asked = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }), signal }
      const streams = engines.open.flatMap(({ provider, engine }) => provider.events?.(engine, name, asked) ?? [])
      const show = async (stream: AsyncIterable<ContainerEvent>): Promise<void> => {
        for await (const event of stream) {
          if (!fits(event)) continue
          if (context.options.json) context.printJson({ type: 'event', ...event })
          else context.print(eventText(event))
          await roomToPrint(context)
        }
      }
      const problems = await tellProblems(context, engines.problems)
      // What has an end is put in order; what goes on is shown as it comes.
      if (until !== undefined) await show(mergeByTime(streams))
      else await Promise.all(streams.map(show))
      return signal.aborted ? exitCodes.done : problems
    })
  },
})
