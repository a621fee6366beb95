// What people can do with the containers and images of an engine besides applying a plan: each ability a provider may lack, and then says so.
import type { Readable } from 'node:stream'
import type { ContainerAccess } from './container-hosts/access.js'
import type { Engine, EngineStep, Scope } from './provider.js'

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
  /** Made by `run`, beside the service's own. */
  oneOff?: true
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

/** What a container printed, and when by its engine's clock. */
export interface LogLine {
  /** RFC 3339 in UTC with nine digits of a second: such texts sort as their times do. */
  time: string
  stream: 'stdout' | 'stderr'
  /** Without a line feed; control characters are still in it. */
  text: string
}

/** Times are as people give them: `10m`, a date, seconds since 1970. */
export interface LogOptions {
  follow: boolean
  tail: number | 'all'
  since?: string
  until?: string
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

/** The streams to join with those of a container's own program. */
export interface AttachRequest {
  stdin: NodeJS.ReadableStream | undefined
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
  /** Keys that leave the container running, of one with a terminal ("ctrl-p,ctrl-q"). */
  detachKeys?: string
  size?: { columns: number; rows: number }
  onResize?: (listener: (size: { columns: number; rows: number }) => void) => void
  signal: AbortSignal
}

/** What may be asked of a container as it stands, without a look at what the file says of it. */
export interface ControlRequest {
  verb: 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'unpause'
  /** Of `kill`: the signal's name or number. */
  signal?: string
  /** Of `stop` and `restart`: seconds until it is killed, in place of the container's own. */
  graceSeconds?: number
}

/** Something that happened to a container of the project. */
export interface ContainerEvent {
  /** RFC 3339 in UTC with nine digits of a second. */
  time: string
  host: string
  service: string
  number: number
  container: string
  id: string
  /** "start", "die", "health_status: healthy", … */
  action: string
  image: string
  /** What else the engine tells of it ("exitCode"), without labels of ours. */
  attributes: Record<string, string>
}

/** What a container has used of its host at one moment: counters since its start, in bytes and in the kernel's units of CPU time. */
export interface UsageSample {
  cpu: number
  /** CPU time of the whole host, in the same unit. */
  system: number
  cpus: number
  memory: number
  /** 0 where there is none. */
  memoryLimit: number
  received: number
  sent: number
  read: number
  written: number
  pids: number
}

/** A file or folder in a container. */
export interface PathInfo {
  name: string
  kind: 'file' | 'folder' | 'link' | 'other'
  /** Where a link leads. */
  target: string
}

/** What can be done with containers. Each `container` is an id. */
export interface ContainerAbilities {
  /** The project's containers on this engine, for `ps` and `status`. */
  list(engine: Engine, project: string): Promise<ContainerState[]>
  /** A container's log lines, read as fast as they are taken; ends quietly when the signal is given. */
  logs?(engine: Engine, container: string, options: LogOptions): AsyncIterable<LogLine>
  /** Runs a command in a container; gives its exit code. */
  exec?(engine: Engine, container: string, request: ExecRequest): Promise<number>
  /** Opens a running container, so that it can be worked on as a host. ContainerAway where it is not there or does not run. */
  enter?(engine: Engine, container: string, signal?: AbortSignal): Promise<ContainerAccess>
  /** Joins streams with a container's program; gives its exit code, or undefined where it goes on without us. */
  attach?(engine: Engine, container: string, request: AttachRequest): Promise<number | undefined>
  /** Sends a signal to its program, at once and without a plan: a key that somebody pressed. */
  signal?(engine: Engine, container: string, signal: string): Promise<void>
  /** True where the container's program has a terminal, and where it reads its input. */
  streams?(engine: Engine, container: string): Promise<{ tty: boolean; stdin: boolean }>
  /** The step that does it; `apply` does what is then left to do. */
  control?(scope: Scope, container: ContainerState, request: ControlRequest): EngineStep
  /** What happened to containers of the project, and what happens, until the signal is given or `until` is over. */
  events?(
    engine: Engine,
    project: string,
    options: { since?: string; until?: string; signal: AbortSignal },
  ): AsyncIterable<ContainerEvent>
  /** The programs that run in it. */
  top?(engine: Engine, container: string): Promise<{ titles: string[]; processes: string[][] }>
  /** Undefined where it does not run. */
  usage?(engine: Engine, container: string, signal: AbortSignal): Promise<UsageSample | undefined>
  /** All that the engine knows of it, values of secrets left out. */
  inspect?(engine: Engine, container: string): Promise<Record<string, unknown>>
  /** Its exit code, when it has ended. */
  wait?(engine: Engine, container: string, signal: AbortSignal): Promise<number>
  /** Where its published ports are reached ("0.0.0.0:8080"), by port and protocol ("80/tcp"). */
  published?(engine: Engine, container: string): Promise<Record<string, string[]>>
  /** What lies at a path; undefined for nothing. */
  pathInfo?(engine: Engine, container: string, path: string): Promise<PathInfo | undefined>
  /** A file or folder as a tar archive whose entries begin with its name. */
  archiveOf?(engine: Engine, container: string, path: string, signal: AbortSignal): Promise<Readable>
  /** Unpacks a tar archive into a folder. */
  unpackInto?(engine: Engine, container: string, folder: string, archive: Readable, signal: AbortSignal): Promise<void>
}

/** What can be done with images. */
export interface ImageAbilities {
  /** All images of this engine, whoever brought them. */
  images?(engine: Engine): Promise<ImageState[]>
  /** What an image was made of, step by step, the last one first. Each `ref` is a name or an id. */
  imageHistory?(engine: Engine, ref: string): Promise<ImageLayer[]>
  /** What registries offer under a word. */
  searchImages?(engine: Engine, term: string, limit: number): Promise<FoundImage[]>
  /** Images as one archive, in the engine's own format. */
  saveImages?(engine: Engine, refs: readonly string[], options: TransferOptions): Promise<Readable>
  /** Loads an archive; gives the names of the images that were in it. */
  loadImages?(engine: Engine, archive: Readable, options: TransferOptions): Promise<string[]>
  tagImage?(engine: Engine, ref: string, name: string): Promise<void>
  /** Makes an image of a container as it stands; gives its id. */
  commitImage?(engine: Engine, container: string, request: CommitRequest): Promise<string>
  /** The steps that remove what the rule does not keep. */
  prunable?(engine: Engine, rule: PruneRule): Promise<EngineStep[]>
}

/** One step of an image's making. */
export interface ImageLayer {
  /** Seconds since 1970; 0 where it does not say. */
  created: number
  /** The instruction or command. */
  by: string
  /** Bytes that it added. */
  size: number
  comment: string
}

/** An image that a search found. */
export interface FoundImage {
  name: string
  description: string
  stars: number
  official: boolean
}

/** How a transfer of images tells of itself, and how it is ended early. */
export interface TransferOptions {
  signal: AbortSignal
  tell(text: string): void
}

/** What `commit` says of the image that is made. */
export interface CommitRequest {
  ref: string
  message?: string
  author?: string
  /** The container stands still meanwhile. */
  pause: boolean
  /** Lines of a Dockerfile that change its settings. */
  changes: readonly string[]
}

/** Which images stay when the others are removed. */
export interface PruneRule {
  project: string
  /** How many older builds of each image of the project stay. */
  keep: number
  /** Also images with a name that no container is made from, and what the builder keeps. */
  all: boolean
  /** References that the file names. */
  wanted: readonly string[]
  /** Ids and digests of images that a rollback may need. */
  kept: ReadonlySet<string>
}
