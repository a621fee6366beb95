// `longshore exec`: a command in a container that runs, with this terminal where there is one.
import { UserError, usageError } from '../../../core/errors.js'
import { suggestion } from '../../../core/language/index.js'
import type { ExecRequest } from '../../../core/provider-abilities.js'
import { command } from '../../command.js'
import type { CommandContext } from '../../context.js'
import { containersOf, type Placed, tellProblems, withEngines } from '../../engines.js'
import { isInteractive, onResize, sizeOf, withRawKeys } from '../../raw-terminal.js'

interface Wish {
  service: string
  host: string | undefined
  number: string | undefined
}

/** The first running container that the wish allows. A UserError that tells what there is instead. */
function choose(placed: readonly Placed[], { service, host, number }: Wish): Placed {
  const named = placed.filter(({ container }) => container.service === service || container.name === service)
  if (named.length === 0) {
    const known = placed.map(one => one.container.service)
    throw usageError(`no container of the service "${service}" is there${suggestion(service, known)}`)
  }
  const meant = named.filter(
    ({ container }) =>
      (host === undefined || container.host === host) && (number === undefined || container.number === Number(number)),
  )
  const found = meant.find(one => one.container.state === 'running')
  if (found) return found
  const states = (meant.length > 0 ? meant : named).map(
    ({ container: { host: on, name, state } }) => `${on} ${name}: ${state}`,
  )
  const which = meant.length > 0 ? 'is not running' : 'is not where you say'
  throw new UserError(`the service "${service}" ${which}`, { output: states.join('\n') })
}

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
    host: { flags: '--host <name>', text: 'on this host, where there are several', kind: 'value' },
    number: { flags: '--number <n>', text: 'the n-th container of the service', kind: 'value' },
    user: { flags: '-u, --user <user>', text: 'as this user of the container', kind: 'value' },
    workdir: { flags: '-w, --workdir <folder>', text: 'in this folder of the container', kind: 'value' },
    noTty: { flags: '-T, --no-tty', text: 'without a terminal', kind: 'flag' },
  },
  run: (context, given) =>
    withEngines(context, async engines => {
      const { service, host, number, command: argv, user, workdir } = given
      const placed = await containersOf(context, engines)
      // A host that does not answer may be where the container is.
      if (placed.length === 0 && engines.problems.length > 0) return tellProblems(context, engines.problems)
      const found = choose(placed, { service, host, number })
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
