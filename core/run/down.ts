// What `down` removes: looked at on the engines, planned like everything else, then run by the same runner.
import { joinSteps } from '../plan/graph.js'
import type { HostWork } from '../plan/host-work.js'
import { type DownOptions, type EngineStep, isAbsent } from '../provider.js'
import type { Wanted } from '../wanted.js'
import type { EngineSide } from './engine-side.js'
import { refuseUnasked } from './host-engine.js'
import { failed, reachHosts } from './observe.js'
import type { RunPlan, SessionContext } from './session.js'
import { mapLimited } from './workers.js'

/** Nothing wanted, of this project. */
const nothing = (project: string): Wanted => ({
  project,
  key: new Uint8Array(),
  images: [],
  networks: [],
  volumes: [],
  containers: [],
})

/** The steps that remove what the project has on its engines. Touches nothing. */
export async function observeDown(context: SessionContext, works: HostWork[], options: DownOptions): Promise<RunPlan> {
  const { name } = context.project
  works.push(
    ...context.hosts.map((host): HostWork => ({ host, runs: [], state: { serial: '', pending: [] }, dirty: false })),
  )
  const sides = await reachHosts(context, works)
  const stepsOf = async (side: EngineSide): Promise<EngineStep[]> => {
    const { opened, provider, scope } = side
    if (opened === undefined) return []
    if (isAbsent(opened)) {
      refuseUnasked(side.work, opened)
      return []
    }
    const steps = provider.down(scope, name, await provider.observe(opened, nothing(name), context.files), options)
    side.keyless = false
    side.planned = { steps, orphans: [], unchanged: 0, warnings: [] }
    return steps
  }
  const hostSteps = await mapLimited(sides, context.forks, async side => {
    const engine = await stepsOf(side).catch((error: unknown) => {
      failed(side.work, error, context)
      return []
    })
    return { host: side.scope.name, before: [], engine, after: [] }
  })
  return {
    works,
    sides,
    steps: joinSteps(hostSteps, new Map(), new Set()),
    silent: [],
    gates: [],
    unchanged: 0,
    unchangedByHost: new Map(),
    orphans: [],
  }
}
