// Interactive terminals on this machine; the only file that knows node-pty.
import type { Size, Terminal } from '../core/connection.js'
import type { Sh } from '../core/sh.js'
import { createScreen } from './screen.js'

/** Where a local terminal starts and with what environment. */
export interface LocalTerminalOptions {
  cwd: string
  env: Record<string, string>
  /** The shell to start when no command is given. */
  shell: string
}

/** Starts a program, or a login shell, on a terminal of this machine. */
export async function openLocalTerminal(
  command: Sh | undefined,
  size: Size,
  { cwd, env, shell }: LocalTerminalOptions,
): Promise<Terminal> {
  // Loaded when needed: it brings a native library.
  const { spawn } = await import('node-pty')
  const [file, args] = command === undefined ? [shell, ['-l']] : ['/bin/sh', ['-c', command.sh]]
  const pty = spawn(file, args, {
    name: env.TERM ?? 'xterm-256color',
    cols: size.columns,
    rows: size.rows,
    cwd,
    env,
    encoding: null,
  })
  const screen = createScreen()
  // The types say string, but without an encoding bytes come.
  pty.onData(data => screen.show(typeof data === 'string' ? Buffer.from(data) : data))
  const exit = new Promise<number>(resolve => {
    pty.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode))
  })
  return {
    exit,
    write: data => pty.write(typeof data === 'string' ? data : Buffer.from(data)),
    onData: screen.watch,
    resize: next => pty.resize(next.columns, next.rows),
    close: () => pty.kill(),
  }
}
