// A running container as a host: programs are started through its engine, by the same rules as over ssh.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Connection, ConnectionStats, Exit } from '../core/connection.js'
import type { ContainerAccess } from '../core/container-hosts/access.js'
import { ContainerAway } from '../core/container-hosts/place.js'
import { UserError, unreachableError } from '../core/errors.js'
import type { Host } from '../core/project.js'
import { roleOf } from './command-line.js'
import { dialThrough } from './dial.js'
import { execute } from './exec.js'
import { endProgram, type Program, type Way, within } from './program.js'
import { createScreen } from './screen.js'

/** Name of the variable by which a program that does not end is found again in its container. */
const tokenName = 'LONGSHORE_EXEC'

/**
 * Ends what was started with a token, and its process group, by force. What the engine starts has no parent that the container can see;
 * its group is its own number.
 */
const killScript = (token: string): string => `for p in /proc/[0-9]*; do
  if grep -qs ${tokenName}=${token} "$p/environ"; then
    while read -r key value; do case $key in PPid:) parent=$value; break;; esac; done <"$p/status"
    if [ "$parent" = 0 ]; then kill -s KILL -- "-\${p#/proc/}"; fi
  fi
done 2>/dev/null`

/** How long a program has to comply before it is ended by force, in milliseconds. */
const graceMs = 1_000

/** What an engine says in place of a program's output when there is none of that name. */
const noProgram = /(?:OCI runtime exec failed|executable file .*not found|no such file or directory)/

const noShell = ({ name }: Host, container: string): UserError =>
  new UserError(`there is no sh in the container ${container}`, {
    where: name,
    hint: 'tasks need a POSIX shell and its tools: take an image that has them',
  })

/** A container that has gone away under us is a host that has. */
const gone = (host: Host, { container }: ContainerAccess, error: unknown): unknown =>
  error instanceof ContainerAway
    ? unreachableError(host.name, `the container ${container} is not there any more`)
    : error

async function startProgram(access: ContainerAccess, line: string, user: string | undefined, signal?: AbortSignal) {
  const token = randomBytes(12).toString('hex')
  const as = user === undefined ? {} : { user }
  const started = await access.start({
    argv: ['sh', '-c', line],
    environment: { [tokenName]: token },
    ...as,
    ...(signal === undefined ? {} : { signal }),
  })
  const closed = Promise.allSettled([
    started.exited,
    ...[started.stdout, started.stderr].map(stream => new Promise(resolve => stream.once('close', resolve))),
  ]).then(() => undefined)
  const program: Program = {
    stdin: started.stdin,
    stdout: started.stdout,
    stderr: started.stderr,
    exited: started.exited,
    closed,
    async terminate() {
      if (await within(graceMs, started.exited)) return
      // An engine has no way to end a program that it started in a running container.
      const killer = await access.start({ argv: ['sh', '-c', killScript(token)], user: '0' })
      killer.stdout.resume()
      killer.stderr.resume()
      killer.stdin.end()
      await within(graceMs, killer.exited)
    },
    close() {
      started.close()
      for (const stream of [started.stdout, started.stderr]) stream.destroy()
    },
  }
  return program
}

/** Makes a connection of the way into a container. `user` of the host is who runs commands; else the container's own. */
export function connectContainer(host: Host, access: ContainerAccess): Connection {
  const loginUser = host.user ?? access.ownUser
  const stats: ConnectionStats = { connections: 1, execs: 0, dials: 0 }
  const running = new Set<Program>()
  const way: Way = {
    host,
    loginUser: loginUser === '0' ? 'root' : loginUser,
    async start(line, signal) {
      signal?.throwIfAborted()
      const program = await startProgram(access, line, host.user, signal).catch((error: unknown) => {
        throw gone(host, access, error)
      })
      running.add(program)
      void program.closed.then(() => running.delete(program))
      return program
    },
  }
  const refused = (error: unknown): unknown =>
    error instanceof UserError && noProgram.test(error.output ?? '') ? noShell(host, access.container) : error
  return {
    host: host.name,
    stats,
    async exec(command, options): Promise<Exit> {
      stats.execs += 1
      return execute(way, command, options).catch((error: unknown) => {
        throw refused(error)
      })
    },
    async dial(socketPath, { as = 'login', signal } = {}): Promise<Duplex> {
      stats.dials += 1
      return dialThrough(way, socketPath, roleOf(host, way.loginUser, as), signal)
    },
    async terminal(command, size) {
      stats.execs += 1
      const user = host.user === undefined ? {} : { user: host.user }
      const argv = command === undefined ? ['sh', '-l'] : ['sh', '-c', command.sh]
      const program = await access.terminal({ argv, environment: { TERM: 'xterm-256color' }, ...user }, size)
      const screen = createScreen()
      program.stdout.on('data', (data: Uint8Array) => screen.show(data))
      program.stderr.resume()
      return {
        exit: program.exited.then(code => {
          if (code === undefined) throw unreachableError(host.name, 'the connection was lost')
          return code
        }),
        write: data => void program.stdin.write(data),
        onData: screen.watch,
        resize: program.resize,
        close: () => program.close(),
      }
    },
    // Every program is started anew, with the groups of its user as they are then.
    renew: async () => undefined,
    async close() {
      await Promise.all([...running].map(endProgram))
      access.close()
    },
  }
}
