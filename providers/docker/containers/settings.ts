// A container's limits, namespaces and devices: how they stand in its spec, and in the Engine API's create request.
import type { BlkioWant, ContainerSettings, DeviceRate } from '../../../core/container-settings.js'
import type { Json } from '../canonical.js'

/** Settings that the engine takes as they are: their word in the file, and their name in the request's HostConfig. */
const plain = {
  annotations: ['annotations', 'Annotations'],
  cgroup: ['cgroup', 'CgroupnsMode'],
  cgroupParent: ['cgroup_parent', 'CgroupParent'],
  cpuCount: ['cpu_count', 'CpuCount'],
  cpuPercent: ['cpu_percent', 'CpuPercent'],
  cpuPeriod: ['cpu_period', 'CpuPeriod'],
  cpuQuota: ['cpu_quota', 'CpuQuota'],
  cpuRtPeriod: ['cpu_rt_period', 'CpuRealtimePeriod'],
  cpuRtRuntime: ['cpu_rt_runtime', 'CpuRealtimeRuntime'],
  cpuset: ['cpuset', 'CpusetCpus'],
  cpuShares: ['cpu_shares', 'CpuShares'],
  deviceCgroupRules: ['device_cgroup_rules', 'DeviceCgroupRules'],
  dnsOpt: ['dns_opt', 'DnsOptions'],
  dnsSearch: ['dns_search', 'DnsSearch'],
  groupAdd: ['group_add', 'GroupAdd'],
  ipc: ['ipc', 'IpcMode'],
  isolation: ['isolation', 'Isolation'],
  memory: ['mem_limit', 'Memory'],
  memoryReservation: ['mem_reservation', 'MemoryReservation'],
  memorySwap: ['memswap_limit', 'MemorySwap'],
  memorySwappiness: ['mem_swappiness', 'MemorySwappiness'],
  oomKillDisable: ['oom_kill_disable', 'OomKillDisable'],
  oomScoreAdj: ['oom_score_adj', 'OomScoreAdj'],
  pid: ['pid', 'PidMode'],
  pidsLimit: ['pids_limit', 'PidsLimit'],
  runtime: ['runtime', 'Runtime'],
  storageOpt: ['storage_opt', 'StorageOpt'],
  usernsMode: ['userns_mode', 'UsernsMode'],
  uts: ['uts', 'UTSMode'],
  volumesFrom: ['volumes_from', 'VolumesFrom'],
} as const satisfies { [Key in keyof ContainerSettings]: readonly [string, string] }

/** Settings that stand elsewhere in the request, or in another shape: their word in the file. */
const shaped = {
  blkio: 'blkio_config',
  cpus: 'cpus',
  deviceRequests: 'gpus',
  devices: 'devices',
  domainname: 'domainname',
  expose: 'expose',
  logging: 'logging',
  macAddress: 'mac_address',
  platform: 'platform',
  postStart: 'post_start',
  preStop: 'pre_stop',
  ulimits: 'ulimits',
} as const satisfies { [Key in Exclude<keyof ContainerSettings, keyof typeof plain>]-?: string }

const keysOf = <T extends object>(table: T): (keyof T)[] => Object.keys(table) as (keyof T)[]

const devicesSpec = (devices: ContainerSettings['devices']): string[] | undefined =>
  devices?.map(({ source, target, permissions }) => `${source}:${target}:${permissions}`)

const ulimitsSpec = (ulimits: ContainerSettings['ulimits']): Record<string, string> | undefined =>
  ulimits &&
  Object.fromEntries(
    Object.entries(ulimits).map(([name, { soft, hard }]) => [name, soft === hard ? `${soft}` : `${soft}:${hard}`]),
  )

/** The settings in the words of the file, for the spec; absent ones are undefined. */
export function settingsSpec(settings: ContainerSettings): Record<string, Json | undefined> {
  const own = Object.fromEntries(keysOf(plain).map(key => [plain[key][0], settings[key]]))
  const others = Object.fromEntries(keysOf(shaped).map(key => [shaped[key], settings[key]]))
  const { devices, ulimits } = settings
  return { ...own, ...others, devices: devicesSpec(devices), ulimits: ulimitsSpec(ulimits) } as Record<
    string,
    Json | undefined
  >
}

const rates = (list: readonly DeviceRate[] | undefined): object[] | undefined =>
  list?.map(({ path, rate }) => ({ Path: path, Rate: rate }))

const blkioBody = ({ weight, weightDevice, readBps, readIops, writeBps, writeIops }: BlkioWant): object => ({
  BlkioWeight: weight,
  BlkioWeightDevice: weightDevice?.map(device => ({ Path: device.path, Weight: device.weight })),
  BlkioDeviceReadBps: rates(readBps),
  BlkioDeviceReadIOps: rates(readIops),
  BlkioDeviceWriteBps: rates(writeBps),
  BlkioDeviceWriteIOps: rates(writeIops),
})

/** What goes into the request's HostConfig; absent settings are undefined. */
export function hostSettings(settings: ContainerSettings): object {
  const own = Object.fromEntries(keysOf(plain).map(key => [plain[key][1], settings[key]]))
  const { blkio, cpus, deviceRequests, devices, logging, ulimits } = settings
  return {
    ...own,
    ...(blkio === undefined ? {} : blkioBody(blkio)),
    NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    Devices: devices?.map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    DeviceRequests: deviceRequests?.map(({ driver = '', count = 0, ids, capabilities, options = {} }) => ({
      Driver: driver,
      Count: count,
      DeviceIDs: ids,
      Capabilities: [capabilities],
      Options: options,
    })),
    LogConfig: logging && { Type: logging.driver ?? '', Config: logging.options ?? {} },
    Ulimits:
      ulimits && Object.entries(ulimits).map(([name, { soft, hard }]) => ({ Name: name, Soft: soft, Hard: hard })),
  }
}
