// What people can do with the containers and images of an engine besides applying a plan: each ability a provider may lack, and then says so.
import type { Engine } from './provider.js'

/** A container of the project's as `ps` and `status` show it. */
export interface ContainerState {
  host: string
  service: string
  number: number
  name: string
  id: string
  image: string
  /** "running", "exited", … */
  state: string
  /** "Up 2 minutes (healthy)". */
  status: string
  ports: string[]
  /** No longer declared (only where the caller knows what is wanted). */
  orphan: boolean
}

/** An image as `images` shows it. */
export interface ImageState {
  host: string
  /** Name with tag; empty where it has none. One image may have several. */
  name: string
  id: string
  /** Bytes that it takes, with what it shares with others. */
  size: number
  /** Seconds since 1970; 0 where it does not say. */
  created: number
  /** Names of the containers made from it. */
  usedBy: string[]
  /** It is none to run, but keeps the layers of this one for the next time that it is received. */
  keepsLayersOf?: string
}

export interface LogOptions {
  follow: boolean
  tail: number | 'all'
  since?: string
  timestamps: boolean
  signal: AbortSignal
}

export interface ExecRequest {
  argv: string[]
  user?: string
  workdir?: string
  tty: boolean
  stdin: NodeJS.ReadableStream | undefined
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
  size?: { columns: number; rows: number }
  onResize?: (listener: (size: { columns: number; rows: number }) => void) => void
}

/** What can be done with containers. */
export interface ContainerAbilities {
  /** The project's containers on this engine, for `ps` and `status`. */
  list(engine: Engine, project: string): Promise<ContainerState[]>
  /** Streams a container's log lines; `line` is told which stream it was. */
  logs?(
    engine: Engine,
    container: string,
    options: LogOptions,
    line: (text: string, stream: 'stdout' | 'stderr') => void,
  ): Promise<void>
  /** Runs a command in a container; gives its exit code. */
  exec?(engine: Engine, container: string, request: ExecRequest): Promise<number>
}

/** What can be done with images. */
export interface ImageAbilities {
  /** All images of this engine, whoever brought them. */
  images?(engine: Engine): Promise<ImageState[]>
}
