// What one service says must fit the rest of the file, wherever it runs: names exist, nothing contradicts itself, no cycles.
import type { Problems } from '../config/problems.js'
import type { At } from '../errors.js'
import { suggestion } from '../language/suggest.js'
import type { Project } from '../project.js'
import { isNamed, type Read } from './read.js'
import type { Service } from './schema/service.js'
import type { SecretRef } from './schema/shapes.js'
import { ownersOf } from './shared.js'

/** Keys of the networks a service joins; none with a network mode. */
const networkKeys = (service: Service): string[] => {
  if (service.network_mode !== undefined) return []
  return service.networks === undefined || service.networks.length === 0
    ? ['default']
    : service.networks.map(network => network.key)
}

/** True without a network of its own that ports could be published from. */
const isIsolated = ({ network_mode: mode }: Service): boolean =>
  mode !== undefined && !['host', 'bridge'].includes(mode)

const refs = (values: Record<string, string | null | SecretRef> | undefined): [string, string][] =>
  Object.entries(values ?? {}).flatMap(([key, value]) =>
    value !== null && typeof value === 'object' ? [[key, value.secret]] : [],
  )

/** Checks one service against the project; `problems` has what is wrong. */
export function checkReferences(
  { name, raw, value: service }: Read<Service>,
  project: Project,
  problems: Problems,
): void {
  // A name that still holds a template is judged when it is rendered.
  const wrong = (text: string, path: (string | number)[], what?: 'key' | 'value'): void => {
    if (!text.includes('{{')) problems.add(`${name}: ${text}`, raw.where(path, what))
  }
  const others = project.services.map(each => each.name).filter(each => each !== name)
  const needService = (other: string, path: (string | number)[], what?: 'key' | 'value'): void => {
    const profiles = project.inactive[other]
    if (other === name) wrong('a service cannot wait for itself or link to itself', path, what)
    else if (profiles !== undefined)
      wrong(
        `service "${other}" is left out, because none of its profiles is active (${profiles.join(', ')}): say \`profiles:\` where the Compose file is named, or set COMPOSE_PROFILES`,
        path,
        what,
      )
    else if (!others.includes(other))
      wrong(`there is no service "${other}"${suggestion(other, others, 'services')}`, path, what)
  }

  service.depends_on?.forEach(({ service: other, required, place }) => {
    if (!required && project.inactive[other] !== undefined) return
    needService(other, ['depends_on', place], typeof place === 'string' ? 'key' : 'value')
  })
  service.links?.forEach((link, index) => {
    needService(link.service, ['links', index])
  })
  for (const owner of ownersOf(service)) needService(owner.service, owner.path)
  const isolated = isIsolated(service)
  if (isolated && service.ports !== undefined && service.ports.length > 0)
    wrong(`ports cannot be published with network_mode ${service.network_mode}`, ['ports'], 'key')
  if (isolated && service.links !== undefined && service.links.length > 0)
    wrong(`links do not go with network_mode ${service.network_mode}`, ['links'], 'key')

  const networks = Object.keys(project.networks)
  service.networks?.forEach(({ key, place }) => {
    if (key !== 'default' && !networks.includes(key))
      wrong(
        `network "${key}" is not declared under \`networks:\`${suggestion(key, networks)}`,
        ['networks', place],
        typeof place === 'string' ? 'key' : 'value',
      )
  })
  const known = {
    configs: Object.keys(project.configs),
    secrets: [...Object.keys(project.secretFiles), ...project.secrets.names],
  }
  for (const kind of ['configs', 'secrets'] as const)
    service[kind]?.forEach(({ source }, index) => {
      if (!known[kind].includes(source))
        wrong(`there is no ${kind.slice(0, -1)} "${source}"${suggestion(source, known[kind], kind)}`, [kind, index])
    })
  const targets = new Set<string>()
  const mounts = (['volumes', 'tmpfs'] as const).flatMap(key =>
    (service[key] ?? []).map((mount, index) => ({ mount, path: [key, index] })),
  )
  for (const { mount, path } of mounts) {
    if (mount.from === 'volume' && !(mount.source in project.volumes))
      wrong(
        `volume "${mount.source}" is not declared under \`volumes:\`${suggestion(mount.source, Object.keys(project.volumes))}`,
        path,
      )
    if (targets.has(mount.target)) wrong(`${mount.target} is mounted twice`, path)
    targets.add(mount.target)
  }
  for (const label of Object.keys(service.labels ?? {}))
    if (label.startsWith('longshore.')) wrong(`labels starting with "longshore." are ours`, ['labels', label], 'key')
  for (const [path, values] of [
    [['environment'], service.environment],
    [['build', 'args'], service.build?.args],
  ] as const)
    for (const [key, secret] of refs(values))
      if (isNamed(secret) && !project.secrets.names.includes(secret))
        wrong(`there is no secret "${secret}"${suggestion(secret, project.secrets.names, 'secrets')}`, [
          ...path,
          key,
          'secret',
        ])
}

/** What a service waits for, with the place that says so: depends_on, links and what it shares. */
const edgesOf = ({ raw, value: service }: Read<Service>): { to: string; at: At }[] => [
  ...(service.depends_on ?? []).map(({ service: to, place }) => ({
    to,
    at: raw.where(['depends_on', place], typeof place === 'string' ? 'key' : 'value'),
  })),
  ...(service.links ?? []).map(({ service: to }, index) => ({ to, at: raw.where(['links', index]) })),
  ...ownersOf(service).map(({ service: to, path }) => ({ to, at: raw.where(path) })),
]

/** Adds one problem for each cycle among services. */
export function checkCycles(services: readonly Read<Service>[], problems: Problems): void {
  const byName = new Map(services.map(service => [service.name, service]))
  const done = new Set<string>()
  const visit = (name: string, trail: string[]): void => {
    const service = byName.get(name)
    if (service === undefined || done.has(name)) return
    for (const { to, at } of edgesOf(service)) {
      const start = [...trail, name].indexOf(to)
      if (to === name) continue
      if (start < 0) visit(to, [...trail, name])
      else problems.add(`services wait for each other: ${[...trail, name].slice(start).join(' → ')} → ${to}`, at)
    }
    done.add(name)
  }
  for (const name of byName.keys()) visit(name, [])
}

/** True when the two can see each other by name on one engine. */
export const shareNetwork = (one: Service, other: Service): boolean =>
  (one.network_mode === 'bridge' && other.network_mode === 'bridge') ||
  networkKeys(one).some(key => networkKeys(other).includes(key))

/** Checks that each link of a service has a network to go over, for linked services on the same engine. */
export function checkLinkNetworks(
  { name, raw, value: service }: Read<Service>,
  linked: (name: string) => Service | undefined,
  problems: Problems,
): void {
  if (isIsolated(service)) return
  service.links?.forEach((link, index) => {
    const other = linked(link.service)
    const unknown = [service, other].some(each => each !== undefined && networkKeys(each).join().includes('{{'))
    if (other !== undefined && !unknown && !shareNetwork(service, other))
      problems.add(
        `${name}: "${link.service}" is on none of its networks: a link needs one that both join`,
        raw.where(['links', index]),
      )
  })
}
