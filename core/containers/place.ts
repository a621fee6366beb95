// Decides which host runs how many containers of each service.
import type { Keys } from '../compose/keys/key.js'
import { allServiceKeys, composedServiceKeys } from '../compose/keys/service.js'
import { onSwarm } from '../compose/keys/swarm.js'
import { withEngines } from '../container-hosts/place.js'
import type { Host, RawService } from '../project.js'
import { isSwarm } from '../together/membership.js'
import { checkPlacement } from './check.js'
import { hostsWithDomains } from './front-door/door.js'
import { type Run, readFor, warn } from './run.js'
import { type Service, serviceSchema } from './schema/service.js'
import type { Placed, Places, Share } from './shares.js'

const byName = (one: Host, other: Host): number => (one.name < other.name ? -1 : 1)

function hostsOf({ on }: RawService, { project, context, mistakes }: Run): Host[] {
  // One host runs everything, whatever a selector written for many says.
  const able = withEngines(project.hosts)
  if (able.length < 2 || on === undefined) return able.length < 2 ? able : []
  const hosts = mistakes.take(() => context.select(on)) ?? []
  return [...hosts].sort(byName)
}

const replicasOf = ({ scale, deploy }: Service): number | undefined => scale ?? deploy?.replicas

/** On a swarm, which deals them itself, each host has one that stands for all. */
function dealBySwarm(shares: Omit<Share, 'count' | 'numbers'>[], raw: RawService, { mistakes }: Run): Share[] {
  const alone = shares.filter(({ host }) => !isSwarm(host)).map(({ host }) => host.name)
  if (alone.length > 0)
    mistakes.add(
      `${raw.name}: it cannot run on a swarm and on hosts that stand alone (${alone.join(', ')}) together`,
      raw.on?.at ?? raw.raw.at,
    )
  return shares.map(share => ({ ...share, count: 1, numbers: [1] }))
}

/** N in all, dealt in order of host name; without a number, one on each. */
function deal(shares: Omit<Share, 'count' | 'numbers'>[], raw: RawService, { mistakes }: Run): Share[] {
  const known = shares.flatMap(({ host, read }) =>
    read === undefined ? [] : [{ host, replicas: replicasOf(read.value) }],
  )
  const [first] = known
  const other = known.find(each => each.replicas !== first?.replicas)
  if (first !== undefined && other !== undefined)
    mistakes.add(
      `${raw.name}: the number of containers in all is ${first.replicas ?? 'not given'} on ${first.host.name} and ${other.replicas ?? 'not given'} on ${other.host.name}: it must be the same on all hosts`,
      raw.raw.where(['scale']),
    )
  const replicas = first?.replicas ?? shares.length
  return shares.map((share, index) => {
    const count = Math.floor(replicas / shares.length) + (index < replicas % shares.length ? 1 : 0)
    // One on each of its hosts has the same name on all of them, so that another host renames none.
    const numberOf = (nth: number): number => (first?.replicas === undefined ? nth : nth * shares.length + index) + 1
    return { ...share, count, numbers: Array.from({ length: count }, (_, nth) => numberOf(nth)) }
  })
}

const keysFor = (host: Host, { raw }: RawService): Keys => {
  const keys = raw.composed === undefined ? allServiceKeys : composedServiceKeys
  return isSwarm(host) ? onSwarm(keys) : keys
}

/** Places every service. The run has the mistakes. */
export function placeServices(run: Run): Places {
  checkPlacement(run.project, run.mistakes, (text, at) => warn(run, text, at))
  const places = new Map<string, Placed>()
  for (const raw of run.project.services) {
    const hosts = raw.builtIn ? hostsWithDomains(places) : hostsOf(raw, run)
    const shares = hosts.map(host => ({
      host,
      read: readFor(run, host, serviceSchema, {
        name: raw.name,
        raw: raw.raw,
        service: raw.name,
        keys: keysFor(host, raw),
      }),
    }))
    const dealt = hosts.some(isSwarm) ? dealBySwarm(shares, raw, run) : deal(shares, raw, run)
    const idle = dealt.flatMap(({ host, count, read }) => (count === 0 && read !== undefined ? [host.name] : []))
    places.set(raw.name, { raw, shares: dealt.filter(share => share.count > 0), idle })
  }
  return places
}

/** What a host has of a service; undefined when it does not run there. */
export const shareOn = (places: Places, service: string, host: Host): Share | undefined =>
  places.get(service)?.shares.find(share => share.host.name === host.name)

/** Names of a service's containers on one host, in order of their numbers. */
export const containerNames = (project: string, service: string, { numbers, read }: Share): string[] =>
  read?.value.container_name === undefined
    ? numbers.map(number => `${project}-${service}-${number}`)
    : [read.value.container_name]
