// Turns a service into the Engine API's request. Pure; the only place of the swarm's where secret values are put in.
import { reveal } from '../../../core/secret.js'
import type { ContainerConfig, ContainerWant, HealthcheckWant, MountWant } from '../../../core/wanted.js'
import { canonicalHash, canonicalJson } from '../../docker/canonical.js'
import { labels, labelsVersion } from '../../docker/labels.js'
import type { ServiceSpec } from '../shapes.js'
import type { ObjectWant } from './objects.js'
import { constraintsOf, rollbackConfig, serviceSpec, updateConfig } from './spec.js'

/** Leaves out what is undefined. */
const given = (data: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined))

const some = <T>(list: readonly T[] | undefined): readonly T[] | undefined => (list?.length ? list : undefined)

const nanoseconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms * 1_000_000)

function mountBody({ type, source, target, readOnly, settings = {} }: MountWant): object {
  const { propagation, nocopy, size, mode } = settings
  return given({
    Type: type,
    Source: source,
    Target: target,
    ReadOnly: readOnly || undefined,
    BindOptions: propagation === undefined ? undefined : { Propagation: propagation },
    VolumeOptions: nocopy ? { NoCopy: true } : undefined,
    TmpfsOptions: type === 'tmpfs' ? given({ SizeBytes: size, Mode: mode }) : undefined,
  })
}

const healthBody = (want: HealthcheckWant | undefined): object | undefined =>
  want &&
  given({
    Test: want.test,
    Interval: nanoseconds(want.intervalMs),
    Timeout: nanoseconds(want.timeoutMs),
    StartPeriod: nanoseconds(want.startPeriodMs),
    Retries: want.retries,
  })

/** "name:address" as "address name". */
const hostLine = (line: string): string => {
  const at = line.indexOf(':')
  return `${line.slice(at + 1)} ${line.slice(0, at)}`
}

const restartBody = ({ config, spread }: ContainerWant): object => {
  const conditions = { no: 'none', 'on-failure': 'on-failure', always: 'any', 'unless-stopped': 'any' } as const
  const isJob = spread?.mode === 'replicated-job' || spread?.mode === 'global-job'
  return given({
    // A job that has ended well is not begun again.
    Condition: config.restart === undefined ? (isJob ? 'on-failure' : 'any') : conditions[config.restart.name],
    MaxAttempts: config.restart?.max,
    Delay: nanoseconds(spread?.restartDelayMs),
    Window: nanoseconds(spread?.restartWindowMs),
  })
}

const resourcesBody = ({ config, spread }: ContainerWant): object => ({
  Limits: given({
    NanoCPUs: config.cpus === undefined ? undefined : Math.round(config.cpus * 1e9),
    MemoryBytes: config.memory,
    Pids: config.pidsLimit,
  }),
  Reservations: given({
    NanoCPUs: spread?.reservedCpus === undefined ? undefined : Math.round(spread.reservedCpus * 1e9),
    MemoryBytes: config.memoryReservation,
  }),
})

function modeOf({ spread }: ContainerWant): ServiceSpec['Mode'] {
  const { mode = 'replicated', replicas = 1 } = spread ?? {}
  if (mode === 'global') return { Global: {} }
  if (mode === 'global-job') return { GlobalJob: {} }
  if (mode === 'replicated-job') return { ReplicatedJob: { MaxConcurrent: replicas, TotalCompletions: replicas } }
  return { Replicated: { Replicas: replicas } }
}

const portsBody = ({ ports }: ContainerConfig): object[] =>
  ports.map(({ target, published, protocol, mode = 'ingress' }) =>
    given({ Protocol: protocol, TargetPort: target, PublishedPort: published, PublishMode: mode }),
  )

/** A secret or config in a container; `id` is the swarm's. */
function useOf(kind: ObjectWant['kind'], { name, target, uid, gid, mode }: ObjectWant, id: string): object {
  const File = { Name: target, UID: String(uid), GID: String(gid), Mode: mode }
  return kind === 'secret' ? { SecretID: id, SecretName: name, File } : { ConfigID: id, ConfigName: name, File }
}

/** What the file calls a container's image: it runs by an id or a digest. */
export const refLabel = 'longshore.ref'

/** The part of a spec by which `inspect` knows which variables not to show; nothing where none is a secret. */
function secretsLabel({ environment }: ContainerConfig): Record<string, string> {
  const secrets = Object.entries(environment).filter(([, value]) => typeof value !== 'string')
  if (secrets.length === 0) return {}
  const told = Object.fromEntries(secrets.map(([name]) => [name, { secret: true }]))
  return { [labels.spec]: canonicalJson({ environment: told }) }
}

/** Labels of the containers: they tell whose they are, and change with nothing that need not replace them. */
const taskLabels = (project: string, { config, service }: ContainerWant): Record<string, string> => ({
  ...config.labels,
  [labels.project]: project,
  [labels.service]: service,
  [labels.version]: labelsVersion,
  [refLabel]: config.image,
  ...secretsLabel(config),
})

export interface BodyParts {
  project: string
  key: Uint8Array
  /** Names of all hosts of the swarm. */
  hosts: readonly string[]
  aliases: readonly string[]
  /** What the containers are made from: an id, a digest or a name. */
  image: string
  objects: readonly { want: ObjectWant; id: string }[]
  forceUpdate: number
}

/** The name of a service on the swarm. */
export const serviceName = (project: string, service: string): string => `${project}_${service}`

/** The request's body. */
export function serviceBody(want: ContainerWant, parts: BodyParts): ServiceSpec {
  const { config, spread } = want
  const { project, key, hosts, aliases, image, objects, forceUpdate } = parts
  const spec = serviceSpec(want, { key, hosts, aliases })
  const uses = (kind: ObjectWant['kind']): object[] =>
    objects.flatMap(one => (one.want.kind === kind ? [useOf(kind, one.want, one.id)] : []))
  const networks =
    config.networkMode === 'host'
      ? [{ Target: 'host' }]
      : config.networks.map(network => ({
          Target: network.name,
          Aliases: [...new Set([...network.aliases, ...aliases])],
        }))
  return {
    Name: serviceName(project, want.service),
    Labels: {
      ...spread?.labels,
      [labels.project]: project,
      [labels.service]: want.service,
      [labels.version]: labelsVersion,
      [labels.image]: config.image,
      [labels.specHash]: canonicalHash(spec),
      [labels.spec]: canonicalJson(spec),
    },
    TaskTemplate: {
      ContainerSpec: given({
        Image: image,
        Labels: taskLabels(project, want),
        Command: some(config.entrypoint),
        Args: some(config.command),
        Hostname: config.hostname,
        Env: some(Object.entries(config.environment).map(([name, value]) => `${name}=${reveal(value)}`)),
        Dir: config.workingDir,
        User: config.user,
        Groups: some(config.groupAdd),
        TTY: config.tty,
        OpenStdin: config.stdinOpen,
        ReadOnly: config.readOnly,
        Mounts: some(config.mounts.filter(({ shipped }) => shipped === undefined).map(mountBody)),
        StopSignal: config.stopSignal,
        StopGracePeriod: nanoseconds(config.stopGraceMs),
        Healthcheck: healthBody(config.healthcheck),
        Hosts: some(config.extraHosts.map(hostLine)),
        DNSConfig:
          config.dns || config.dnsSearch || config.dnsOpt
            ? given({ Nameservers: config.dns, Search: config.dnsSearch, Options: config.dnsOpt })
            : undefined,
        Secrets: some(uses('secret')),
        Configs: some(uses('config')),
        Init: config.init,
        Sysctls: config.sysctls,
        CapabilityAdd: some(config.capAdd),
        CapabilityDrop: some(config.capDrop),
        Ulimits:
          config.ulimits &&
          Object.entries(config.ulimits).map(([name, { soft, hard }]) => ({ Name: name, Soft: soft, Hard: hard })),
        Isolation: config.isolation,
      }),
      Resources: resourcesBody(want),
      RestartPolicy: restartBody(want),
      Placement: given({
        Constraints: some(constraintsOf(want, hosts)),
        Preferences: some((spread?.preferences ?? []).map(label => ({ Spread: { SpreadDescriptor: label } }))),
        MaxReplicas: spread?.maxPerNode,
      }),
      Networks: networks,
      LogDriver: config.logging && { Name: config.logging.driver ?? '', Options: config.logging.options ?? {} },
      ForceUpdate: forceUpdate,
    },
    Mode: modeOf(want),
    ...(spread?.mode?.endsWith('-job')
      ? {}
      : { UpdateConfig: updateConfig(want), RollbackConfig: rollbackConfig(want) }),
    EndpointSpec: { Mode: spread?.endpointMode ?? 'vip', Ports: portsBody(config) },
  }
}
