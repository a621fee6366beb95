// This terminal, handed over to a program elsewhere: every key goes there as it is typed, and its size with it.
import { spawnSync } from 'node:child_process'
import type { Size, Terminal } from '../core/connection.js'
import type { Io } from './streams.js'

/** True where a person sits at both ends. */
export const isInteractive = (io: Io): boolean => io.stdin.isTTY === true && io.stdout.isTTY === true

/** The terminal's size now. */
export const sizeOf = (io: Io): Size => ({ columns: io.stdout.columns ?? 80, rows: io.stdout.rows ?? 24 })

/** Tells of every new size of the terminal. */
export const onResize = (io: Io, listener: (size: Size) => void): void => {
  io.stdout.on('resize', () => listener(sizeOf(io)))
}

/** Runs work while keys come unchanged, Ctrl-C included; the terminal is as before when it ends. */
export async function withRawKeys<T>(io: Io, work: () => Promise<T>): Promise<T> {
  const restore = (): void => {
    io.stdin.setRawMode(false)
  }
  io.stdin.setRawMode(true)
  // Node's raw mode still turns each line feed that is shown into two characters; full-screen programs there mean it alone.
  // What was before comes back with setRawMode(false).
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
  // Whatever ends the process: a terminal left raw is of no use to anybody.
  process.once('exit', restore)
  try {
    return await work()
  } finally {
    process.off('exit', restore)
    restore()
    io.stdin.pause()
  }
}

/** Joins this terminal with one elsewhere until the program there ends; gives its exit code. */
export const joinTerminal = (io: Io, terminal: Terminal): Promise<number> =>
  withRawKeys(io, async () => {
    const type = (keys: Uint8Array): void => terminal.write(keys)
    terminal.onData(data => io.stdout.write(data))
    onResize(io, size => terminal.resize(size))
    io.stdin.on('data', type)
    try {
      return await terminal.exit
    } finally {
      io.stdin.off('data', type)
      terminal.close()
    }
  })
