// The smallest container engine there can be: its containers are names in a list, so that runs can be tried without one.

import {
  type Absent,
  type AnyProvider,
  type Detection,
  type Engine,
  type EngineStep,
  isAbsent,
  provider,
} from '../../../core/provider.js'
import { sh } from '../../../core/sh.js'

/** What one host's engine has and does; a test sets it up and looks at it. */
export interface Paper {
  absent?: Absent
  /** What the host's shell tells of it; the first paper speaks for all. */
  detection: Partial<Detection>
  containers: string[]
  /** How often it was looked at. */
  observed: number
  opened: number
  closed: number
  /** Where it never answers. */
  hangs?: 'open' | 'observe'
  /** Called by each step, and may fail. */
  act?: (step: EngineStep) => void | Promise<void>
}

export const paper = (part: Partial<Paper> = {}): Paper => ({
  detection: {},
  containers: [],
  observed: 0,
  opened: 0,
  closed: 0,
  ...part,
})

/** The provider over the papers of hosts, by name. It goes by the name of the only one that files know. */
export function paperProvider(papers: Record<string, Paper>): AnyProvider {
  const of = (host: string): Paper => {
    const found = papers[host]
    if (found === undefined) throw new Error(`no paper for ${host}`)
    return found
  }
  return provider<{ containers: string[] }>({
    name: 'docker',
    needs: () => [],
    scopes: hosts => hosts.map(({ name }) => ({ name, hosts: [name] })),
    detect: () => sh`echo looked`,
    readDetection: () => ({
      state: 'answers',
      socket: '/none',
      rootOnly: false,
      client: true,
      text: '',
      folders: {},
      ...Object.values(papers)[0]?.detection,
    }),
    async open(scope, connection) {
      const one = of(connection.host)
      if (one.hangs === 'open') await new Promise(() => undefined)
      if (one.absent) return one.absent
      one.opened++
      const engine: Engine = { scope, about: 'paper', stats: { requests: 0, waves: 0 }, close: () => one.closed++ }
      return engine
    },
    async observe(engine) {
      if (isAbsent(engine)) return { containers: [] }
      const one = of(engine.scope.name)
      one.observed++
      if (one.hangs === 'observe') await new Promise(() => undefined)
      return { containers: [...one.containers] }
    },
    diff(scope, wanted, seen) {
      const steps = wanted.containers
        .filter(({ name }) => !seen.containers.includes(name))
        .map(
          ({ name }): EngineStep => ({
            id: `${scope.name}/container ${name}`,
            host: scope.name,
            thing: `container ${name}`,
            verb: 'create',
            cause: 'not there',
            after: [],
            certainty: 'will',
            work: wanted.containers.find(one => one.name === name),
          }),
        )
      return { steps, orphans: [], unchanged: wanted.containers.length - steps.length, warnings: [] }
    },
    down: (scope, _project, seen) =>
      seen.containers.map(name => ({
        id: `${scope.name}/container ${name}`,
        host: scope.name,
        thing: `container ${name}`,
        verb: 'remove',
        cause: 'down',
        after: [],
        certainty: 'will',
        work: { remove: name },
      })),
    async apply(engine, step, context) {
      const one = of(engine.scope.name)
      const want = step.work as { remove?: string; dependsOn?: { on: { host: string; container: string }[] }[] }
      for (const { host, container } of (want.dependsOn ?? []).flatMap(({ on }) => on)) {
        const there = host === step.host ? engine : await context.engineOf(host)
        if (!of(there.scope.name).containers.includes(container)) throw new Error(`${container} is not on ${host}`)
      }
      await one.act?.(step)
      const name = step.thing.replace('container ', '')
      one.containers = want.remove ? one.containers.filter(each => each !== name) : [...one.containers, name]
      return { state: 'done' }
    },
    list: async () => [],
  }) as AnyProvider
}
