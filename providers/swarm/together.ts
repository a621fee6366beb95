// What the members of a swarm do together: who is a member, and the services that run on all of them.
import { randomBytes } from 'node:crypto'
import { messageOf, UserError } from '../../core/errors.js'
import type { EngineStep, Scope, StepResult } from '../../core/provider.js'
import type { Together, TogetherContext, TogetherPlan } from '../../core/together/ability.js'
import { labels } from '../docker/labels.js'
import { history } from './history.js'
import { makeJob, noteSeen, type SwarmJob } from './job.js'
import {
  changeAvailability,
  changeRole,
  initSwarm,
  joinSwarm,
  leaveSwarm,
  rejoinSwarm,
  removeNode,
} from './members/apply.js'
import { diffMembers } from './members/diff.js'
import { observeSwarm } from './observe.js'
import type { SwarmSeen } from './seen.js'
import { awaitService, makeNetwork, makeObject, makeService, removeThing } from './services/apply.js'
import { diffServices } from './services/diff.js'
import type { ServiceShape } from './shapes.js'
import { tellSwarm } from './tell.js'
import { type SwarmWork, swarmStep } from './work.js'

const perform = (job: SwarmJob, work: SwarmWork): Promise<StepResult> => {
  switch (work.kind) {
    case 'init':
      return initSwarm(job, work)
    case 'join':
      return joinSwarm(job, work)
    case 'rejoin':
      return rejoinSwarm(job, work)
    case 'role':
      return changeRole(job, work)
    case 'node':
      return changeAvailability(job, work)
    case 'leave':
      return leaveSwarm(job, work)
    case 'remove-node':
      return removeNode(job, work)
    case 'network':
      return makeNetwork(job, work.want, work.labels)
    case 'object':
      return makeObject(job, work)
    case 'service':
      return makeService(job, work)
    case 'await':
      return awaitService(job, work)
    case 'remove':
      return removeThing(job, work)
  }
}

async function apply(scope: Scope, step: EngineStep, context: TogetherContext): Promise<StepResult> {
  const job = makeJob(scope, step, context)
  try {
    return await perform(job, step.work as SwarmWork)
  } catch (error) {
    if (error instanceof Error && error.name === 'ApiError')
      throw new UserError(`the swarm refuses: ${messageOf(error)}`, { where: job.where, cause: error })
    throw error
  }
}

const ownServices = ({ cluster }: SwarmSeen, project: string): ServiceShape[] =>
  (cluster?.services ?? []).filter(({ Spec }) => Spec.Labels?.[labels.project] === project)

/** Services first; networks, secrets and configs when nothing is left on them. */
function down(scope: Scope, project: string, seen: SwarmSeen): EngineStep[] {
  const told = { verb: 'remove', cause: 'down' }
  const services = ownServices(seen, project).map(({ ID, Spec }) =>
    swarmStep(scope, `service ${Spec.Labels?.[labels.service] ?? Spec.Name}`, told, {
      kind: 'remove',
      what: 'services',
      id: ID,
    }),
  )
  const after = services.map(({ id }) => id)
  const { networks = [], secrets = [], configs = [] } = seen.cluster ?? {}
  const ours = (found: { Labels?: Readonly<Record<string, string>> | null }): boolean =>
    found.Labels?.[labels.project] === project
  return [
    ...services,
    ...networks
      .filter(network => network.Scope === 'swarm' && ours(network))
      .map(({ Id, Name }) =>
        swarmStep(scope, `network ${Name}`, { ...told, after }, { kind: 'remove', what: 'networks', id: Id }),
      ),
    ...[
      ...secrets.map(one => ({ ...one, what: 'secrets' as const })),
      ...configs.map(one => ({ ...one, what: 'configs' as const })),
    ]
      .filter(({ Spec }) => ours(Spec))
      .map(({ ID, Spec, what }) =>
        swarmStep(scope, `${what.slice(0, -1)} ${Spec.Name}`, { ...told, after }, { kind: 'remove', what, id: ID }),
      ),
  ]
}

const nothing = (): TogetherPlan => ({ steps: [], orphans: [], unchanged: 0, warnings: [] })

/** All members of a swarm, as one. */
export const together: Together<SwarmSeen> = {
  scope: hosts => ({ name: 'swarm', hosts: hosts.map(({ name }) => name) }),
  async observe(scope, members, _wanted, signal) {
    const seen = await observeSwarm(scope, members, signal)
    noteSeen(scope, seen)
    return seen
  },
  diff(scope, members, wanted, seen, { prune }) {
    if (wanted.only !== undefined && seen.cluster === undefined)
      throw new UserError('there is no swarm yet', { where: scope.name, hint: '`longshore up` makes one' })
    const plan = wanted.only === undefined ? diffMembers(scope, members, seen, { prune }) : nothing()
    const isBegun = seen.cluster !== undefined || plan.steps.some(({ verb }) => verb === 'init')
    if (!wanted.containers || !isBegun) return plan
    // Before the first service there is none, and nothing is compared with it.
    const key = seen.cluster?.key ?? randomBytes(32)
    diffServices({ scope, members, wanted, cluster: seen.cluster, key, plan }, prune)
    return plan
  },
  down,
  history,
  apply,
  tell: tellSwarm,
}
