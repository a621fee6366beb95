// One project on one engine, driven through the provider's interface alone: what the checks of a provider work with.
import { randomBytes } from 'node:crypto'
import type { Connection } from '../../core/connection.js'
import type { Event } from '../../core/events.js'
import type { LocalFiles } from '../../core/files.js'
import type { Host } from '../../core/project.js'
import type { AnyProvider, Engine, EngineStep } from '../../core/provider.js'
import type { ContainerState } from '../../core/provider-abilities.js'
import { executeSteps } from '../../core/run/execute.js'
import type { Secret } from '../../core/secret.js'
import type { Wanted } from '../../core/wanted.js'
import { type Decided, decideDown, decideUp, type Field, lookAtMembers, nothingOf } from './decide.js'
import { membersOf, openEngine, openReachable } from './engines.js'

/** What a run of the plan came to. */
export interface Ran extends Plan {
  /** What went wrong, by the thing of the step. */
  failures: Map<string, unknown>
}

/** What is to be done. */
export interface Plan {
  steps: EngineStep[]
  orphans: string[]
  /** Of the project's things. */
  unchanged: number
}

/** A provider's engine with a project of its own. */
export interface Site {
  readonly provider: AnyProvider
  readonly connection: Connection
  readonly engine: Engine
  readonly project: string
  /** The host that containers run on, of the hosts whose engines are one; left out where the engine stands alone. */
  readonly node?: { readonly host: string; readonly isOnly: boolean }
  /** An image with a shell, `httpd` and `wget`. */
  readonly image: string
  /** A free port of the host's, as far as anybody can tell. */
  readonly port: number
  readonly key: Uint8Array
  /** All that was told during runs. */
  readonly events: readonly Event[]
  /** Decides what is to be done, and does nothing. */
  plan(wanted: Wanted, prune?: boolean): Promise<Plan>
  /** Decides and does it. */
  up(wanted: Wanted, options?: { prune?: boolean; signal?: AbortSignal }): Promise<Ran>
  down(project: string, options: { volumes: boolean }): Promise<Ran>
  /** A project's containers, on whichever of the engines they are. */
  list(project: string): Promise<ContainerState[]>
  /** The engine that has a container. */
  engineOf(container: ContainerState): Engine
  close(): Promise<void>
}

export interface SiteOptions {
  provider: AnyProvider
  host: Host
  connection: Connection
  /** Hosts whose engines are one with that of `host`, where the provider's are; without it. */
  others: readonly Host[]
  connect(host: Host): Promise<Connection>
  files: LocalFiles
  image: string
  signal: AbortSignal
  /** Hears of secrets that a run makes. */
  mask(secret: Secret): void
  tell(text: string): void
}

/** Opens the engine of a host, and those that it is one with. A UserError where there is none to open. */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { provider, host, connection, connect, files, image, signal } = options
  const here = await openEngine(provider, host, connection, signal)
  const { together } = provider
  const others = together === undefined ? [] : await openReachable(provider, options.others, connect, options)
  const open = [here, ...others]
  const project = `conform${randomBytes(3).toString('hex')}`
  const key = randomBytes(32)
  const events: Event[] = []

  const all = [host, ...options.others]
  const many = together && { together, scope: together.scope(all), members: membersOf(all, open) }
  const field: Field = { provider, open, files, signal, ...(many === undefined ? {} : { many }) }
  const engineNow = (name: string): Engine => open.find(one => one.host.name === name)?.engine ?? here.engine
  const close = async (): Promise<void> => {
    for (const { engine } of open) engine.close()
    await Promise.all(others.map(other => other.connection.close()))
  }

  const perform = async (
    { steps, ofAll }: Decided,
    prune: boolean,
    stop: AbortSignal,
  ): Promise<Map<string, unknown>> => {
    const failures = new Map<string, unknown>()
    const emit = (event: Event): void => void events.push(event)
    const engineOf = async (name: string): Promise<Engine> => engineNow(name)
    const context = { emit, signal: stop, files, prune, engineOf }
    await executeSteps(steps, {
      signal: stop,
      forks: 1,
      perHost: 4,
      broken: new Set(),
      perform: given => {
        const step = given as EngineStep
        if (many === undefined || !ofAll.has(step.id)) return provider.apply(engineNow(step.host), step, context)
        const { scope, members } = many
        return many.together.apply(scope, step, { ...context, members, engineNow: engineOf, mask: options.mask })
      },
      started: () => undefined,
      ended(step, end) {
        if (end.state === 'failed') failures.set(step.thing, end.error)
        if (end.state === 'blocked' || end.state === 'cancelled') failures.set(step.thing, new Error(end.state))
      },
    })
    return failures
  }

  try {
    const idle = await lookAtMembers(field, project)
    const toldOf = ({ steps, orphans, unchanged }: Decided): Plan => ({ steps, orphans, unchanged: unchanged - idle })
    return {
      ...{ provider, connection, engine: here.engine, project, image, key, events, close },
      ...(many === undefined ? {} : { node: { host: host.name, isOnly: all.length === 1 } }),
      port: 20_000 + (randomBytes(2).readUInt16BE() % 10_000),
      plan: async (wanted, prune = false) => toldOf(await decideUp(field, wanted, prune)),
      async up(wanted, { prune = false, signal: stop = signal } = {}) {
        const planned = await decideUp(field, wanted, prune)
        return { ...toldOf(planned), failures: await perform(planned, prune, stop) }
      },
      async down(name, { volumes }) {
        const planned = await decideDown(field, nothingOf(name, key), { volumes, images: false })
        return { ...planned, failures: await perform(planned, false, signal) }
      },
      list: async name => (await Promise.all(open.map(one => provider.list(one.engine, name)))).flat(),
      engineOf: container => engineNow(container.host),
    }
  } catch (error) {
    await close()
    throw error
  }
}
