// A container's canonical spec: its configuration in the words of the file, comparable, and without any secret value.
import { isLive, shippedHash } from '../../../core/containers/mounts/shipped.js'
import type { Value } from '../../../core/secret.js'
import type {
  ContainerConfig,
  FileWant,
  HealthcheckWant,
  MountSettings,
  MountWant,
  NetworkJoin,
  PortWant,
} from '../../../core/wanted.js'
import { canonicalHash, type Json, type JsonObject, present } from '../canonical.js'
import { settingsSpec } from './settings.js'

/** How a value stands in a spec: text as it is, a secret as its fingerprint under the host's key. */
export const specValue = (value: Value, key: Uint8Array): Json =>
  typeof value === 'string' ? value : { secret: value.fingerprint(key) }

const sorted = (list: readonly string[] | undefined): string[] | undefined => list && [...list].sort()

/** "127.0.0.1:80:8000/tcp", "8000/tcp" where the engine chooses. */
function portText({ ip, published, target, protocol }: PortWant): string {
  const host = ip === undefined ? '' : `${ip.includes(':') ? `[${ip}]` : ip}:`
  return `${host}${published === undefined ? (host ? ':' : '') : `${published}:`}${target}/${protocol}`
}

/** A seccomp profile is known by a hash of its text. */
const optionText = (option: string): string =>
  option.startsWith('seccomp={') ? `seccomp=${canonicalHash(option)}` : option

/** What a mount is told besides, in the order of its words; empty for a plain one. */
const settingsText = ({ options, ...others }: MountSettings): string =>
  [
    ...(options ? [options] : []),
    ...Object.entries(others)
      .sort()
      .map(([name, value]) => `${name}=${value}`),
  ].join(',')

function mountText({ type, source, target, readOnly, settings = {} }: MountWant): string {
  const more = settingsText(settings)
  const from = type === 'tmpfs' ? 'tmpfs:' : source === undefined ? '' : `${source}:`
  return `${from}${target}${readOnly ? ':ro' : ''}${more === '' ? '' : `:${more}`}`
}

function networkText({ name, aliases, ...join }: NetworkJoin): string {
  const { address, address6, linkLocal, macAddress, options } = join
  const more = [
    ...(aliases.length > 0 ? [`as ${[...aliases].sort().join(', ')}`] : []),
    ...[address, address6, ...(linkLocal ?? []), macAddress].filter(text => text !== undefined),
    ...Object.entries(options ?? {}).map(([key, value]) => `${key}=${value}`),
  ]
  return more.length > 0 ? `${name} (${more.join('; ')})` : name
}

/** Files that are put in, by path: a hash of the content, a fingerprint where it is a secret. */
const filesSpec = (files: readonly FileWant[], key: Uint8Array): JsonObject =>
  Object.fromEntries(
    files.map(({ target, content, uid, gid, mode }) => [
      target,
      {
        content: typeof content === 'string' ? canonicalHash(content) : specValue(content, key),
        owner: `${uid}:${gid}`,
        mode: mode.toString(8),
      },
    ]),
  )

/** What is brought to the host, by what people call it: the hash of its content where a change of it makes another container. */
const shippedSpec = (mounts: readonly MountWant[], key: Uint8Array): JsonObject =>
  Object.fromEntries(
    mounts.flatMap(({ shipped }) =>
      shipped === undefined ? [] : [[shipped.thing, isLive(shipped) ? 'live' : shippedHash(shipped, key)]],
    ),
  )

const healthcheckSpec = (want: HealthcheckWant): JsonObject =>
  present({
    test: want.test,
    interval_ms: want.intervalMs,
    timeout_ms: want.timeoutMs,
    start_period_ms: want.startPeriodMs,
    start_interval_ms: want.startIntervalMs,
    retries: want.retries,
  })

/**
 * The spec of a container. What is absent in the configuration is absent here; lists whose order means nothing are sorted.
 * An empty command or entrypoint is kept, because it takes away the image's own.
 */
export function containerSpec(config: ContainerConfig, key: Uint8Array): JsonObject {
  const environment = Object.entries(config.environment).map(([name, value]) => [name, specValue(value, key)] as const)
  return {
    ...present({
      ...settingsSpec(config),
      files: config.files && filesSpec(config.files, key),
      shipped: shippedSpec(config.mounts, key),
      image: config.image,
      environment: Object.fromEntries(environment),
      labels: config.labels,
      hostname: config.hostname,
      user: config.user,
      working_dir: config.workingDir,
      tty: config.tty,
      stdin_open: config.stdinOpen,
      init: config.init,
      privileged: config.privileged,
      read_only: config.readOnly,
      cap_add: sorted(config.capAdd),
      cap_drop: sorted(config.capDrop),
      security_opt: sorted(config.securityOpt?.map(optionText)),
      sysctls: config.sysctls,
      dns: config.dns,
      shm_size: config.shmSize,
      restart: config.restart && `${config.restart.name}${config.restart.max ? `:${config.restart.max}` : ''}`,
      healthcheck: config.healthcheck && healthcheckSpec(config.healthcheck),
      ports: sorted(config.ports.map(portText)),
      volumes: sorted(config.mounts.map(mountText)),
      networks: config.networks.map(networkText),
      network_mode: config.networkMode,
      links: sorted(config.links.map(({ container, alias }) => `${container}:${alias}`)),
      extra_hosts: sorted(config.extraHosts),
      stop_signal: config.stopSignal,
      stop_grace_period_ms: config.stopGraceMs,
    }),
    ...(config.command === undefined ? {} : { command: config.command }),
    ...(config.entrypoint === undefined ? {} : { entrypoint: config.entrypoint }),
  }
}
