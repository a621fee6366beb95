// A running container as a host: how programs are started in it, through its engine and without anything listening inside.
import type { Readable, Writable } from 'node:stream'
import type { Size } from '../connection.js'

/** A program in a container. */
export interface ContainerProgram {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Empty where it has a terminal: there both are one. */
  readonly stderr: Readable
  /** Settles when its output has ended: with its exit code, or undefined where the way to it was lost. */
  readonly exited: Promise<number | undefined>
  /** Cuts its streams. The engine ends nothing for that. */
  close(): void
}

/** What a program in a container is started with. */
export interface ContainerStart {
  argv: readonly string[]
  /** Name or number; left out: the container's own. */
  user?: string
  environment?: Readonly<Record<string, string>>
  signal?: AbortSignal
}

/** The way into one running container, whatever engine it is on. */
export interface ContainerAccess {
  /** The container's name or id, for errors. */
  readonly container: string
  /** The user whom its image, or whoever made it, has its program run as; "root" where nobody says. */
  readonly ownUser: string
  /** Starts a program. UserError where the container does not run (any more), or has no such program. */
  start(start: ContainerStart): Promise<ContainerProgram>
  /** Starts a program with a terminal. */
  terminal(start: ContainerStart, size: Size): Promise<ContainerProgram & { resize(size: Size): void }>
  close(): void
}
