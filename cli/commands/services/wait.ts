// `longshore wait`: until a container of the services ends; its exit code is ours.
import { exitCodes, UserError } from '../../../core/errors.js'
import { command } from '../../command.js'
import { type Placed, withEngines } from '../../engines.js'
import { able, chosenOn, placeOptions } from '../../services/choose.js'

export const wait = command({
  name: 'wait',
  summary: 'wait until the first container ends, and end with its exit code',
  arguments: { services: { text: 'the services', need: 'some' } },
  options: {
    all: { flags: '--all', text: 'until all have ended; ends with the first code that is not 0', kind: 'flag' },
    ...placeOptions,
  },
  run: (context, { services, host, number, all }) =>
    withEngines(context, async engines => {
      const placed = await chosenOn(context, engines, { services, host, number })
      const [problem] = engines.problems
      if (problem) throw problem
      if (placed.length === 0)
        throw new UserError('there is no container to wait for', { hint: '`longshore up` makes them' })
      const over = new AbortController()
      const signal = AbortSignal.any([context.signal, over.signal])
      let first: number | undefined
      const end = async (one: Placed): Promise<number> => {
        const code = await able(one, one.on.provider.wait, 'wait for containers')(
          one.on.engine,
          one.container.id,
          signal,
        )
        // Of those that end at the same moment one is the first, and only that is told.
        if (first !== undefined && !all) return code
        first ??= code
        const { host: on, service, name } = one.container
        if (context.options.json) context.printJson({ type: 'exit', host: on, service, container: name, code })
        else context.print(`${on} ${name}: exit code ${code}`)
        return code
      }
      const ends = placed.map(end)
      if (all) return (await Promise.all(ends)).find(code => code !== 0) ?? exitCodes.done
      try {
        return await Promise.race(ends)
      } finally {
        over.abort(new UserError('waited long enough'))
        await Promise.allSettled(ends)
      }
    }),
})
