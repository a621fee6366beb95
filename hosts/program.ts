// A running program, here or on another machine, as the rest of the room sees it.
import type { Readable, Writable } from 'node:stream'
import type { Host } from '../core/project.js'

export interface Program {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** False as long as only the login shell has been heard of; left out where that cannot be. */
  readonly isOurs?: () => boolean
  /** The exit code (128 + n for signal n); undefined when the way to the program was lost before it ended. */
  readonly exited: Promise<number | undefined>
  /** Settles when both output streams have ended and the program is gone. */
  readonly closed: Promise<void>
  /** Asks the program and its process group to end (TERM). */
  terminate(): Promise<void>
  /** Gives the program up: cuts its streams, and ends it by force where that is possible. */
  close(): void
}

/** Where programs can be started: a shell takes `line` there as the login user. */
export interface Way {
  readonly host: Host
  readonly loginUser: string
  /** UserError with exit code 4 when the host is no longer there. */
  start(line: string, signal?: AbortSignal): Promise<Program>
}

/** Waits for a promise, but no longer than so many milliseconds. False when the time ran out. */
export async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(resolve, ms, false)
  })
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer))
}

/** Ends a program: TERM, two seconds to comply, then by force. */
export async function endProgram(program: Program): Promise<void> {
  await within(2_000, program.terminate())
  await within(2_000, program.closed)
  program.close()
}
