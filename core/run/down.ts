// What `down` removes: looked at on the engines, planned like everything else, then run by the same runner.
import { withEngines } from '../container-hosts/place.js'
import { joinSteps } from '../plan/graph.js'
import { planHost, type TaskStep } from '../plan/host-steps.js'
import type { HostWork } from '../plan/host-work.js'
import { type DownOptions, type EngineStep, isAbsent } from '../provider.js'
import { inDownOrder } from '../rollout/down-order.js'
import { beforeHosts, downAllTogether } from '../together/plan.js'
import type { Wanted } from '../wanted.js'
import type { EngineSide } from './engine-side.js'
import { refuseUnasked } from './host-engine.js'
import { interruptible } from './interruptible.js'
import { readRest } from './observe.js'
import { addPortRules } from './port-rules.js'
import { failed, reachHosts } from './reach.js'
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
    ...withEngines(context.hosts).map(
      (host): HostWork => ({ host, runs: [], state: { serial: '', pending: [] }, dirty: false }),
    ),
  )
  const sides = await reachHosts(context, works)
  const stepsOf = async (side: EngineSide): Promise<EngineStep[]> => {
    const { opened, provider, scope } = side
    if (opened === undefined) return []
    if (isAbsent(opened)) {
      refuseUnasked(side.work, opened)
      return []
    }
    const { shipped } = side.work.state
    const held = shipped === undefined ? {} : { shipped }
    const steps = provider.down(
      scope,
      name,
      await interruptible(
        provider.observe(opened, { ...nothing(name), ...held }, context.files, context.signal),
        context.signal,
      ),
      options,
    )
    side.keyless = false
    side.planned = { steps, orphans: [], unchanged: 0, warnings: [] }
    return steps
  }
  // Rules for its ports go when nothing is left behind them; where there is no engine any more, they may still be there.
  const tasksOf = async (work: HostWork): Promise<TaskStep[]> => {
    await addPortRules(work, nothing(name), context, true)
    if (work.runs.length === 0) return []
    await readRest(work, works, context)
    return planHost(work).after
  }
  const hostSteps = await mapLimited(sides, context.forks, async side => {
    try {
      const engine = await stepsOf(side)
      return { host: side.scope.name, before: [], engine, after: await tasksOf(side.work) }
    } catch (error) {
      failed(side.work, error, context)
      return { host: side.scope.name, before: [], engine: [], after: [] }
    }
  })
  const together = await downAllTogether(context, { works, sides })
  return {
    works,
    sides,
    together,
    steps: inDownOrder(
      beforeHosts(joinSteps(hostSteps, new Map(), new Set()), together),
      name,
      context.project.services,
    ),
    silent: [],
    gates: [],
    unchanged: 0,
    unchangedByHost: new Map(),
    orphans: [],
    down: true,
  }
}
