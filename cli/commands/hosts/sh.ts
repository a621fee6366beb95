// `longshore sh`: one command on several hosts at once, each line with the host that printed it.
import { exitCodes, UserError } from '../../../core/errors.js'
import type { Host } from '../../../core/project.js'
import { mapLimited } from '../../../core/run/workers.js'
import { chooseHosts, withShell } from '../../choose-hosts.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { shellOf } from '../../words.js'

interface Job {
  words: readonly string[]
  root: boolean
  label(host: Host): string
}

/** Runs the command on one host; gives its exit code, or why there is none. */
async function runOn(context: CommandContext, host: Host, job: Job): Promise<number | UserError> {
  const { options, signal } = context
  try {
    const connection = await (await context.connect())(host, { signal })
    try {
      const { code } = await connection.exec(shellOf(job.words), {
        as: job.root ? 'root' : 'login',
        signal,
        onLine(text) {
          if (options.json) context.printJson({ type: 'line', host: host.name, text })
          else context.print(`${job.label(host)} | ${text}`)
        },
      })
      if (options.json) context.printJson({ type: 'result', host: host.name, code })
      return code
    } finally {
      await connection.close()
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof UserError)) throw error
    return error
  }
}

export const sh = command({
  name: 'sh',
  summary: 'run a command on several hosts at once',
  arguments: {
    selector: { text: 'which hosts: all, front, role=web, "web*", "!db1"', need: 'one' },
    command: { text: 'after `--`: one word is shell text, several are a program and its arguments', need: 'some' },
  },
  options: { become: { flags: '-b, --become', text: 'as root', kind: 'flag' } },
  async run(context, { selector, command: words, become }) {
    const allowed = new Set((await context.hosts()).map(host => host.name))
    const meant = chooseHosts(selector, 'SELECTOR', await context.project()).filter(host => allowed.has(host.name))
    const hosts = withShell(meant, context.emit)
    const style = await context.style()
    const column = Math.max(0, ...hosts.map(host => host.name.length))
    const job: Job = { words, root: become, label: host => style.name(host.name.padEnd(column)) }
    const results = await mapLimited(hosts, await context.forks(), async host => ({
      host,
      result: await runOn(context, host, job),
    }))
    let exit: number = exitCodes.done
    for (const { host, result } of results) {
      if (result === 0) continue
      const error =
        result instanceof UserError ? result : new UserError(`ended with exit code ${result}`, { where: host.name })
      if (exit !== exitCodes.unreachable) exit = error.exit === exitCodes.unreachable ? error.exit : exitCodes.failed
      await context.tell(error)
    }
    return exit
  },
})
