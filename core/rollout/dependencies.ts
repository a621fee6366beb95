// Which services stand on which, as the file says it: the order to start them in, and the other way round to stop them.
import type { RawService } from '../project.js'

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

const shared = (value: unknown): string[] =>
  typeof value === 'string' && value.startsWith('service:') ? [value.slice('service:'.length)] : []

/** The services that this one stands on: depends_on, links, and what it shares. */
function needsOf({ raw }: RawService): string[] {
  if (!isMap(raw.value)) return []
  const { depends_on: needs, links, volumes_from: volumes, network_mode: network, ipc, pid } = raw.value
  return [
    ...(isMap(needs) ? Object.keys(needs) : texts(needs)),
    ...texts(links).map(link => link.split(':')[0] ?? ''),
    ...texts(volumes).map(name => name.split(':')[0] ?? ''),
    ...[network, ipc, pid].flatMap(shared),
  ]
}

/** The services that say `restart: true` of their dependency on this one. */
const restartedWith = (service: string, services: readonly RawService[]): string[] =>
  services.flatMap(({ name, raw }) => {
    const needs = isMap(raw.value) ? raw.value.depends_on : undefined
    const told = isMap(needs) ? needs[service] : undefined
    return isMap(told) && told.restart === true ? [name] : []
  })

/** For each service all that it stands on, near and far. Services that stand on each other are left without an order. */
export function dependencies(services: readonly RawService[]): Map<string, Set<string>> {
  const direct = new Map(services.map(service => [service.name, needsOf(service)]))
  const reach = (name: string, seen: Set<string>): Set<string> => {
    for (const next of direct.get(name) ?? []) {
      if (seen.has(next)) continue
      seen.add(next)
      reach(next, seen)
    }
    return seen
  }
  const all = new Map(services.map(({ name }) => [name, reach(name, new Set())]))
  return new Map(
    [...all].map(([name, needs]) => [name, new Set([...needs].filter(need => !(all.get(need)?.has(name) ?? false)))]),
  )
}

/** The services that are restarted with these, because the file says so of their dependency. */
export function alsoRestarted(names: readonly string[], services: readonly RawService[]): string[] {
  const found = new Set(names)
  for (const name of found) for (const other of restartedWith(name, services)) found.add(other)
  return [...found].filter(name => !names.includes(name))
}
