// `longshore ssh`: a terminal on one host, or one command there.

import type { Connection } from '../../../core/connection.js'
import { usageError } from '../../../core/errors.js'
import { withStdin } from '../../../core/sh.js'
import { chooseHosts, withShell } from '../../choose-hosts.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { isInteractive, joinTerminal, sizeOf } from '../../raw-terminal.js'
import { shellOf } from '../../words.js'

/** Runs a command without a terminal: our stdin is its own, its streams stay apart. */
async function runThere(context: CommandContext, connection: Connection, words: readonly string[]): Promise<number> {
  const { io, signal, stdoutClosed } = context
  const text = shellOf(words)
  const { code } = await connection.exec(io.stdin.isTTY ? text : withStdin(text, () => io.stdin), {
    as: 'login',
    signal: AbortSignal.any([signal, stdoutClosed]),
    onBytes: (bytes, from) => void io[from].write(bytes),
  })
  return code
}

export const ssh = command({
  name: 'ssh',
  summary: 'open a terminal on a host, or run a command there',
  arguments: {
    host: { text: "the host's name", need: 'one' },
    command: { text: 'after `--`: one word is shell text, several are a program and its arguments', need: 'many' },
  },
  options: {},
  async run(context, { host, command: words }) {
    const [target, ...others] = chooseHosts(host, 'HOST', await context.project())
    if (!target || others.length > 0)
      throw usageError(`"${host}" means several hosts`, { hint: 'name one, or use `longshore sh` for several' })
    withShell([target], context.emit)
    const interactive = isInteractive(context.io)
    if (words.length === 0 && !interactive)
      throw usageError('there is no terminal here', { hint: `say what to run: longshore ssh ${host} -- COMMAND` })
    const connect = await context.connect()
    const connection = await connect(target, { signal: context.signal })
    try {
      if (!interactive) return await runThere(context, connection, words)
      const text = words.length === 0 ? undefined : shellOf(words)
      return await joinTerminal(context.io, await connection.terminal(text, sizeOf(context.io)))
    } finally {
      await connection.close()
    }
  },
})
