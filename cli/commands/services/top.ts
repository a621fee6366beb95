// `longshore top`: the programs that run in containers.
import { cleanLine } from '../../../core/events.js'
import { mapLimited } from '../../../core/run/workers.js'
import { command } from '../../command.js'
import { tellProblems, withEngines } from '../../engines.js'
import { table } from '../../report/table.js'
import { able, chosenOn, placeOptions } from '../../services/choose.js'

export const top = command({
  name: 'top',
  summary: 'list the programs that run in containers',
  arguments: { services: { text: 'only these services', need: 'many' } },
  options: placeOptions,
  run: (context, wish) =>
    withEngines(context, async engines => {
      const placed = await chosenOn(context, engines, wish)
      const running = placed.filter(({ container }) => container.state === 'running')
      const lists = await mapLimited(running, await context.forks(), one =>
        able(one, one.on.provider.top, 'list programs')(one.on.engine, one.container.id),
      )
      const style = await context.style()
      lists.forEach(({ titles, processes }, index) => {
        const { host, service, name } = running[index]?.container ?? { host: '', service: '', name: '' }
        if (context.options.json) {
          context.printJson({ type: 'top', host, service, container: name, titles, processes })
          return
        }
        if (index > 0) context.print('')
        context.print(style.name(`${host} ${name}`))
        const rows = processes.map(row => row.map(cell => cleanLine(cell)))
        for (const line of table(titles, rows, context.io.stdout.columns)) context.print(line)
      })
      return tellProblems(context, engines.problems)
    }),
})
