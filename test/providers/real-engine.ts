// A real engine for the tests: this machine's own, spoken to through the local connection, and a run without the rest of the program.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { env } from 'node:process'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { localFiles } from '../../cli/files.js'
import type { Connection } from '../../core/connection.js'
import { anyEngine } from '../../core/engine-want.js'
import type { Event } from '../../core/events.js'
import type { Host } from '../../core/project.js'
import { type EngineStep, isAbsent, type Scope, type StepResult } from '../../core/provider.js'
import { executeSteps, type StepEnd } from '../../core/run/execute.js'
import type { ContainerWant, Wanted } from '../../core/wanted.js'
import { createConnect } from '../../hosts/index.js'
import { docker } from '../../providers/docker/index.js'
import type { DockerEngine } from '../../providers/docker/open.js'
import { busyboxTarball, docker as client, ensureEngine, tryDocker } from '../lab/index.js'
import { at, container, wanted } from './samples.js'

interface Ran {
  /** What was planned, as "verb thing: cause". */
  plan: string[]
  /** How each step ended, by thing: its state, or the error's message. */
  ends: Record<string, string>
  errors: unknown[]
  events: Event[]
  warnings: string[]
  orphans: string[]
}

/** One project on the engine. Its `clean` removes all that it made. */
export interface RealProject {
  name: string
  /** The image that its containers are made of. */
  image: string
  engine: DockerEngine
  connection: Connection
  /** Names a container of the project, with busybox's image and a short grace period. */
  box(service: string, part?: Partial<ContainerWant['config']>, more?: Partial<ContainerWant>): ContainerWant
  want(part: Partial<Wanted>): Wanted
  up(want: Wanted, options?: { prune?: boolean; signal?: AbortSignal }): Promise<Ran>
  down(options?: { volumes: boolean; images: boolean }): Promise<Ran>
  /** Writes files into a new folder; gives its path. */
  folder(files: Record<string, string>): Promise<string>
  clean(): Promise<void>
}

const localHost = (name: string): Host => ({
  name,
  connection: 'local',
  address: 'localhost',
  labels: {},
  groups: [],
  vars: {},
  engine: anyEngine(),
  at,
})

/** Opens this machine as a host. */
const openLocal = (name: string): Promise<Connection> => {
  const host = localHost(name)
  const unknownHostKey = async (): Promise<boolean> => false
  return createConnect({ hosts: [host], unknownHostKey, acceptNewHostKeys: false, home: homedir(), env })(host)
}

const execute = async (
  engine: DockerEngine,
  steps: EngineStep[],
  signal: AbortSignal,
  prune: boolean,
): Promise<Ran> => {
  const events: Event[] = []
  const errors: unknown[] = []
  const ends: Record<string, string> = {}
  const emit = (event: Event): void => void events.push(event)
  const context = { emit, signal, files: localFiles, prune, engineOf: async () => engine }
  await executeSteps(steps, {
    signal,
    forks: 4,
    perHost: 8,
    broken: new Set(),
    perform: (step): Promise<StepResult> => docker.apply(engine, step as EngineStep, context),
    started: () => undefined,
    ended(step, end: StepEnd) {
      if (end.state === 'failed') errors.push(end.error)
      ends[step.thing] = end.state === 'failed' && end.error instanceof Error ? end.error.message : end.state
    },
  })
  const plan = steps.map(({ verb, thing, cause }) => `${verb} ${thing}: ${cause}`)
  return { plan, ends, errors, events, warnings: [], orphans: [] }
}

/** Starts a project; the engine is installed and started if this machine has none. */
export async function realProject(name: string): Promise<RealProject> {
  await ensureEngine()
  // Each project has its own, so that tests at the same time do not take it from each other.
  const image = `${name}-busybox`
  await client(['import', await busyboxTarball(), image])
  const connection = await openLocal('here')
  const scope: Scope = { name: 'here', hosts: ['here'] }
  const engine = await docker.open(scope, connection, new Promise(() => undefined))
  if (isAbsent(engine)) throw new Error(engine.text)
  const folders: string[] = []
  const never = new AbortController().signal
  const down: RealProject['down'] = async (options = { volumes: true, images: true }) => {
    const seen = await docker.observe(engine, project.want({}), localFiles)
    return execute(engine as DockerEngine, docker.down(scope, name, seen, options), never, false)
  }
  const project: RealProject = {
    name,
    image,
    engine: engine as DockerEngine,
    connection,
    box: (service, part = {}, more = {}) => {
      const plain = { image, command: ['sleep', '1000'], init: true, stopGraceMs: 1000 }
      return container(service, { ...plain, ...part }, { name: `${name}-${service}-1`, ...more })
    },
    want: part => wanted({ project: name, ...part }),
    async up(want, { prune = false, signal = never } = {}) {
      const seen = await docker.observe(engine, want, localFiles)
      const { steps, warnings, orphans } = docker.diff(scope, want, seen, { prune })
      return { ...(await execute(engine as DockerEngine, steps, signal, prune)), warnings, orphans }
    },
    down,
    async folder(files) {
      const folder = await mkdtemp(join(tmpdir(), 'lsprov-'))
      folders.push(folder)
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), text)
      }
      return folder
    },
    async clean() {
      await down()
      await tryDocker(['rmi', '-f', image])
      engine.close()
      await connection.close()
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    },
  }
  return project
}

/** Runs a command in a container of the project. */
export const runIn = async (
  project: RealProject,
  name: string,
  argv: string[],
  stdin?: string,
): Promise<{ code: number | undefined; out: string; err: string }> => {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const input = stdin === undefined ? undefined : Readable.from([stdin])
  const told = Promise.all([text(stdout), text(stderr)])
  const code = await docker.exec?.(project.engine, name, { argv, tty: false, stdin: input, stdout, stderr })
  stdout.end()
  stderr.end()
  const [out, err] = await told
  return { code, out: out.trim(), err: err.trim() }
}

/** A health check that is asked often. */
export const health = (test: string): { test: string[]; intervalMs: number; timeoutMs: number; retries: number } => ({
  test: ['CMD-SHELL', test],
  intervalMs: 300,
  timeoutMs: 2000,
  retries: 2,
})

export const linesOf = (out: string): string[] => out.split('\n').filter(line => line !== '')
