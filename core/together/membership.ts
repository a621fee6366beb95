// What the file wants of a host as a member of a swarm: its words under `engine.swarm`, and what they come to.
import type { Problems } from '../config/problems.js'
import { readSelector, selectHosts } from '../config/selector.js'
import type { At } from '../errors.js'
import type { Host, Warning } from '../project.js'
import { z } from '../schema.js'

/** How a host stands in a swarm. */
export interface MembershipWant {
  /** `none`: it leaves. */
  role: 'manager' | 'worker' | 'none'
  labels: Record<string, string>
  availability: 'active' | 'pause' | 'drain'
  /** Address or interface by which the others reach it. */
  advertise?: string
  /** Address and port that a manager listens at. */
  listen?: string
  /** Address or interface for traffic between containers. */
  dataPath?: string
  /** Of the beginning of a swarm alone. */
  dataPathPort?: number
  pools?: string[]
  subnetSize?: number
  at: At
}

const selector = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: 'must be a selector' })

/** The words of `engine.swarm`. */
export const swarmSchema = z
  .strictObject({
    managers: selector
      .describe('Which hosts are managers: names, groups, labels. Needed with more than one host; an odd number.')
      .optional(),
    role: z
      .enum(['manager', 'worker', 'none'])
      .describe('What this host is, whatever `managers` says; none: it leaves the swarm.')
      .optional(),
    labels: z
      .record(z.string().regex(/^[\w.-]+$/), z.union([z.string(), z.number(), z.boolean()]))
      .describe('Labels of the node, for `deploy.placement`.')
      .optional(),
    availability: z
      .enum(['active', 'pause', 'drain'])
      .describe('pause: it gets no new tasks; drain: what runs there goes elsewhere. Default active.')
      .optional(),
    advertise: z
      .string()
      .min(1)
      .describe(
        'Address or interface by which the others reach it. Default: `private`, else that of its default route.',
      )
      .optional(),
    listen: z.string().min(1).describe('Address and port that it listens at. Default 0.0.0.0:2377.').optional(),
    data_path: z
      .string()
      .min(1)
      .describe('Address or interface for traffic between containers. Default: as `advertise`.')
      .optional(),
    data_path_port: z.int().min(1024).max(49151).describe('UDP port of that traffic. Default 4789.').optional(),
    address_pool: z.array(z.string().min(1)).describe('Ranges that overlay networks take theirs from.').optional(),
    subnet_size: z.int().min(8).max(29).describe('Bits of each of their networks. Default 24.').optional(),
  })
  .describe('Where `provider: swarm`: how the hosts are members of it.')

export type SwarmEntry = z.infer<typeof swarmSchema>

/** True for a host that is, or shall not be any more, a member of a swarm. */
export const isSwarm = ({ engine }: Pick<Host, 'engine'>): boolean => engine.provider === 'swarm'

function membershipOf(entry: SwarmEntry, role: MembershipWant['role'], at: At): MembershipWant {
  const { labels = {}, advertise, listen, data_path, data_path_port, address_pool, subnet_size } = entry
  return {
    role,
    labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)])),
    availability: entry.availability ?? 'active',
    ...(advertise === undefined ? {} : { advertise }),
    ...(listen === undefined ? {} : { listen }),
    ...(data_path === undefined ? {} : { dataPath: data_path }),
    ...(data_path_port === undefined ? {} : { dataPathPort: data_path_port }),
    ...(address_pool === undefined ? {} : { pools: address_pool }),
    ...(subnet_size === undefined ? {} : { subnetSize: subnet_size }),
    at,
  }
}

/** What is said of members where no host is one: the word is changed by whoever tries the file on an engine that stands alone. */
function warnOfNone(hosts: readonly Host[]): Warning[] {
  const [first] = hosts.filter(({ engine }) => engine.swarmEntry !== undefined)
  if (first === undefined || hosts.some(isSwarm)) return []
  const text = `\`engine.swarm\` has no effect: no host has \`provider: swarm\``
  return [{ text, at: first.engine.places(['swarm']) }]
}

/** Gives every host of a swarm its membership, and tells what has no effect; what is wrong goes to `problems`. */
export function readMemberships(
  hosts: readonly Host[],
  groups: Record<string, { hosts: string[] }>,
  problems: Problems,
): Warning[] {
  const members = hosts.filter(isSwarm)
  for (const host of members) {
    const { swarmEntry: entry, places } = host.engine
    const at = places(['swarm'])
    if (host.engine.daemon['live-restore'] === true)
      problems.add(
        `${host.name}: \`live-restore\` and a swarm exclude each other: the engine refuses both together`,
        places(['daemon', 'live-restore']),
      )
    const roleOf = (): MembershipWant['role'] | undefined => {
      if (entry?.role !== undefined) return entry.role
      if (entry?.managers === undefined) return members.length === 1 ? 'manager' : undefined
      const place = places(['swarm', 'managers'])
      const text = readSelector({ value: entry.managers, at: place, where: () => place })
      const named = problems.take(() => selectHosts(text, { hosts, groups })) ?? []
      return named.includes(host) ? 'manager' : 'worker'
    }
    host.engine.membership = membershipOf(entry ?? {}, roleOf() ?? 'worker', at)
  }
  const first = members[0]
  if (first === undefined) return warnOfNone(hosts)
  if (!members.some(({ engine }) => engine.membership?.role === 'manager'))
    problems.add(
      `the swarm has no manager: say which hosts are, as in \`engine: { swarm: { managers: ${first.name} } }\``,
      first.engine.places(['swarm']),
    )
  return []
}
