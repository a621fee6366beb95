// The networks of a project on a swarm: overlays, made once, and never changed while somebody is on them.
import { UserError } from '../../../core/errors.js'
import type { NetworkWant } from '../../../core/wanted.js'
import {
  canonicalHash,
  canonicalJson,
  causeOf,
  changesBetween,
  type JsonObject,
  parseSpec,
  present,
} from '../../docker/canonical.js'
import { labels, labelsVersion } from '../../docker/labels.js'
import { swarmStep } from '../work.js'
import type { ServicesContext } from './diff.js'

const specOf = (want: NetworkWant): JsonObject =>
  present({
    driver: driverOf(want),
    internal: want.internal || undefined,
    options: want.options,
    labels: want.labels,
    ipv6: want.ipv6,
    ipam: want.ipam?.map(({ subnet, gateway, range }) => present({ subnet, gateway, ip_range: range })),
  })

/** What is said for one host alone is an overlay here. */
const driverOf = ({ driver }: NetworkWant): string => (driver === undefined || driver === 'bridge' ? 'overlay' : driver)

/** Adds the steps for networks; gives the names of those that are made. */
export function diffNetworks({ scope, wanted, cluster, plan }: ServicesContext): Set<string> {
  const made = new Set<string>()
  const wants = new Map(
    [...wanted.byHost.values()].flatMap(({ networks }) => networks.map(one => [one.name, one] as const)),
  )
  for (const want of wants.values()) {
    const found = cluster?.networks.find(({ Name, Scope }) => Name === want.name && Scope === 'swarm')
    if (want.external) {
      const local = cluster?.networks.find(({ Name }) => Name === want.name)
      if (found === undefined && local !== undefined)
        throw new UserError(`the network ${want.name} is of one host alone, and services of a swarm cannot join it`, {
          where: scope.name,
          at: want.at,
          hint: 'make it with `docker network create --driver overlay --attachable`',
        })
      if (found === undefined)
        plan.warnings.push(`network ${want.name} is external and not there yet: somebody must make it first`)
      continue
    }
    const spec = specOf(want)
    if (found === undefined) {
      const own = {
        ...want.labels,
        [labels.project]: wanted.project,
        [labels.version]: labelsVersion,
        [labels.specHash]: canonicalHash(spec),
        [labels.spec]: canonicalJson(spec),
      }
      const work = { kind: 'network', project: wanted.project, want, labels: own } as const
      plan.steps.push(swarmStep(scope, `network ${want.name}`, { verb: 'create', cause: 'not there' }, work))
      made.add(want.name)
      continue
    }
    if (found.Labels?.[labels.project] !== wanted.project)
      throw new UserError(`network ${want.name} is there already, and is not ours`, {
        where: scope.name,
        at: want.at,
        hint: 'say `external: true` to use it as it is, or give ours another name',
      })
    plan.unchanged++
    const changes = changesBetween(parseSpec(found.Labels[labels.spec]), spec)
    if (changes.length > 0)
      plan.warnings.push(
        `network ${want.name} is kept as it is, because services are on it, though the file differs (${causeOf(changes)}): take it away with \`longshore down\` to have it made anew`,
      )
  }
  return made
}

/** The request that makes a network. */
export function networkBody(want: NetworkWant, own: Record<string, string>): object {
  const { ipam, ipamDriver, ipamOptions } = want
  return {
    Name: want.name,
    CheckDuplicate: true,
    Driver: driverOf(want),
    Internal: want.internal,
    // What `run` makes beside the services must be able to join.
    Attachable: true,
    EnableIPv6: want.ipv6 ?? false,
    Options: want.options,
    Labels: own,
    ...(ipam === undefined && ipamDriver === undefined
      ? {}
      : {
          IPAM: {
            Driver: ipamDriver ?? 'default',
            Options: ipamOptions ?? {},
            Config: (ipam ?? []).map(({ subnet, gateway, range }) => ({
              ...(subnet === undefined ? {} : { Subnet: subnet }),
              ...(gateway === undefined ? {} : { Gateway: gateway }),
              ...(range === undefined ? {} : { IPRange: range }),
            })),
          },
        }),
  }
}
