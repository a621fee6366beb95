// What `down` removes: looked at on the engines, planned like everything else, then run by the same runner.
import { joinSteps } from '../plan/graph.js'
import type { HostWork } from '../plan/host-work.js'
import { type DownOptions, isAbsent } from '../provider.js'
import type { Wanted } from '../wanted.js'
import { reachHosts } from './observe.js'
import type { RunPlan, SessionContext } from './session.js'

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
  const hostSteps = await Promise.all(
    sides.map(async side => {
      if (side.opened === undefined || isAbsent(side.opened))
        return { host: side.scope.name, before: [], engine: [], after: [] }
      const seen = await side.provider.observe(side.opened, nothing(name), context.files)
      const steps = side.provider.down(side.scope, name, seen, options)
      side.keyless = false
      side.planned = { steps, orphans: [], unchanged: 0, warnings: [] }
      return { host: side.scope.name, before: [], engine: steps, after: [] }
    }),
  )
  return {
    works,
    sides,
    steps: joinSteps(hostSteps, new Map(), new Set()),
    unchanged: 0,
    unchangedByHost: new Map(),
    orphans: [],
  }
}
