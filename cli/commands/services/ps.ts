// `longshore ps`: the project's containers on all chosen hosts.
import { cleanLine } from '../../../core/events.js'
import { command } from '../../command.js'
import { containersOf, tellProblems, withEngines } from '../../engines.js'
import { table } from '../../report/table.js'

export const ps = command({
  name: 'ps',
  summary: "list the project's containers",
  arguments: {},
  options: { quiet: { flags: '-q, --quiet', text: 'only their ids', kind: 'flag' } },
  run: (context, { quiet }) =>
    withEngines(context, async engines => {
      const { services } = await context.project()
      const declared = new Set(services.map(service => service.name))
      const found = (await containersOf(context, engines)).map(({ container }) => ({
        ...container,
        orphan: !declared.has(container.service),
      }))
      if (context.options.json) for (const container of found) context.printJson({ type: 'container', ...container })
      else if (quiet) for (const { id } of found) context.print(id)
      else {
        const rows = found.map(({ host, name, service, image, status, ports, orphan }) =>
          [host, name, service, image, orphan ? `${status}, no longer declared` : status, ports.join(', ')].map(cell =>
            cleanLine(cell),
          ),
        )
        const heading = ['HOST', 'NAME', 'SERVICE', 'IMAGE', 'STATUS', 'PORTS']
        for (const line of table(heading, rows, context.io.stdout.columns)) context.print(line)
      }
      return tellProblems(context, engines.problems)
    }),
})
