// Puts the rules for published ports among a host's tasks: what brings them before the containers run, what takes them away after.
import { type HostWork, type PlayUse, runsOf } from '../plan/host-work.js'
import type { Stage } from '../project.js'
import type { Use } from '../provider.js'
import type { Wanted } from '../wanted.js'
import { providerOf } from './host-engine.js'
import type { SessionContext } from './session.js'

/**
 * Adds the tasks, where some port is for some only, or the host keeps rules. They do not go by `--tags`: containers are made whatever
 * the tags, and none of them may be open for want of its rule.
 */
export async function addPortRules(
  work: HostWork,
  wanted: Wanted,
  context: SessionContext,
  prune = context.prune,
): Promise<void> {
  const { host, state, facts } = work
  const isAsked = wanted.containers.some(({ portRules }) => portRules !== undefined)
  if (!isAsked && !state.portRules) return
  const uses = providerOf(host, context).portRules?.(wanted, { prune })
  if (uses === undefined) return
  const kinds = new Map(context.resources.map(kind => [kind.kind, kind]))
  const taken = new Set(work.runs.map(run => run.id))
  const runsFor = async (some: readonly Use[], stage: Stage) => {
    const loaded = await Promise.all(
      some.map(async ({ playbook, vars }) =>
        (await context.builtIn(playbook)).map((play): PlayUse => ({ play, stage, vars, label: '' })),
      ),
    )
    return loaded.flat().flatMap(use => runsOf(host.name, use, kinds, [], taken))
  }
  const at = work.runs.findIndex(run => run.stage !== 'before-engine')
  if (isAsked) work.runs.splice(at < 0 ? work.runs.length : at, 0, ...(await runsFor(uses.before, 'after-engine')))
  work.runs.push(...(await runsFor(uses.after, 'after-containers')))
  if (isAsked && facts !== undefined && facts.init !== 'systemd')
    context.emit({
      type: 'warning',
      host: host.name,
      text: 'without systemd the rules for published ports do not come back by themselves after a boot: until the next `longshore up` its ports are open to everybody',
    })
}
