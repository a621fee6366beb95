// Turns a container's configuration into the Engine API's create request. Pure; the only place where secret values are put in.
import { reveal } from '../../../core/secret.js'
import type { ContainerConfig, ContainerWant, NetworkJoin, PortWant } from '../../../core/wanted.js'
import { compareVersions } from '../api/version.js'
import { canonicalHash, canonicalJson } from '../canonical.js'
import { labels, labelsVersion } from '../labels.js'
import { mountBodies } from './mounts.js'
import { hostSettings } from './settings.js'
import { containerSpec } from './spec.js'

/** From this API version on a container may be created on several networks at once. */
const manyEndpoints = '1.44'

const nanoseconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms * 1_000_000)

/** Leaves out what is undefined. */
const given = (data: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined))

/** How a container joins one of its networks. */
export function endpointBody(
  config: ContainerConfig,
  network: NetworkJoin,
  macAddress?: string,
): Record<string, unknown> {
  const { aliases, address, address6, linkLocal, options } = network
  const addresses = given({ IPv4Address: address, IPv6Address: address6, LinkLocalIPs: linkLocal })
  return given({
    Aliases: aliases.length > 0 ? aliases : undefined,
    Links: config.links.length > 0 ? config.links.map(({ container, alias }) => `${container}:${alias}`) : undefined,
    IPAMConfig: Object.keys(addresses).length > 0 ? addresses : undefined,
    MacAddress: macAddress,
    DriverOpts: options,
  })
}

/** The engine knows no `systempaths=unconfined`: its own command says the same with two empty lists. */
function securityBody(options: readonly string[] | undefined): object {
  const rest = options?.filter(option => option !== openPaths)
  const isOpen = rest?.length !== options?.length
  return { SecurityOpt: rest, ...(isOpen ? { MaskedPaths: [], ReadonlyPaths: [] } : {}) }
}

const openPaths = 'systempaths=unconfined'

const portBindings = (ports: readonly PortWant[]): Record<string, object[]> => {
  const bindings: Record<string, object[]> = {}
  for (const { ip, published, target, protocol } of ports) {
    const name = `${target}/${protocol}`
    bindings[name] = [...(bindings[name] ?? []), { HostIp: ip ?? '', HostPort: published ? String(published) : '' }]
  }
  return bindings
}

/** The labels of a container: the user's, and ours on top. */
export function containerLabels(project: string, want: ContainerWant, key: Uint8Array): Record<string, string> {
  const spec = containerSpec(want.config, key)
  return {
    ...want.config.labels,
    [labels.project]: project,
    [labels.service]: want.service,
    [labels.number]: String(want.number),
    [labels.version]: labelsVersion,
    [labels.specHash]: canonicalHash(spec),
    [labels.spec]: canonicalJson(spec),
  }
}

export interface CreateRequest {
  body: object
  /** Networks to connect after the create and before the start, for engines that take only one at once. */
  connect: { network: string; endpoint: object }[]
}

/**
 * The create request of a container, for an engine that speaks `version`. `kept`: anonymous volumes of the container it replaces.
 * `trial`: the name under which it is tried beside the one it shall replace: nobody is led to it by any other.
 */
export function createRequest(
  project: string,
  want: ContainerWant,
  key: Uint8Array,
  version: string,
  kept: readonly { name: string; target: string }[] = [],
  trial?: string,
): CreateRequest {
  const { config } = want
  const keptTargets = new Set(kept.map(({ target }) => target))
  const mounts = config.mounts.filter(mount => !(mount.source === undefined && keptTargets.has(mount.target)))
  const [main] = config.networks
  const all = config.networkMode === undefined ? config.networks : []
  const isNew = compareVersions(version, manyEndpoints) >= 0
  const now = isNew ? all : all.slice(0, 1)
  // Older engines know the address of a container, newer ones those on each of its networks.
  const macAddress = config.macAddress ?? main?.macAddress
  const endpoint = (network: NetworkJoin): object =>
    endpointBody(
      config,
      trial === undefined ? network : { ...network, aliases: [] },
      isNew ? (network.macAddress ?? (network === main ? macAddress : undefined)) : undefined,
    )
  const onDefaultBridge = all.length === 0
  const healthcheck = config.healthcheck
  const body = given({
    Image: config.image,
    Cmd: config.command,
    Entrypoint: config.entrypoint,
    Env: Object.entries(config.environment).map(([name, value]) => `${name}=${reveal(value)}`),
    Labels: { ...containerLabels(project, want, key), ...(trial === undefined ? {} : { [labels.trial]: trial }) },
    Hostname: config.hostname,
    Domainname: config.domainname,
    MacAddress: isNew && all.length > 0 ? undefined : macAddress,
    User: config.user,
    WorkingDir: config.workingDir,
    Tty: config.tty,
    OpenStdin: config.stdinOpen,
    StopSignal: config.stopSignal,
    StopTimeout: config.stopGraceMs === undefined ? undefined : Math.ceil(config.stopGraceMs / 1000),
    ExposedPorts: Object.fromEntries(
      [...config.ports.map(({ target, protocol }) => `${target}/${protocol}`), ...(config.expose ?? [])].map(port => [
        port,
        {},
      ]),
    ),
    Healthcheck:
      healthcheck &&
      given({
        Test: healthcheck.test,
        Interval: nanoseconds(healthcheck.intervalMs),
        Timeout: nanoseconds(healthcheck.timeoutMs),
        StartPeriod: nanoseconds(healthcheck.startPeriodMs),
        StartInterval: isNew ? nanoseconds(healthcheck.startIntervalMs) : undefined,
        Retries: healthcheck.retries,
      }),
    HostConfig: given({
      ...hostSettings(config),
      NetworkMode: config.networkMode ?? main?.name,
      PortBindings: portBindings(config.ports),
      ...mountBodies(mounts, kept),
      RestartPolicy: config.restart && given({ Name: config.restart.name, MaximumRetryCount: config.restart.max }),
      Init: config.init,
      Privileged: config.privileged,
      ReadonlyRootfs: config.readOnly,
      CapAdd: config.capAdd,
      CapDrop: config.capDrop,
      ...securityBody(config.securityOpt),
      Sysctls: config.sysctls,
      Dns: config.dns,
      ShmSize: config.shmSize,
      ExtraHosts: config.extraHosts.length > 0 ? config.extraHosts : undefined,
      Links:
        onDefaultBridge && config.links.length > 0
          ? config.links.map(({ container, alias }) => `${container}:${alias}`)
          : undefined,
    }),
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(now.map(net => [net.name, endpoint(net)])) },
  })
  return {
    body,
    connect: all.slice(now.length).map(net => ({ network: net.name, endpoint: endpoint(net) })),
  }
}
