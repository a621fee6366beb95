// `longshore history`: who changed the project's containers, when and how, as its hosts remember it.
import { hasShell } from '../../../core/engine-alone/address.js'
import { UserError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import type { HistoryHead } from '../../../core/history/entry.js'
import { toldOnce } from '../../../core/history/merge.js'
import { entriesOn } from '../../../core/history/read.js'
import type { Host } from '../../../core/project.js'
import { mapLimited } from '../../../core/run/workers.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { tellProblems } from '../../engines.js'
import { table } from '../../report/table.js'

interface Told {
  host: string
  head: HistoryHead
}

/** What one host remembers; a host that cannot be asked is a problem, and the others are told. */
async function ask(context: CommandContext, host: Host, project: string): Promise<Told[] | UserError> {
  const { signal } = context
  const connect = await context.connect()
  try {
    const connection = await connect(host, { signal })
    try {
      return (await entriesOn(connection, project, signal)).map(({ head }) => ({ host: host.name, head }))
    } finally {
      await connection.close()
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof UserError)) throw error
    return error
  }
}

const mentions = ({ changes }: HistoryHead, services: readonly string[]): boolean =>
  services.length === 0 ||
  changes.some(({ service, container }) => services.includes(service) || services.includes(container))

/** "replace web (2), create db". */
function changesText({ changes }: HistoryHead, services: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const { service, verb } of changes)
    if (services.length === 0 || services.includes(service))
      counts.set(`${verb} ${service}`, (counts.get(`${verb} ${service}`) ?? 0) + 1)
  return [...counts].map(([what, count]) => (count === 1 ? what : `${what} (${count})`)).join(', ')
}

const localTime = (time: string): string => {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return time
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}

const stateText = { begun: 'not finished', done: 'done', failed: 'failed', interrupted: 'interrupted' } as const

export const history = command({
  name: 'history',
  summary: "list the runs that changed the project's containers: who, when, what",
  arguments: { services: { text: 'only what changed these services', need: 'many' } },
  options: {},
  async run(context, { services }) {
    const { name } = await context.project()
    // Hosts that only their engine reaches keep none.
    const hosts = (await context.hosts()).filter(hasShell)
    const answers = await mapLimited(hosts, await context.forks(), host => ask(context, host, name))
    const problems = answers.filter(answer => answer instanceof UserError)
    const found = toldOnce(answers.flatMap(answer => (answer instanceof UserError ? [] : answer)))
      .filter(({ head }) => mentions(head, services))
      .sort((one, other) => (one.head.time < other.head.time ? -1 : one.head.time > other.head.time ? 1 : 0))
    if (context.options.json) for (const { host, head } of found) context.printJson({ type: 'history', host, ...head })
    else if (found.length === 0 && problems.length === 0)
      context.print(services.length === 0 ? 'No history yet.' : `No entry names ${services.join(', ')}.`)
    else if (found.length > 0) {
      const rows = found.map(({ host, head }) =>
        [
          String(head.number),
          localTime(head.time),
          host,
          head.who,
          head.reason,
          stateText[head.state] ?? head.state,
          changesText(head, services),
        ].map(cell => cleanLine(cell)),
      )
      const heading = ['NO', 'WHEN', 'HOST', 'WHO', 'COMMAND', 'ENDED', 'WHAT']
      for (const line of table(heading, rows, context.io.stdout.columns)) context.print(line)
    }
    return tellProblems(context, problems)
  },
})
