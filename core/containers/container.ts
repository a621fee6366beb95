// The containers of one service on one host.
import type { ContainerConfig, ContainerWant, PortWant } from '../wanted.js'
import { ownConfig } from './config.js'
import type { EngineThings } from './engine-things.js'
import { environmentOf } from './environment.js'
import { dependenciesOf, linksOf } from './links.js'
import { mountsOf } from './mount-wants.js'
import { containerNames, type Places, type Share, shareOn } from './place.js'
import type { Read } from './read.js'
import { networkOwner } from './references.js'
import { type Run, warn } from './run.js'
import { isLoopback, portRulesOf, portsOf } from './schema/ports.js'
import type { Service } from './schema/service.js'

/** What the containers of one host are made with. */
export interface HostWork {
  run: Run
  places: Places
  things: EngineThings
  imageRef(read: Read<Service>): string
}

const portKey = ({ target, protocol, ip = '', published = 0 }: PortWant): string =>
  [String(target).padStart(5, '0'), protocol, ip, String(published).padStart(5, '0')].join('/')

/** Ports of the n-th container, in order and each once. */
function publishedPorts(run: Run, { name, raw, value }: Read<Service>, number: number): PortWant[] {
  const all = (value.ports ?? []).flatMap((entries, index) => {
    try {
      return portsOf(entries, number)
    } catch (error) {
      run.mistakes.add(
        `${name}: ${error instanceof Error ? error.message : String(error)}`,
        raw.where(['ports', index]),
      )
      return []
    }
  })
  if (value.network_mode === 'host' && all.length > 0) {
    const guarded = value.ports?.findIndex(entries => entries.some(({ allow }) => allow !== undefined)) ?? -1
    if (guarded >= 0)
      run.mistakes.add(
        `${name}: \`allow\` cannot hold with network_mode host`,
        raw.where(['ports', guarded, 'allow'], 'key'),
      )
    warn(run, `${name}: ports have no effect with network_mode host`, raw.where(['ports'], 'key'))
    return []
  }
  const unique = new Map(all.map(port => [portKey(port), port]))
  return [...unique.keys()].sort().flatMap(key => unique.get(key) ?? [])
}

/** Says what published ports of a service go past, and which `allow` is for nothing. */
function warnOfPorts(run: Run, { name, raw, value }: Read<Service>, host: Share['host']): void {
  const firewall = run.context.firewallOf?.(host)
  if (value.network_mode !== undefined && value.network_mode !== 'bridge') return
  for (const [index, entries] of (value.ports ?? []).entries())
    for (const port of entries) {
      const text = port.published === undefined ? `${port.target} of its container` : `${port.published.from}`
      if (isLoopback(port) && port.allow !== undefined)
        warn(
          run,
          `${name}: port ${text} is bound to ${port.ip}, which only the host itself reaches; \`allow\` has no effect`,
          raw.where(['ports', index, 'allow'], 'key'),
        )
      else if (firewall !== undefined && port.allow === undefined && !isLoopback(port))
        warn(
          run,
          `${name}: port ${text} of ${host.name} is open to everybody, past the rules of ${firewall}, which is active there: say who may reach it (\`allow\`), or \`bind\` it to 127.0.0.1`,
          raw.where(['ports', index]),
        )
    }
}

function networksOf({ name, raw, value }: Read<Service>, things: EngineThings): ContainerConfig['networks'] {
  if (value.network_mode !== undefined) return []
  const joined = value.networks?.length ? value.networks : [{ key: 'default', aliases: [], place: 0 }]
  return joined.map(network => ({
    name: things.network(network.key, name, raw.where(['networks', network.place], 'key')).name,
    aliases: [...new Set([name, ...network.aliases])],
    ...('address' in network && network.address !== undefined ? { address: network.address } : {}),
  }))
}

/** `container:NAME` for a shared network: the owner's container of the same number, else its first. */
function networkModeOf(
  { run, places }: HostWork,
  read: Read<Service>,
  share: Share,
  number: number,
): string | undefined {
  const owner = networkOwner(read.value)
  if (owner === undefined) return read.value.network_mode
  const beside = shareOn(places, owner, share.host)
  const names = beside === undefined ? [] : containerNames(run.project.name, owner, beside)
  const name = names[number - 1] ?? names[0]
  if (name === undefined)
    run.mistakes.add(
      `${read.name}: ${owner} does not run on ${share.host.name}, so its network cannot be shared there`,
      read.raw.where(['network_mode']),
    )
  return name === undefined ? undefined : `container:${name}`
}

/** Who may reach its ports; ranges that are too short have been told. */
function rulesOf({ ports, network_mode }: Service, number: number): Pick<ContainerWant, 'portRules'> {
  if (network_mode === 'host') return {}
  const rules = (ports ?? []).flatMap(entries => {
    try {
      return portRulesOf(entries, number)
    } catch {
      return []
    }
  })
  return rules.length === 0 ? {} : { portRules: rules }
}

/** The containers of a service on a host; none, with the reason in the run, when they cannot be told now. */
export async function containersOf(work: HostWork, read: Read<Service>, share: Share): Promise<ContainerWant[]> {
  const { run, places, things } = work
  const { name: service, raw, value } = read
  const folder = places.get(service)?.raw.folder ?? run.project.folder
  if (value.container_name !== undefined && share.count > 1)
    run.mistakes.add(
      `${service}: ${share.host.name} gets ${share.count} containers, and container_name can name only one`,
      raw.where(['container_name']),
    )
  const linked = linksOf(run, read, share.host, places)
  const dependsOn = dependenciesOf(run, read, share.host, places)
  const environment = await environmentOf(run, read, folder)
  const mounts = await mountsOf(run, read, share.host, { folder, volumeName: key => things.volume(key, service).name })
  const networks = networksOf(read, things)
  if (linked === undefined) return []
  warnOfPorts(run, read, share.host)
  return containerNames(run.project.name, service, share).map((name, index) => {
    const number = index + 1
    const networkMode = networkModeOf(work, read, share, number)
    return {
      service,
      number,
      name,
      config: {
        image: work.imageRef(read),
        ...ownConfig(value),
        environment,
        ports: publishedPorts(run, read, number),
        mounts,
        networks,
        ...(networkMode === undefined ? {} : { networkMode }),
        links: linked.links,
        extraHosts: [...(value.extra_hosts ?? []), ...linked.extraHosts],
      },
      ...rulesOf(value, number),
      dependsOn,
      at: raw.where([], 'key'),
    }
  })
}
