// `longshore logs`: what the project's containers print, each line with the container that printed it.
import { UserError, usageError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import { suggestion } from '../../../core/language/index.js'
import type { LogOptions } from '../../../core/provider-abilities.js'
import { mapLimited } from '../../../core/run/workers.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { containersOf, type Placed, tellProblems, withEngines } from '../../engines.js'

const longestLine = 64 * 1024

function readTail(text: string | undefined): LogOptions['tail'] {
  if (text === undefined || text === 'all') return 'all'
  if (/^\d+$/.test(text)) return Number(text)
  throw usageError(`--tail takes a number or "all", not "${text}"`)
}

/** The containers of the named services, of all without a name. A name that is none is a usage error. */
async function chosen(context: CommandContext, placed: Placed[], names: readonly string[]): Promise<Placed[]> {
  const { services } = await context.project()
  const known = new Set([...services.map(service => service.name), ...placed.map(one => one.container.service)])
  for (const name of names)
    if (!known.has(name)) throw usageError(`there is no service "${name}"${suggestion(name, known)}`)
  return names.length === 0 ? placed : placed.filter(one => names.includes(one.container.service))
}

/** Writes a container's lines with their origin in front. */
async function show(context: CommandContext, one: Placed, label: string, options: LogOptions): Promise<void> {
  const { engine, provider } = one.on
  const { host, name, service } = one.container
  if (!provider.logs) throw new UserError(`${provider.name} keeps no logs`, { where: host })
  try {
    await provider.logs(engine, one.container.id, options, (line, stream) => {
      const text = cleanLine(line, longestLine)
      if (context.options.json) context.printJson({ type: 'log', host, service, container: name, stream, text })
      else context.print(`${label}${text}`)
    })
  } catch (error) {
    if (!options.signal.aborted) throw error
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
    timestamps: { flags: '-t, --timestamps', text: 'with the time of each line', kind: 'flag' },
    noPrefix: { flags: '--no-prefix', text: 'without the container in front', kind: 'flag' },
  },
  run: (context, given) =>
    withEngines(context, async engines => {
      const tail = readTail(given.tail)
      const placed = await chosen(context, await containersOf(context, engines), given.services)
      const style = await context.style()
      const several = new Set(placed.map(one => one.container.host)).size > 1
      const labels = placed.map(({ container }) => (several ? `${container.host} ${container.name}` : container.name))
      const column = Math.max(0, ...labels.map(label => label.length))
      const options: LogOptions = {
        follow: given.follow,
        tail,
        timestamps: given.timestamps,
        signal: AbortSignal.any([context.signal, context.stdoutClosed]),
        ...(given.since === undefined ? {} : { since: given.since }),
      }
      // Without --follow one container after the other, so that what belongs together stays together.
      await mapLimited(placed, given.follow ? placed.length : 1, (one, index) => {
        const label = given.noPrefix ? '' : `${style.name((labels[index] ?? '').padEnd(column))} | `
        return show(context, one, label, options)
      })
      return tellProblems(context, engines.problems)
    }),
})
