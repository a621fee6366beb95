// The containers of one service on one host.
import { serviceOn } from '../hardening/containers.js'
import { securityOptions } from '../hardening/security-options.js'
import { isSwarm } from '../together/membership.js'
import { spreadOf } from '../together/spread.js'
import type { SpreadWant } from '../together/spread-want.js'
import type { ContainerConfig, ContainerWant } from '../wanted.js'
import { ownConfig } from './config.js'
import type { EngineThings } from './engine-things.js'
import { environmentOf, labelsOf } from './environment.js'
import { frontDoorService } from './front-door/want.js'
import { dependenciesOf, linksOf } from './links.js'
import { filesOf } from './mounts/files.js'
import { mountsOf } from './mounts/mount-wants.js'
import { containerNames, shareOn } from './place.js'
import { publishedPorts, rulesOf, warnOfPorts } from './published.js'
import type { Read } from './read.js'
import { rolloutOf } from './rollout.js'
import type { Run } from './run.js'
import type { Service } from './schema/service.js'
import type { NetworkEntry } from './schema/service-parts.js'
import { type Owner, sharedBy } from './shared.js'
import type { Places, Share } from './shares.js'
import { refuseShellNeeds } from './shell-needs.js'

/** What the containers of one host are made with. */
export interface HostWork {
  run: Run
  places: Places
  things: EngineThings
  imageRef(read: Read<Service>): string
}

/** The network with the highest priority comes first, else as they stand in the file; in a Compose file by name, as with Compose. */
function networksOf({ name, raw, value }: Read<Service>, things: EngineThings): ContainerConfig['networks'] {
  if (value.network_mode !== undefined) return []
  const joined: NetworkEntry[] = value.networks?.length
    ? [...value.networks]
    : [{ key: 'default', join: { aliases: [] }, priority: 0, place: 0 }]
  if (raw.composed !== undefined) joined.sort((one, other) => (one.key < other.key ? -1 : 1))
  joined.sort((one, other) => other.priority - one.priority)
  const joins = joined.map(({ key, join, place }) => ({
    ...join,
    name: things.network(key, name, raw.where(['networks', place], 'key')).name,
    aliases: [...new Set([name, ...join.aliases])],
  }))
  const isBehindDoor = (value.domains?.length ?? 0) > 0 && !joined.some(({ key }) => key === frontDoorService)
  if (!isBehindDoor) return joins
  // Without a name of its service there: the front door knows its containers one by one.
  const door = things.network(frontDoorService, name, raw.where(['domains'], 'key'))
  return [...joins, { name: door.name, aliases: [] }]
}

/** The container of a service that another one shares something with: that of the same place on the host, else its first. */
function ownerContainer(
  { run, places }: HostWork,
  { name, raw }: Read<Service>,
  { service, path }: Owner,
  share: Share,
  nth: number,
): string | undefined {
  const beside = shareOn(places, service, share.host)
  const names = beside === undefined ? [] : containerNames(run.project.name, service, beside)
  const found = names[nth - 1] ?? names[0]
  const what = path[0] === 'network_mode' ? 'its network cannot be shared there' : 'nothing of it can be shared there'
  if (found === undefined)
    run.mistakes.add(`${name}: ${service} does not run on ${share.host.name}, so ${what}`, raw.where(path))
  return found
}

/** Where the hosts are members of one engine: how it deals the service over them. */
function spreadFor({ run, places }: HostWork, read: Read<Service>): SpreadWant {
  const hosts = places.get(read.name)?.shares.map(({ host }) => host) ?? []
  return spreadOf(read, hosts, run.project.hosts.filter(isSwarm))
}

/** The containers of a service on a host; none, with the reason in the run, when they cannot be told now. */
export async function containersOf(work: HostWork, read: Read<Service>, share: Share): Promise<ContainerWant[]> {
  const { run, places, things } = work
  const { name: service, raw } = read
  const folder = places.get(service)?.raw.folder ?? run.project.folder
  if (read.value.container_name !== undefined && share.count > 1)
    run.mistakes.add(
      `${service}: ${share.host.name} gets ${share.count} containers, and container_name can name only one`,
      raw.where(['container_name']),
    )
  const linked = linksOf(run, read, share.host, places)
  const dependsOn = dependenciesOf(run, read, share.host, places)
  const environment = await environmentOf(run, read, folder)
  const mounts = await mountsOf(run, read, share.host, { folder, volumeName: key => things.volume(key, service).name })
  const { files, mounts: fileMounts } = await filesOf(run, read, share.host)
  const labels = await labelsOf(run, read, folder)
  const { value, mounts: folders, marks } = serviceOn(run, read, share.host, { places, hasFiles: files.length > 0 })
  const securityOpt = await securityOptions(run, read, value.security_opt, share.host, folder)
  const networks = networksOf(read, things)
  if (linked === undefined) return []
  warnOfPorts(run, read, share.host)
  refuseShellNeeds(run, read, share.host)
  return containerNames(run.project.name, service, share).map((name, index) => {
    // Ports are the host's: of a range the first container there takes the first.
    const nth = index + 1
    const shared = sharedBy(read, owner => ownerContainer(work, read, owner, share, nth))
    return {
      service,
      number: share.numbers[index] ?? nth,
      name,
      config: {
        image: work.imageRef(read),
        ...ownConfig(value),
        ...(securityOpt === undefined ? {} : { securityOpt }),
        labels,
        environment,
        ports: publishedPorts(run, read, nth),
        mounts: [...mounts, ...fileMounts, ...folders].sort((one, other) => (one.target < other.target ? -1 : 1)),
        networks,
        ...shared,
        ...(files.length === 0 ? {} : { files }),
        links: linked.links,
        extraHosts: [...(value.extra_hosts ?? []), ...linked.extraHosts],
      },
      ...rulesOf(value, nth),
      ...rolloutOf(value),
      ...(isSwarm(share.host) ? { spread: spreadFor(work, read) } : {}),
      ...marks,
      dependsOn,
      at: raw.where([], 'key'),
    }
  })
}
