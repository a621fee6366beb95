// Does the steps of membership: begins a swarm, joins, promotes, demotes, drains, leaves. Each looks first, so that it may be repeated.
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import { Secret } from '../../../core/secret.js'
import type { MembershipWant } from '../../../core/together/membership-words.js'
import { hasStatus, pause } from '../../docker/apply/job.js'
import type { SwarmJob } from '../job.js'
import { isFound } from '../seen.js'
import type { NodeShape, NodeSpec, SwarmInfo } from '../shapes.js'
import { endAttempt, infoBefore, infoOf, isStuck } from './attempt.js'
import { labelsOf } from './diff.js'
import { explainJoin } from './join-trouble.js'

/** Milliseconds for a node to come up as what it shall be, and for its tasks to go elsewhere. */
const patience = { node: 60_000, drain: 120_000, pause: 500 }

const isMember = ({ LocalNodeState }: SwarmInfo): boolean => LocalNodeState === 'active' || LocalNodeState === 'pending'

const addresses = (want: MembershipWant, address: string): Record<string, string> => {
  const advertise = want.advertise ?? address
  return {
    ListenAddr: want.listen ?? '0.0.0.0:2377',
    ...(advertise === '' ? {} : { AdvertiseAddr: advertise }),
    ...(want.dataPath === undefined ? {} : { DataPathAddr: want.dataPath }),
  }
}

/** Waits until `good` holds; a UserError that says what it waited for otherwise. */
async function until(job: SwarmJob, ms: number, what: string, good: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + ms
  while (!(await good())) {
    if (performance.now() > end)
      throw new UserError(`${what}, and it did not come so far in ${ms / 1000} s`, { where: job.where })
    await pause(patience.pause, job.signal)
  }
}

const nodesNow = (job: SwarmJob): Promise<NodeShape[]> => job.ask(api => api.json<NodeShape[]>({ path: '/nodes' }))

/** Changes a node's spec, against whoever else changes it. */
export async function changeNode(job: SwarmJob, id: string, change: (spec: NodeSpec) => NodeSpec): Promise<boolean> {
  return job.ask(async api => {
    for (let tries = 0; ; tries++) {
      const node = await api.json<NodeShape>({ path: `/nodes/${id}` })
      const body = change(node.Spec)
      if (JSON.stringify(body) === JSON.stringify(node.Spec)) return false
      try {
        await api.json({ method: 'POST', path: `/nodes/${id}/update`, query: { version: node.Version.Index }, body })
        return true
      } catch (error) {
        if (tries >= 5 || !/out of sequence/.test(messageOf(error))) throw error
      }
    }
  })
}

/** Labels and availability of a node, once it is there. */
async function settleNode(job: SwarmJob, host: string, want: MembershipWant): Promise<boolean> {
  const { NodeID } = await infoOf(await job.api(host))
  return changeNode(job, NodeID, spec => ({
    ...spec,
    Labels: labelsOf(host, want),
    Availability: want.availability,
  }))
}

/** Begins the swarm. */
export async function initSwarm(
  job: SwarmJob,
  { host, want, address }: { host: string; want: MembershipWant; address: string },
): Promise<StepResult> {
  const api = await job.api(host)
  if (isMember(await infoOf(api))) return { state: 'already' }
  const body = {
    ...addresses(want, address),
    ...(want.dataPathPort === undefined ? {} : { DataPathPort: want.dataPathPort }),
    ...(want.pools === undefined ? {} : { DefaultAddrPool: want.pools }),
    ...(want.subnetSize === undefined ? {} : { SubnetSize: want.subnetSize }),
  }
  await api.json({ method: 'POST', path: '/swarm/init', body, signal: job.signal })
  await settleNode(job, host, want)
  return { state: 'done' }
}

/** Takes a host in. The token is read in the step, and shown nowhere. */
export async function joinSwarm(
  job: SwarmJob,
  { host, want, address }: { host: string; want: MembershipWant; address: string },
): Promise<StepResult> {
  const api = await job.api(host)
  const before = await infoBefore(job, api, host)
  if (isStuck(before)) await endAttempt(api)
  else if (isMember(before)) {
    await settleNode(job, host, want)
    return { state: 'already' }
  }
  const { tokens, remotes } = await job.ask(async manager => {
    const [swarm, nodes] = await Promise.all([
      manager.json<{ JoinTokens: { Manager: string; Worker: string } }>({ path: '/swarm' }),
      manager.json<NodeShape[]>({ path: '/nodes' }),
    ])
    const up = nodes.flatMap(({ ManagerStatus }) =>
      ManagerStatus?.Reachability === 'reachable' ? [ManagerStatus.Addr] : [],
    )
    return { tokens: swarm.JoinTokens, remotes: up }
  })
  for (const [role, token] of Object.entries(tokens)) job.context.mask(new Secret(`${role.toLowerCase()} token`, token))
  const body = {
    ...addresses(want, address),
    RemoteAddrs: remotes,
    JoinToken: want.role === 'manager' ? tokens.Manager : tokens.Worker,
    Availability: want.availability,
  }
  await api.json({ method: 'POST', path: '/swarm/join', body, signal: job.signal }).catch(async (error: unknown) => {
    await endAttempt(api).catch(() => undefined)
    throw explainJoin(job.where, host, remotes, error)
  })
  await until(job, patience.node, `${host} is to be ready`, async () => {
    const { NodeID } = await infoOf(api)
    const node = (await nodesNow(job)).find(({ ID }) => ID === NodeID)
    const isRight = want.role === 'worker' || node?.ManagerStatus?.Reachability === 'reachable'
    return node?.Status.State === 'ready' && isRight
  })
  await settleNode(job, host, want)
  return { state: 'done', text: `as a ${want.role}` }
}

/** Takes a host in anew that came up at another address: as what it was the swarm cannot find it. */
export async function rejoinSwarm(job: SwarmJob, work: Parameters<typeof joinSwarm>[1]): Promise<StepResult> {
  const api = await job.api(work.host)
  const { NodeID } = await infoOf(api)
  const others = job.without(work.host)
  if ((await nodesNow(others)).some(node => node.ID === NodeID && isFound(node))) return { state: 'already' }
  await api.json({ method: 'POST', path: '/swarm/leave', query: { force: true }, signal: job.signal })
  await removeNode(others, { id: NodeID })
  return joinSwarm(others, work)
}

const idOf = async (job: SwarmJob, host: string): Promise<string> => {
  const known = job.nodeId(host)
  if (known !== undefined) return known
  return (await infoOf(await job.api(host))).NodeID
}

/** Makes a worker a manager, or the other way round, and waits until it is. */
export async function changeRole(
  job: SwarmJob,
  { host, role }: { host: string; role: 'manager' | 'worker' },
): Promise<StepResult> {
  const id = await idOf(job, host)
  const changed = await changeNode(job, id, spec => ({ ...spec, Role: role }))
  await until(job, patience.node, `${host} is to be a ${role}`, async () => {
    const node = (await nodesNow(job)).find(({ ID }) => ID === id)
    const status = node?.ManagerStatus
    // One that is down stops being a manager all the same.
    return role === 'worker' ? status === undefined || status === null : status?.Reachability === 'reachable'
  })
  return { state: changed ? 'done' : 'already' }
}

/** Labels and availability; with `drain` it waits until what ran there is gone. */
export async function changeAvailability(
  job: SwarmJob,
  { host, want }: { host: string; want: MembershipWant },
): Promise<StepResult> {
  const id = await idOf(job, host)
  const changed = await changeNode(job, id, spec => ({
    ...spec,
    Labels: labelsOf(host, want),
    Availability: want.availability,
  }))
  if (want.availability === 'drain') await waitUntilEmpty(job, id)
  return { state: changed ? 'done' : 'already' }
}

async function waitUntilEmpty(job: SwarmJob, id: string): Promise<void> {
  await until(job, patience.drain, 'its containers are to run elsewhere', async () => {
    const tasks = await job.ask(api =>
      api.json<{ Status: { State: string } }[]>({ path: '/tasks', query: { filters: { node: [id] } } }),
    )
    return !tasks.some(({ Status }) => ['running', 'starting', 'preparing'].includes(Status.State))
  })
}

/** Takes a host out: drained, no manager any more, then gone. */
export async function leaveSwarm(job: SwarmJob, { host }: { host: string }): Promise<StepResult> {
  const api = await job.api(host)
  const info = await infoOf(api)
  if (info.LocalNodeState === 'inactive') return { state: 'already' }
  const nodes = await nodesNow(job)
  const others = nodes.filter(({ ID }) => ID !== info.NodeID)
  if (others.length > 0) {
    await changeNode(job, info.NodeID, spec => ({ ...spec, Availability: 'drain' }))
    await waitUntilEmpty(job, info.NodeID)
    await changeRole(job, { host, role: 'worker' })
  }
  await api.json({ method: 'POST', path: '/swarm/leave', query: { force: others.length === 0 }, signal: job.signal })
  if (others.length === 0) return { state: 'done', text: 'the swarm is no more' }
  await until(job, patience.node, 'the swarm is to know that it has left', async () => {
    const node = (await nodesNow(job.without(host))).find(({ ID }) => ID === info.NodeID)
    return node === undefined || node.Status.State === 'down'
  })
  await removeNode(job.without(host), { id: info.NodeID })
  return { state: 'done' }
}

/** Forgets a node: one that is down, or that no file names any more. */
export async function removeNode(job: SwarmJob, { id }: { id: string }): Promise<StepResult> {
  const node = (await nodesNow(job)).find(({ ID }) => ID === id)
  if (node === undefined) return { state: 'already' }
  if (node.Spec.Role === 'manager') {
    await changeNode(job, id, spec => ({ ...spec, Role: 'worker' }))
    await until(job, patience.node, 'it is to be no manager any more', async () => {
      const now = (await nodesNow(job)).find(({ ID }) => ID === id)
      return now?.ManagerStatus === undefined || now.ManagerStatus === null
    })
  }
  await job.ask(api =>
    api.json({ method: 'DELETE', path: `/nodes/${id}`, query: { force: true } }).catch((error: unknown) => {
      if (!hasStatus(error, 404)) throw error
    }),
  )
  return { state: 'done' }
}
