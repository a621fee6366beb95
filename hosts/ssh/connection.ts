// A host behind ssh: programs, sockets and terminals over one connection, never more sessions at a time than sshd allows.
import type { Duplex } from 'node:stream'
import type { As, Connection, ConnectionStats, ExecOptions, Exit, Size, Terminal } from '../../core/connection.js'
import { messageOf, UserError, unreachableError } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import type { Sh } from '../../core/sh.js'
import { quoteForLogin, roleOf } from '../command-line.js'
import { dialThroughSudo } from '../dial.js'
import { execute } from '../exec.js'
import type { ConnectOptions } from '../options.js'
import { endProgram, type Program, type Way } from '../program.js'
import { createSemaphore, type Semaphore } from '../semaphore.js'
import { dialStreamLocal, dialTcpThere, isTooMany, openSession, programOf, terminalOf } from './channel.js'
import type { SshChannel, SshClient } from './client.js'
import { createLinks, type Link, type OpenLink } from './link.js'

/** sshd allows ten sessions a connection (MaxSessions); two are left to others and to what is just closing. */
const sessionsAtATime = 8
/** Sockets through sudo are kept open; so many may hold a session of the main connection, more get connections of their own. */
const keptSudoDials = 3

export type ConnectSsh = (host: Host, signal?: AbortSignal) => Promise<Connection>

/** Makes the function that opens ssh hosts; what they share lives as long as it. */
export function createConnectSsh(options: ConnectOptions): ConnectSsh {
  const openLink = createLinks(options)
  return async (host, signal) => {
    const connection = new SshConnection(host, openLink, options.env.TERM ?? 'xterm-256color')
    await connection.open(signal)
    return connection
  }
}

/** A connection of ssh with the sessions that it has. */
interface Line {
  link: Link
  sessions: Semaphore
  /** How many of the sessions are kept sockets through sudo. */
  kept: number
}

class SshConnection implements Connection {
  readonly host: string
  readonly stats: ConnectionStats = { connections: 0, execs: 0, dials: 0 }
  readonly #host: Host
  readonly #openLink: OpenLink
  readonly #term: string
  readonly #running = new Set<Program>()
  /** The first one carries everything; others only sockets through sudo that it has no room for. */
  #lines: Line[] = []
  #places: Promise<unknown> = Promise.resolve()

  constructor(host: Host, openLink: OpenLink, term: string) {
    this.host = host.name
    this.#host = host
    this.#openLink = openLink
    this.#term = term
  }

  async open(signal?: AbortSignal): Promise<Line> {
    const link = await this.#openLink(this.#host, signal)
    this.stats.connections += 1
    const line = { link, sessions: createSemaphore(sessionsAtATime), kept: 0 }
    this.#lines.push(line)
    return line
  }

  exec(command: Sh, options?: ExecOptions): Promise<Exit> {
    return execute(this.#wayOver(this.#main()), command, options)
  }

  async dial(socketPath: string, { as, signal }: { as?: As; signal?: AbortSignal } = {}): Promise<Duplex> {
    signal?.throwIfAborted()
    this.stats.dials += 1
    const main = this.#main()
    const role = roleOf(this.#host, main.link.user, as)
    if (role.kind === 'sudo') return this.#dialAsRoot(socketPath, signal)
    return this.#guard(() => dialStreamLocal(main.link.client, this.host, socketPath)).catch((error: unknown) => {
      if (role.kind === 'plain' || error instanceof UserError) throw error
      return this.#dialAsRoot(socketPath, signal)
    })
  }

  dialTcp(address: string, port: number, { signal }: { signal?: AbortSignal } = {}): Promise<Duplex> {
    signal?.throwIfAborted()
    this.stats.dials += 1
    return this.#guard(() => dialTcpThere(this.#main().link.client, this.host, address, port))
  }

  async #dialAsRoot(socketPath: string, signal?: AbortSignal): Promise<Duplex> {
    const line = await this.#lineWithRoom(signal)
    const leave = (): void => {
      line.kept -= 1
    }
    try {
      const socket = await dialThroughSudo(this.#wayOver(line, false), socketPath, signal)
      return socket.once('close', leave)
    } catch (error) {
      leave()
      throw error
    }
  }

  /** A connection with room for one more kept socket, which has that place taken; made if there is none. One caller at a time. */
  #lineWithRoom(signal?: AbortSignal): Promise<Line> {
    const turn = this.#places.then(async () => {
      const most = (line: Line): number => (line === this.#lines[0] ? keptSudoDials : line.sessions.limit)
      const line = this.#lines.find(candidate => candidate.kept < most(candidate)) ?? (await this.open(signal))
      line.kept += 1
      return line
    })
    this.#places = turn.catch(() => undefined)
    return turn
  }

  async terminal(command: Sh | undefined, size: Size): Promise<Terminal> {
    this.stats.execs += 1
    const window = { term: this.#term, cols: size.columns, rows: size.rows, width: 0, height: 0 }
    const channel = await this.#session(this.#main(), client =>
      openSession(answer =>
        command === undefined
          ? client.shell(window, answer)
          : client.exec(`exec sh -c ${quoteForLogin(command.sh)}`, { pty: window }, answer),
      ),
    )
    return terminalOf(channel, this.host)
  }

  async renew(): Promise<void> {
    const old = this.#lines
    this.#lines = []
    try {
      await this.open()
    } catch (error) {
      this.#lines = old
      throw error
    }
    for (const line of old) line.link.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map(endProgram))
    for (const line of this.#lines.splice(0)) line.link.close()
  }

  #main(): Line {
    const [main] = this.#lines
    if (main === undefined) throw unreachableError(this.host, 'the connection is closed')
    return main
  }

  #wayOver(line: Line, ended = true): Way {
    return {
      host: this.#host,
      loginUser: line.link.user,
      start: async (text, signal) => {
        const channel = await this.#session(line, client => openSession(answer => client.exec(text, answer)), signal)
        const program = programOf(channel)
        // A kept socket is a dial, and ends with the connection; a command is an exec, and must be told.
        if (ended) {
          this.stats.execs += 1
          this.#running.add(program)
        }
        void program.closed.then(() => this.#running.delete(program))
        return program
      },
    }
  }

  /** Opens a session in its turn. A host that allows fewer sessions than usual is believed, and the rest waits. */
  async #session(
    line: Line,
    open: (client: SshClient) => Promise<SshChannel>,
    signal?: AbortSignal,
  ): Promise<SshChannel> {
    for (;;) {
      const free = await line.sessions.acquire(signal)
      try {
        const channel = await this.#guard(() => open(line.link.client))
        // Each of stdin, stdout and whoever waits for the end listens for its close.
        channel.setMaxListeners(0)
        channel.once('close', free)
        return channel
      } catch (error) {
        const others = line.sessions.held - 1
        free()
        if (!isTooMany(error)) throw error
        if (others === 0) throw refusedError(this.host, error)
        line.sessions.narrow(others)
      }
    }
  }

  /** Says that the connection is lost where ssh2 says that it is not connected. */
  async #guard<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      if (!/not connected|no response from server/i.test(messageOf((error as Error).cause ?? error))) throw error
      throw unreachableError(this.host, 'the connection was lost', { hint: 'run the same again', cause: error })
    }
  }
}

const refusedError = (host: string, cause: unknown): UserError =>
  unreachableError(host, 'sshd there allows no session', {
    hint: 'raise MaxSessions in its sshd_config, or use another login (hosts.NAME.user)',
    cause,
  })
