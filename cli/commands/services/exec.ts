// `longshore exec`: a command in a container that runs, with this terminal where there is one.
import { UserError } from '../../../core/errors.js'
import type { ExecRequest } from '../../../core/provider-abilities.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { type Placed, withEngines } from '../../engines.js'
import { isInteractive, onResize, sizeOf, withRawKeys } from '../../raw-terminal.js'
import { chosenOne, placeOptions } from '../../services/choose.js'

type Request = Pick<ExecRequest, 'argv' | 'user' | 'workdir' | 'tty'>

/** Runs the request with our streams; with a terminal, every key goes there as it is typed. */
async function runIn(context: CommandContext, { on, container }: Placed, request: Request): Promise<number> {
  const { io } = context
  const { engine, provider } = on
  const { stdin, stdout, stderr } = io
  const run = provider.exec?.bind(provider, engine, container.id)
  if (!run) throw new UserError(`${provider.name} cannot run commands in containers`, { where: container.host })
  if (!request.tty) return run({ ...request, stdin, stdout, stderr })
  const size = sizeOf(io)
  return withRawKeys(io, () =>
    run({ ...request, stdin, stdout, stderr, size, onResize: listener => onResize(io, listener) }),
  )
}

export const exec = command({
  name: 'exec',
  summary: 'run a command in a container',
  arguments: {
    service: { text: 'the service (or the name of a container of it)', need: 'one' },
    command: { text: 'after `--`: the program and its arguments', need: 'some' },
  },
  options: {
    ...placeOptions,
    user: { flags: '-u, --user <user>', text: 'as this user of the container', kind: 'value' },
    workdir: { flags: '-w, --workdir <folder>', text: 'in this folder of the container', kind: 'value' },
    noTty: { flags: '-T, --no-tty', text: 'without a terminal', kind: 'flag' },
  },
  run: (context, given) =>
    withEngines(context, async engines => {
      const { service, host, number, command: argv, user, workdir } = given
      const found = await chosenOne(context, engines, { service, host, number }, { running: true, first: true })
      const tty = !given.noTty && isInteractive(context.io)
      const request: Request = {
        argv,
        tty,
        ...(user === undefined ? {} : { user }),
        ...(workdir === undefined ? {} : { workdir }),
      }
      return runIn(context, found, request)
    }),
})
