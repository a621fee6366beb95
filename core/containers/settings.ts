// What a service says of its limits, namespaces and devices, as the normal form: absent where the engine's default holds.
import type { ContainerSettings } from '../container-settings.js'
import type { ContainerConfig } from '../wanted.js'
import { sorted } from './environment.js'
import type { Service } from './schema/service.js'

const some = <T>(list: readonly T[] | undefined): T[] | undefined => (list?.length ? [...list] : undefined)

const named = <T>(record: Readonly<Record<string, T>> | undefined): Record<string, T> | undefined =>
  record === undefined || Object.keys(record).length === 0 ? undefined : sorted(record)

/** Lists whose order means nothing, each item once. */
const inOrder = (list: readonly string[] | undefined): string[] | undefined => some([...new Set(list)].sort())

function loggingOf({ logging }: Service): ContainerSettings['logging'] {
  const options = named(logging?.options)
  if (logging === undefined || (logging.driver === undefined && options === undefined)) return undefined
  return {
    ...(logging.driver === undefined ? {} : { driver: logging.driver }),
    ...(options === undefined ? {} : { options }),
  }
}

type Own = Exclude<keyof ContainerSettings, 'ipc' | 'pid' | 'volumesFrom'>

/** The settings that are the same for every container of a service; what it shares with other containers is not among them. */
export function settingsOf(service: Service): { [Key in Own]: ContainerSettings[Key] | undefined } {
  const { limits, reservations } = service.deploy?.resources ?? {}
  return {
    postStart: some(service.post_start),
    preStop: some(service.pre_stop),
    domainname: service.domainname,
    macAddress: service.mac_address,
    groupAdd: inOrder(service.group_add),
    dnsSearch: some(service.dns_search),
    dnsOpt: some(service.dns_opt),
    expose: inOrder(service.expose?.flat()),
    annotations: named(service.annotations),
    uts: service.uts,
    usernsMode: service.userns_mode,
    cgroup: service.cgroup,
    cgroupParent: service.cgroup_parent,
    runtime: service.runtime,
    isolation: service.isolation,
    platform: service.platform,
    devices: some(service.devices),
    deviceCgroupRules: inOrder(service.device_cgroup_rules),
    deviceRequests: some([...(service.gpus ?? []), ...(reservations?.devices ?? [])]),
    storageOpt: named(service.storage_opt),
    logging: loggingOf(service),
    ulimits: named(service.ulimits),
    cpus: limits?.cpus ?? service.cpus,
    cpuShares: service.cpu_shares,
    cpuPeriod: service.cpu_period,
    cpuQuota: service.cpu_quota,
    cpuRtPeriod: service.cpu_rt_period,
    cpuRtRuntime: service.cpu_rt_runtime,
    cpuset: service.cpuset,
    cpuCount: service.cpu_count,
    cpuPercent: service.cpu_percent,
    memory: limits?.memory ?? service.mem_limit,
    memoryReservation: reservations?.memory ?? service.mem_reservation,
    memorySwap: service.memswap_limit,
    memorySwappiness: service.mem_swappiness,
    oomKillDisable: service.oom_kill_disable,
    oomScoreAdj: service.oom_score_adj,
    pidsLimit: limits?.pids ?? service.pids_limit,
    blkio: service.blkio_config,
  }
}

const conditions = {
  none: 'no',
  no: 'no',
  'on-failure': 'on-failure',
  'unless-stopped': 'unless-stopped',
  any: 'always',
  always: 'always',
} as const

/** When the engine starts it again: as `restart` says, else as `deploy.restart_policy` does. */
export function restartOf({ restart, deploy }: Service): ContainerConfig['restart'] {
  const policy = deploy?.restart_policy
  if (restart !== undefined || policy === undefined) return restart?.name === 'no' ? undefined : restart
  const name = conditions[policy.condition ?? 'any']
  if (name === 'no') return undefined
  return name === 'on-failure' && policy.max_attempts ? { name, max: policy.max_attempts } : { name }
}
