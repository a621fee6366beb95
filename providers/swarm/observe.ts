// Looks at a swarm: asks each member what it is, then one manager for everything, in two waves.
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes, UserError } from '../../core/errors.js'
import type { Scope } from '../../core/provider.js'
import type { Member } from '../../core/together/ability.js'
import type { Api } from '../docker/api/client.js'
import type { DockerEngine } from '../docker/open.js'
import type { SeenCluster, SwarmSeen } from './seen.js'
import { readKey } from './services/key.js'
import type { NetworkShape, NodeShape, ObjectShape, ServiceShape, SwarmInfo, TaskShape } from './shapes.js'
import { throughManager } from './speak.js'

const infoOf = async (engine: DockerEngine, signal: AbortSignal): Promise<SwarmInfo | undefined> =>
  (await engine.api.json<{ Swarm?: SwarmInfo }>({ path: '/info', signal })).Swarm

async function clusterOf(api: Api): Promise<SeenCluster> {
  const list = <T>(path: string, query = {}): Promise<T[]> =>
    api.json<T[] | null>({ path, query }).then(found => found ?? [])
  const [info, nodes, services, tasks, networks, secrets, configs] = await Promise.all([
    api.json<{ Swarm?: SwarmInfo }>({ path: '/info' }),
    list<NodeShape>('/nodes'),
    list<ServiceShape>('/services'),
    list<TaskShape>('/tasks', { filters: { 'desired-state': ['running', 'ready'] } }),
    list<NetworkShape>('/networks'),
    list<ObjectShape>('/secrets'),
    list<ObjectShape>('/configs'),
  ])
  const key = readKey(configs)
  return {
    id: info.Swarm?.Cluster?.ID ?? '',
    nodes: [...nodes].sort((one, other) => (one.Description.Hostname < other.Description.Hostname ? -1 : 1)),
    services,
    tasks,
    networks,
    secrets,
    configs,
    ...(key === undefined ? {} : { key }),
  }
}

/** Members of two swarms cannot be made one by us: what runs in one of them would be lost. */
function refuseStrangers(infos: Readonly<Record<string, SwarmInfo>>, cluster: SeenCluster): void {
  const known = new Set(cluster.nodes.map(({ ID }) => ID))
  for (const [host, info] of Object.entries(infos))
    if (info.LocalNodeState === 'active' && info.NodeID !== '' && !known.has(info.NodeID))
      throw new UserError('it is a member of another swarm than the others', {
        where: host,
        hint: `take it out of that swarm first, if nothing there is needed: longshore sh ${host} -- docker swarm leave --force`,
      })
}

function refuseLocked(infos: Readonly<Record<string, SwarmInfo>>): void {
  for (const [host, info] of Object.entries(infos))
    if (info.LocalNodeState === 'locked')
      throw new UserError('its swarm is locked, and only somebody with the key can open it', {
        where: host,
        hint: `longshore sh ${host} -- docker swarm unlock`,
      })
}

/** Milliseconds that a look waits for a swarm that is choosing a new leader, and for its nodes to report to that; and between two looks. */
const patienceMs = 10_000
const pauseMs = 500

/** True while a new leader has not heard from a node that answers us: what it says of that node and its containers is from before. */
const isReporting = (infos: Readonly<Record<string, SwarmInfo>>, { nodes }: SeenCluster): boolean =>
  Object.values(infos).some(
    info =>
      info.LocalNodeState === 'active' &&
      nodes.some(({ ID, Status }) => ID === info.NodeID && Status.State === 'unknown'),
  )

/** Looks at a swarm. A UserError where it cannot decide anything, or where no manager of it can be reached. */
export async function observeSwarm(scope: Scope, members: readonly Member[], signal: AbortSignal): Promise<SwarmSeen> {
  const engines = members.flatMap(({ host, engine }) =>
    engine === undefined ? [] : [{ host: host.name, engine: engine as DockerEngine }],
  )
  const told = await Promise.all(engines.map(async ({ host, engine }) => [host, await infoOf(engine, signal)] as const))
  const infos = Object.fromEntries(told.flatMap(([host, info]) => (info === undefined ? [] : [[host, info] as const])))
  refuseLocked(infos)
  const active = engines.filter(({ host }) => infos[host]?.LocalNodeState === 'active')
  if (active.length === 0) return { infos }
  const managers = active.filter(({ host }) => infos[host]?.ControlAvailable)
  if (managers.length === 0)
    throw new UserError(
      `no manager of the swarm that ${active.map(({ host }) => host).join(', ')} belongs to answers`,
      {
        where: scope.name,
        exit: exitCodes.unreachable,
        hint: 'bring a manager back, or widen --on to take one in',
      },
    )
  const ways = managers.map(({ host, engine }) => ({ host, open: async () => engine }))
  const end = performance.now() + patienceMs
  let cluster = await throughManager(scope, ways, signal, clusterOf, patienceMs)
  while (isReporting(infos, cluster) && performance.now() < end) {
    await sleep(pauseMs, undefined, { signal })
    cluster = await throughManager(scope, ways, signal, clusterOf, patienceMs)
  }
  refuseStrangers(infos, cluster)
  return { infos, cluster }
}
