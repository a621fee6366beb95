// This machine as a host: child processes instead of channels, the same sudo rules, unix sockets opened directly.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { constants, userInfo } from 'node:os'
import { kill } from 'node:process'
import type { Connection, ConnectionStats } from '../core/connection.js'
import { messageOf, UserError } from '../core/errors.js'
import type { Host } from '../core/project.js'
import { roleOf } from './command-line.js'
import { dialThroughSudo } from './dial.js'
import { execute } from './exec.js'
import type { ConnectOptions } from './options.js'
import { endProgram, type Program, type Way } from './program.js'
import { dialError } from './socket.js'
import { openLocalTerminal } from './terminal.js'

type LocalOptions = Pick<ConnectOptions, 'home' | 'env'>

const definedOnly = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

/** Opens this machine. The login user is whoever runs us. */
export function connectLocal(host: Host, { home, env }: LocalOptions): Connection {
  const me = userInfo()
  const stats: ConnectionStats = { connections: 1, execs: 0, dials: 0 }
  const running = new Set<Program>()
  const way: Way = {
    host,
    loginUser: me.username,
    async start(line, signal) {
      signal?.throwIfAborted()
      const program = await startProgram(host, line, home, definedOnly(env))
      running.add(program)
      void program.closed.then(() => running.delete(program))
      return program
    },
  }
  return {
    host: host.name,
    stats,
    exec(command, options) {
      stats.execs += 1
      return execute(way, command, options)
    },
    async dial(socketPath, { as = 'login', signal } = {}) {
      stats.dials += 1
      const role = roleOf(host, me.username, as)
      if (role.kind === 'sudo') return dialThroughSudo(way, socketPath, signal)
      return dialHere(host, socketPath, signal).catch((error: unknown) => {
        if (role.kind === 'plain') throw error
        return dialThroughSudo(way, socketPath, signal)
      })
    },
    async dialTcp(address, port, { signal } = {}) {
      stats.dials += 1
      return dialTcpHere(host, address, port, signal)
    },
    terminal(command, size) {
      stats.execs += 1
      return openLocalTerminal(command, size, { cwd: home, env: definedOnly(env), shell: me.shell ?? '/bin/sh' })
    },
    // A process keeps the groups it was started with; what needs a new group here goes through sudo.
    renew: async () => undefined,
    async close() {
      await Promise.all([...running].map(endProgram))
    },
  }
}

async function startProgram(host: Host, line: string, cwd: string, env: Record<string, string>): Promise<Program> {
  // A process group of its own, so that all of it can be ended.
  const child = spawn('/bin/sh', ['-c', line], { cwd, env, detached: true, stdio: 'pipe' })
  await once(child, 'spawn').catch((error: unknown) => {
    throw new UserError(`cannot start a shell: ${messageOf(error)}`, { where: host.name, cause: error })
  })
  child.stdin.on('error', () => undefined)
  const send = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) kill(-child.pid, signal)
    } catch {
      // Gone already, or root's: then there is nothing that we could end.
    }
  }
  const exited = new Promise<number>(resolve => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
  const closed = new Promise<void>(resolve => {
    child.once('close', () => resolve())
  })
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    closed,
    terminate: async () => send('SIGTERM'),
    close() {
      send('SIGKILL')
      child.stdin.destroy()
      child.stdout.destroy()
      child.stderr.destroy()
    },
  }
}

async function dialHere(host: Host, path: string, signal?: AbortSignal): Promise<ReturnType<typeof connect>> {
  const socket = connect({ path, allowHalfOpen: true })
  try {
    await once(socket, 'connect', signal === undefined ? {} : { signal })
    return socket
  } catch (error) {
    socket.destroy()
    if (signal?.aborted) throw signal.reason
    const code = (error as NodeJS.ErrnoException).code
    const reasons: Record<string, string> = { ENOENT: 'there is no such socket', EACCES: 'permission denied' }
    throw dialError(host.name, path, reasons[code ?? ''] ?? messageOf(error), error)
  }
}

/** Opens a TCP connection from this machine. */
export async function dialTcpHere(
  host: Host,
  address: string,
  port: number,
  signal?: AbortSignal,
): Promise<ReturnType<typeof connect>> {
  const socket = connect({ host: address, port, allowHalfOpen: true })
  try {
    await once(socket, 'connect', signal === undefined ? {} : { signal })
    return socket
  } catch (error) {
    socket.destroy()
    if (signal?.aborted) throw signal.reason
    throw dialError(host.name, `${address}:${port}`, messageOf(error), error)
  }
}
