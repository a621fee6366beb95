// A way to a host, as the rest of the program sees it: everything travels over one connection.
import type { Duplex } from 'node:stream'
import type { Sh } from './sh.js'

/** How a command on a host ended. A connection lost before the end is an error, never an Exit. */
export interface Exit {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Who runs a command. `login`: the user we came in as. `root`: through the host's `become`, or directly when we are root.
 * `best`: root where `become` is configured or where `sudo -n` works, else the login user (the answer tells by `id -u`).
 */
export type As = 'login' | 'root' | 'best'

export interface ExecOptions {
  as?: As
  signal?: AbortSignal
  /** Ends the command and fails when it takes longer; no limit if left out. */
  timeoutMs?: number
  /** Is told each line as it comes (control characters removed), stdout and stderr alike. */
  onLine?: (line: string) => void
  /** Is given all that comes, as it comes and byte by byte; there is no bound then, and the Exit holds no output. */
  onBytes?: (bytes: Uint8Array, from: 'stdout' | 'stderr') => void
}

export interface Size {
  columns: number
  rows: number
}

/** An interactive terminal on a host. */
export interface Terminal {
  write(data: Uint8Array | string): void
  onData(listener: (data: Uint8Array) => void): void
  resize(size: Size): void
  /** Settles with the exit code when the program behind it ends. */
  readonly exit: Promise<number>
  close(): void
}

/** What a connection has done so far; `-v` prints it, tests hold us to it. A socket through root counts as a dial, whatever carries it. */
export interface ConnectionStats {
  connections: number
  execs: number
  dials: number
}

export interface Connection {
  readonly host: string
  readonly stats: ConnectionStats
  /** Runs a command to its end. Output beyond 8 MiB a stream is an error. */
  exec(command: Sh, options?: ExecOptions): Promise<Exit>
  /** Opens a unix socket on the host. As root it goes through `docker system dial-stdio` over a kept sudo session. */
  dial(socketPath: string, options?: { as?: As; signal?: AbortSignal }): Promise<Duplex>
  /**
   * Opens a TCP connection from the host to an address that it reaches. Plain errors: code `ENOFORWARD` where sshd there forbids it,
   * `EDIAL` where nobody answers. Left out where the way to the host cannot do it.
   */
  dialTcp?(address: string, port: number, options?: { signal?: AbortSignal }): Promise<Duplex>
  /** Starts an interactive program (a login shell if the command is left out). */
  terminal(command: Sh | undefined, size: Size): Promise<Terminal>
  /** Closes and opens the way anew, so that a group the login user just joined takes effect. */
  renew(): Promise<void>
  close(): Promise<void>
}
