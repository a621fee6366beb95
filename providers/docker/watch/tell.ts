// What the engine tells of one container when it is asked: its programs, its ports, all its settings, and how it ended.
import { UserError } from '../../../core/errors.js'
import type { ContainerDetails } from '../api/shapes.js'
import { hasStatus } from '../apply/job.js'
import { parseSpec } from '../canonical.js'
import { inspect } from '../containers/calls.js'
import { labels } from '../labels.js'
import type { DockerEngine } from '../open.js'

const path = (container: string, action: string): string => `/containers/${encodeURIComponent(container)}/${action}`

/** The programs that run in a container. A UserError where it does not run. */
export async function programsOf(
  { api, scope }: DockerEngine,
  container: string,
): Promise<{ titles: string[]; processes: string[][] }> {
  try {
    const told = await api.json<{ Titles: string[]; Processes: string[][] | null }>({ path: path(container, 'top') })
    return { titles: told.Titles, processes: told.Processes ?? [] }
  } catch (error) {
    if (hasStatus(error, 404, 409)) throw new UserError(error.message, { where: scope.name })
    throw error
  }
}

/** A container's details. A UserError where it is gone. */
export async function detailsOf(engine: DockerEngine, container: string): Promise<ContainerDetails> {
  const details = await inspect(engine, container)
  if (!details) throw new UserError(`container ${container} is not there`, { where: engine.scope.name })
  return details
}

type Bindings = Record<string, { HostIp: string; HostPort: string }[] | null>

/** Where published ports are reached, by port and protocol; the IPv6 twin of a port on all addresses is left out. */
export async function publishedOf(engine: DockerEngine, container: string): Promise<Record<string, string[]>> {
  const { NetworkSettings } = (await detailsOf(engine, container)) as unknown as {
    NetworkSettings: { Ports: Bindings | null }
  }
  return portAddresses(NetworkSettings.Ports ?? {})
}

/** Addresses of each published port, from what the engine tells of it. */
export function portAddresses(bindings: Bindings): Record<string, string[]> {
  const told = Object.entries(bindings).flatMap(([port, places]): [string, string[]][] => {
    const all = places ?? []
    const isTwin = (ip: string, hostPort: string): boolean =>
      ip === '::' && all.some(other => other.HostIp === '0.0.0.0' && other.HostPort === hostPort)
    const addresses = all
      .filter(({ HostIp, HostPort }) => !isTwin(HostIp, HostPort))
      .map(({ HostIp, HostPort }) => `${HostIp.includes(':') ? `[${HostIp}]` : HostIp || '0.0.0.0'}:${HostPort}`)
    return addresses.length === 0 ? [] : [[port, addresses]]
  })
  return Object.fromEntries(told.sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10)))
}

const hidden = '(secret)'

/** All of a container's details. Values that its spec has as secrets are left out, also those that the file has changed since. */
export async function tellAll(engine: DockerEngine, container: string): Promise<Record<string, unknown>> {
  const details = await detailsOf(engine, container)
  return withoutSecrets(details as unknown as Record<string, unknown>)
}

/** Details whose environment has no value of a secret, as its own label tells which those are. */
export function withoutSecrets(details: Record<string, unknown>): Record<string, unknown> {
  const config = details.Config as { Env?: string[] | null; Labels?: Record<string, string> | null } | undefined
  const { environment } = parseSpec(config?.Labels?.[labels.spec])
  const isSecret = (name: string): boolean => {
    const value = (environment as Record<string, unknown> | undefined)?.[name]
    return typeof value === 'object' && value !== null && 'secret' in value
  }
  const env = (config?.Env ?? []).map(entry => {
    const name = entry.slice(0, Math.max(0, entry.indexOf('=')))
    return isSecret(name) ? `${name}=${hidden}` : entry
  })
  return { ...details, Config: { ...config, Env: env } }
}

/** Waits until a container has ended; gives its exit code, at once where it has ended already. */
export async function exitOf({ api, scope }: DockerEngine, container: string, signal: AbortSignal): Promise<number> {
  try {
    const query = { condition: 'not-running' }
    const told = await api.json<{ StatusCode: number; Error?: { Message?: string } | null }>({
      method: 'POST',
      path: path(container, 'wait'),
      query,
      signal,
      alone: true,
    })
    const trouble = told.Error?.Message
    if (trouble) throw new UserError(`the engine does not say how it ended: ${trouble}`, { where: scope.name })
    return told.StatusCode
  } catch (error) {
    if (hasStatus(error, 404))
      throw new UserError(`container ${container} is not there any more`, { where: scope.name })
    throw error
  }
}
