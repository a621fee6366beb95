// One project on one engine, driven through the provider's interface alone: what the checks of a provider work with.
import { randomBytes } from 'node:crypto'
import type { Connection } from '../../core/connection.js'
import { UserError } from '../../core/errors.js'
import type { Event } from '../../core/events.js'
import type { LocalFiles } from '../../core/files.js'
import type { Host } from '../../core/project.js'
import { type AnyProvider, type Engine, type EngineStep, isAbsent, type Scope } from '../../core/provider.js'
import { executeSteps } from '../../core/run/execute.js'
import type { Wanted } from '../../core/wanted.js'

/** What a run of the plan came to. */
export interface Ran {
  steps: EngineStep[]
  orphans: string[]
  unchanged: number
  /** What went wrong, by the thing of the step. */
  failures: Map<string, unknown>
}

/** A provider's engine with a project of its own. */
export interface Site {
  readonly provider: AnyProvider
  readonly connection: Connection
  readonly engine: Engine
  readonly project: string
  /** An image with a shell, `httpd` and `wget`. */
  readonly image: string
  /** A free port of the host's, as far as anybody can tell. */
  readonly port: number
  readonly key: Uint8Array
  /** All that was told during runs. */
  readonly events: readonly Event[]
  /** Decides what is to be done, and does nothing. */
  plan(wanted: Wanted, prune?: boolean): Promise<Omit<Ran, 'failures'>>
  /** Decides and does it. */
  up(wanted: Wanted, options?: { prune?: boolean; signal?: AbortSignal }): Promise<Ran>
  down(project: string, options: { volumes: boolean }): Promise<Ran>
  close(): void
}

export interface SiteOptions {
  provider: AnyProvider
  host: Host
  connection: Connection
  files: LocalFiles
  image: string
  signal: AbortSignal
}

const nothingOf = (project: string, key: Uint8Array): Wanted => ({
  project,
  key,
  images: [],
  networks: [],
  volumes: [],
  containers: [],
})

/** Opens the engine of a host. A UserError where there is none to open. */
export async function openSite({ provider, host, connection, files, image, signal }: SiteOptions): Promise<Site> {
  const [scope] = provider.scopes([host])
  if (scope === undefined) throw new UserError('the provider has no scope for the host', { where: host.name })
  const detection = connection
    .exec(provider.detect(host.engine, []), { as: 'best', signal })
    .then(exit => provider.readDetection(exit.stdout))
  detection.catch(() => undefined)
  const engine = await provider.open(scope, connection, detection, signal)
  if (isAbsent(engine)) throw new UserError(`no engine answers: ${engine.text}`, { where: host.name })
  const project = `conform${randomBytes(3).toString('hex')}`
  const key = randomBytes(32)
  const events: Event[] = []

  const perform = async (steps: EngineStep[], prune: boolean, stop: AbortSignal): Promise<Map<string, unknown>> => {
    const failures = new Map<string, unknown>()
    const context = { emit: (event: Event) => void events.push(event), signal: stop, files, prune }
    await executeSteps(steps, {
      signal: stop,
      forks: 1,
      perHost: 4,
      broken: new Set(),
      perform: step => provider.apply(engine, step as EngineStep, { ...context, engineOf: async () => engine }),
      started: () => undefined,
      ended(step, end) {
        if (end.state === 'failed') failures.set(step.thing, end.error)
        if (end.state === 'blocked' || end.state === 'cancelled') failures.set(step.thing, new Error(end.state))
      },
    })
    return failures
  }
  const decide = async (wanted: Wanted, prune: boolean, within: Scope = scope) => {
    const seen = await provider.observe(engine, wanted, files, signal)
    const { steps, orphans, unchanged } = provider.diff(within, wanted, seen, { prune })
    return { steps, orphans, unchanged }
  }
  return {
    ...{ provider, connection, engine, project, image, key, events },
    port: 20_000 + (randomBytes(2).readUInt16BE() % 10_000),
    plan: (wanted, prune = false) => decide(wanted, prune),
    async up(wanted, { prune = false, signal: stop = signal } = {}) {
      const planned = await decide(wanted, prune)
      return { ...planned, failures: await perform(planned.steps, prune, stop) }
    },
    async down(name, { volumes }) {
      const seen = await provider.observe(engine, nothingOf(name, key), files, signal)
      const steps = provider.down(scope, name, seen, { volumes, images: false })
      return { steps, orphans: [], unchanged: 0, failures: await perform(steps, false, signal) }
    },
    close: () => engine.close(),
  }
}
