// What the file wants of hosts as members of a swarm, and what does not go together.
import type { Problems } from '../config/problems.js'
import { readSelector, selectHosts } from '../config/selector.js'
import type { At } from '../errors.js'
import type { Host, Warning } from '../project.js'
import type { MembershipWant, SwarmEntry } from './membership-words.js'

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

/** Half of an even number is no majority: the last manager adds none that may fail. */
function warnOfEven(managers: readonly Host[]): Warning[] {
  const [first] = managers
  const count = managers.length
  if (first === undefined || count % 2 === 1) return []
  const text = `${count} managers tolerate no more failures than ${count - 1}: take an odd number`
  return [{ text, at: first.engine.places(['swarm', 'managers']) }]
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
  const managers = members.filter(({ engine }) => engine.membership?.role === 'manager')
  if (managers.length === 0)
    problems.add(
      `the swarm has no manager: say which hosts are, as in \`engine: { swarm: { managers: ${first.name} } }\``,
      first.engine.places(['swarm']),
    )
  return warnOfEven(managers)
}
