// A service's canonical spec: what of it counts for a difference, comparable, and without any secret value.
import type { ContainerWant, Rollout } from '../../../core/wanted.js'
import { type Json, type JsonObject, present } from '../../docker/canonical.js'
import { containerSpec } from '../../docker/containers/spec.js'

/** How it is updated, where the file does not say: one at a time, and back where it fails. */
const defaultFailure = 'rollback'

const hasHostPort = ({ config }: ContainerWant): boolean =>
  config.networkMode === 'host' ||
  config.ports.some(({ mode, published }) => mode === 'host' && published !== undefined)

const hasData = ({ config }: ContainerWant): boolean =>
  config.mounts.some(({ type, readOnly }) => type === 'volume' && !readOnly)

/** Two cannot have one port of a host, or write into one volume. */
export const orderOf = (want: ContainerWant, said: Rollout['order']): 'start-first' | 'stop-first' =>
  said ?? (hasHostPort(want) || hasData(want) ? 'stop-first' : 'start-first')

const nanoseconds = (ms: number): number => ms * 1_000_000

/** `UpdateConfig` of the service. The engine takes a monitor of 0 for its own default of five seconds. */
export function updateConfig(want: ContainerWant): JsonObject {
  const { rollout } = want
  return {
    Parallelism: rollout?.parallelism ?? 1,
    Delay: nanoseconds(rollout?.delayMs ?? 0),
    FailureAction: rollout?.failureAction ?? defaultFailure,
    Monitor: nanoseconds(rollout?.monitorMs ?? 0),
    MaxFailureRatio: rollout?.maxFailureRatio ?? 0,
    Order: orderOf(want, rollout?.order),
  }
}

export function rollbackConfig(want: ContainerWant): JsonObject {
  const back = want.rollout?.back
  return {
    Parallelism: back?.parallelism ?? 1,
    Delay: nanoseconds(back?.delayMs ?? 0),
    FailureAction: 'pause',
    Monitor: nanoseconds(back?.monitorMs ?? 0),
    MaxFailureRatio: back?.maxFailureRatio ?? 0,
    Order: orderOf(want, back?.order),
  }
}

/** The same in the words of the file. */
const toldConfig = ({ Parallelism, Delay, FailureAction, Monitor, MaxFailureRatio, Order }: JsonObject): JsonObject =>
  present({
    parallelism: Parallelism,
    delay_ms: Number(Delay) / 1_000_000,
    failure_action: FailureAction,
    monitor_ms: Number(Monitor) / 1_000_000,
    max_failure_ratio: MaxFailureRatio,
    order: Order,
  })

/** Where it may run: as `on` and `deploy.placement` say. */
export function constraintsOf({ spread }: ContainerWant, all: readonly string[]): string[] {
  const { hosts = [], everywhere = true, constraints = [] } = spread ?? {}
  const [only] = hosts
  const own = everywhere
    ? []
    : hosts.length === 1
      ? [`node.labels.longshore.host==${only}`]
      : all.filter(host => !hosts.includes(host)).map(host => `node.labels.longshore.host!=${host}`)
  return [...own, ...constraints]
}

/** The spec; how many there shall be is told apart, because that alone replaces nothing. */
export function serviceSpec(
  want: ContainerWant,
  { key, hosts, aliases }: { key: Uint8Array; hosts: readonly string[]; aliases: readonly string[] },
): JsonObject {
  const { spread, config } = want
  const modes = config.ports.filter(({ mode }) => mode === 'host').map(({ target }) => target)
  return present({
    ...containerSpec(config, key),
    mode: spread?.mode,
    host_ports: modes,
    placement: constraintsOf(want, hosts),
    preferences: spread?.preferences,
    max_per_node: spread?.maxPerNode,
    endpoint_mode: spread?.endpointMode,
    service_labels: spread?.labels,
    reserved_cpus: spread?.reservedCpus,
    restart_delay_ms: spread?.restartDelayMs,
    restart_window_ms: spread?.restartWindowMs,
    links: aliases as Json,
    update: toldConfig(updateConfig(want)),
    rollback: toldConfig(rollbackConfig(want)),
  })
}
