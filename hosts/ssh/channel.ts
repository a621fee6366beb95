// Session channels of a connection as programs, and forwarded unix sockets as streams.

import { constants } from 'node:os'
import type { Duplex } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { Terminal } from '../../core/connection.js'
import { messageOf, unreachableError } from '../../core/errors.js'
import type { Program } from '../program.js'
import { createScreen } from '../screen.js'
import { dialError, HostSocket } from '../socket.js'
import {
  channelClosed,
  keepUntilClosed,
  type SshChannel,
  type SshClient,
  type SshFault,
  signalChannel,
} from './client.js'

/** Milliseconds for what a terminal shows after its program's end. */
const lastWordsMs = 2_000

/** How the programs of channels ended. Heard from the first moment on: a quick one has ended before any `await` goes on. */
const exits = new WeakMap<SshChannel, Promise<number | undefined>>()

/** Opens a session channel in ssh2's callback style; ssh2 throws when the connection is gone. */
export async function openSession(
  open: (answer: (error: Error | undefined, channel: SshChannel) => void) => void,
): Promise<SshChannel> {
  const channel = await openChannel(answer =>
    open((error, opened) => {
      if (!error) exits.set(opened, hearExit(opened))
      answer(error, opened)
    }),
  )
  return keepUntilClosed(channel)
}

function openChannel(
  open: (answer: (error: Error | undefined, channel: SshChannel) => void) => void,
): Promise<SshChannel> {
  return new Promise((resolve, reject) => {
    open((error, channel) => (error ? reject(error) : resolve(channel)))
  })
}

/** True when the host refuses one more session (MaxSessions), rather than being gone. */
export const isTooMany = (error: unknown): boolean => (error as SshFault).reason === 2

const exitOf = (channel: SshChannel): Promise<number | undefined> => exits.get(channel) ?? hearExit(channel)

/** The exit code of a channel's program: undefined when the channel closed without one. */
function hearExit(channel: SshChannel): Promise<number | undefined> {
  return new Promise(resolve => {
    channel.once('exit', (code: number | null, signal?: string) => {
      const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1]
      resolve(code ?? 128 + (number ?? 0))
    })
    channel.once('close', () => resolve(undefined))
  })
}

/** A session channel as a program. */
export function programOf(channel: SshChannel): Program {
  channel.on('error', () => undefined)
  const closed = channelClosed(channel)
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exited: exitOf(channel),
    closed,
    terminate: async () => signalChannel(channel, 'TERM'),
    close() {
      channel.close()
      // A channel tells its end only to those who read it.
      channel.resume()
      channel.stderr.resume()
    },
  }
}

/** A session channel with a terminal of the host's as an interactive terminal. */
export function terminalOf(channel: SshChannel, host: string): Terminal {
  channel.stderr.resume()
  const closed = channelClosed(channel).catch(() => undefined)
  const exit = exitOf(channel).then(async code => {
    if (code === undefined) throw unreachableError(host, 'the connection was lost')
    // sshd may tell the exit code before the last of what was shown (session_exit_message in OpenSSH's session.c); what keeps the
    // terminal open after its program is not waited for.
    await Promise.race([closed, setTimeout(lastWordsMs, undefined, { ref: false })])
    return code
  })
  // Whoever never asks for the exit must not be brought down by it.
  exit.catch(() => undefined)
  const screen = createScreen()
  channel.on('data', screen.show)
  return {
    exit,
    write: data => void channel.write(data),
    onData: screen.watch,
    resize: next => channel.setWindow(next.rows, next.columns, 0, 0),
    close: () => channel.close(),
  }
}

/** Opens a unix socket on the host as the login user; it takes no session. Errors: EDIAL. */
export async function dialStreamLocal(client: SshClient, host: string, socketPath: string): Promise<Duplex> {
  const channel = await openChannel(answer => client.openssh_forwardOutStreamLocal(socketPath, answer)).catch(
    (error: unknown) => {
      const reason = isTooMany(error) ? 'there is no such socket, or the login user may not use it' : messageOf(error)
      throw dialError(host, socketPath, reason, error)
    },
  )
  return socketOf(channel)
}

/** Opens a TCP connection from the host; it takes no session. Errors: ENOFORWARD where sshd forbids it, else EDIAL. */
export async function dialTcpThere(client: SshClient, host: string, address: string, port: number): Promise<Duplex> {
  const channel = await openChannel(answer => client.forwardOut('127.0.0.1', 0, address, port, answer)).catch(
    (error: unknown) => {
      const failed = dialError(host, `${address}:${port}`, messageOf(error), error)
      // RFC 4254, 5.1: 1 is "administratively prohibited", 2 "connect failed".
      throw (error as SshFault).reason === 1 ? Object.assign(failed, { code: 'ENOFORWARD' }) : failed
    },
  )
  return socketOf(channel)
}

function socketOf(channel: SshChannel): HostSocket {
  const closed = new Promise<void>(resolve => {
    channel.once('close', () => resolve())
  })
  return new HostSocket({
    readable: channel,
    writable: channel,
    closed,
    close: () => channel.close(),
  })
}
