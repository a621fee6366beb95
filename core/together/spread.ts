// How the containers of one service are spread over the hosts of an engine that deals them itself.
import type { Read } from '../containers/read.js'
import type { Service } from '../containers/schema/service.js'
import type { Host } from '../project.js'
import type { SpreadWant } from './spread-want.js'

/** What a service comes to on these hosts, of all that the engine has. Without a number it runs once on each. */
export function spreadOf({ value }: Read<Service>, hosts: readonly Host[], all: readonly Host[]): SpreadWant {
  const { deploy, scale } = value
  const placement = deploy?.placement
  const policy = deploy?.restart_policy
  const given = scale ?? deploy?.replicas
  const mode = deploy?.mode ?? (given === undefined && hosts.length > 1 ? 'global' : 'replicated')
  const isCounted = mode === 'replicated' || mode === 'replicated-job'
  const cpus = deploy?.resources?.reservations?.cpus
  return {
    hosts: hosts.map(({ name }) => name).sort(),
    everywhere: hosts.length === all.length,
    mode,
    ...(isCounted ? { replicas: given ?? 1 } : {}),
    constraints: placement?.constraints ?? [],
    preferences: (placement?.preferences ?? []).flatMap(({ spread }) => spread ?? []),
    ...(placement?.max_replicas_per_node === undefined ? {} : { maxPerNode: placement.max_replicas_per_node }),
    ...(deploy?.endpoint_mode === undefined ? {} : { endpointMode: deploy.endpoint_mode }),
    labels: Object.fromEntries(
      Object.entries(deploy?.labels ?? {}).map(([key, text]) => [key, typeof text === 'string' ? text : '']),
    ),
    ...(cpus === undefined ? {} : { reservedCpus: cpus }),
    ...(policy?.delay === undefined ? {} : { restartDelayMs: policy.delay }),
    ...(policy?.window === undefined ? {} : { restartWindowMs: policy.window }),
  }
}
