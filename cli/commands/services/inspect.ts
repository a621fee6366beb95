// `longshore inspect`: all that the engines know of containers, as a JSON array.
import { exitCodes } from '../../../core/errors.js'
import { mapLimited } from '../../../core/run/workers.js'
import { command } from '../../command.js'
import { tellProblems, withEngines } from '../../engines.js'
import { able, chosenOn, placeOptions } from '../../services/choose.js'

export const inspect = command({
  name: 'inspect',
  summary: 'print all that the engines know of containers, as JSON',
  arguments: { services: { text: 'only these services', need: 'many' } },
  options: placeOptions,
  run: (context, wish) =>
    withEngines(context, async engines => {
      const placed = await chosenOn(context, engines, wish)
      const all = await mapLimited(placed, await context.forks(), async one => ({
        host: one.container.host,
        service: one.container.service,
        container: await able(one, one.on.provider.inspect, 'tell settings')(one.on.engine, one.container.id),
      }))
      if (context.options.json) for (const one of all) context.printJson({ type: 'inspect', ...one })
      else {
        // Masked as data: a value that JSON writes in another way is masked, too.
        const data = context.masker.maskAll(all.map(({ host, container }) => ({ Host: host, ...container })))
        context.print(JSON.stringify(data, null, 2))
      }
      const exit = await tellProblems(context, engines.problems)
      return exit === exitCodes.done && wish.services.length > 0 && placed.length === 0 ? exitCodes.failed : exit
    }),
})
