// `longshore ps`: the project's containers on all chosen hosts.
import { usageError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import { command } from '../../command.js'
import { containersOf, tellProblems, withEngines } from '../../engines.js'
import { table } from '../../report/table.js'
import { chosen, placeOptions } from '../../services/choose.js'

const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']

function readStates(texts: readonly string[]): (state: string) => boolean {
  const wanted = texts.flatMap(text => text.split(','))
  for (const text of wanted)
    if (!states.includes(text)) throw usageError(`"${text}" is no state of a container`, { hint: states.join(', ') })
  return state => wanted.length === 0 || wanted.includes(state)
}

export const ps = command({
  name: 'ps',
  summary: "list the project's containers",
  arguments: { services: { text: 'only these services', need: 'many' } },
  options: {
    all: { flags: '-a, --all', text: 'with those that `run` made', kind: 'flag' },
    quiet: { flags: '-q, --quiet', text: 'only their ids', kind: 'flag' },
    names: { flags: '--services', text: 'only the names of their services', kind: 'flag' },
    status: { flags: '--status <state>', text: 'only those that are running, exited, paused, …', kind: 'list' },
    ...placeOptions,
  },
  run: (context, { services: wanted, all, quiet, names, status, host, number }) =>
    withEngines(context, async engines => {
      const { services } = await context.project()
      const declared = new Set(services.map(service => service.name))
      const isWanted = readStates(status)
      const placed = await containersOf(context, engines)
      const own = await chosen(context, placed, { services: wanted, host, number })
      const beside = all ? placed.filter(one => one.container.oneOff && !own.includes(one)) : []
      const found = [...own, ...beside.filter(one => wanted.length === 0 || wanted.includes(one.container.service))]
        .filter(({ container }) => isWanted(container.state))
        .map(({ container }) => ({ ...container, orphan: !declared.has(container.service) }))
      const known = [...new Set(found.map(({ service }) => service))]
      if (names) for (const name of known) context.print(name)
      else if (context.options.json) for (const one of found) context.printJson({ type: 'container', ...one })
      else if (quiet) for (const { id } of found) context.print(id)
      else {
        const rows = found.map(({ host: on, name, service, image, status: text, ports, orphan }) =>
          [on, name, service, image, orphan ? `${text}, no longer declared` : text, ports.join(', ')].map(cell =>
            cleanLine(cell),
          ),
        )
        const heading = ['HOST', 'NAME', 'SERVICE', 'IMAGE', 'STATUS', 'PORTS']
        for (const line of table(heading, rows, context.io.stdout.columns)) context.print(line)
      }
      return tellProblems(context, engines.problems)
    }),
})
