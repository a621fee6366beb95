// The `docker_network` kind: a network of the host's engine. One that differs is made anew, if nothing is connected to it.
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import {
  type Answer,
  asking,
  driverOptions,
  engineName,
  entry,
  firstOf,
  labels,
  mapChanges,
  missing,
  named,
  pairs,
  readAnswers,
  ready,
  removal,
  textsIn,
} from './_engine.js'

const address = z.string().regex(/^[0-9a-fA-F.:]+$/, 'must be an address such as 10.20.0.1')
const range = z.string().regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, 'must be a range such as 10.20.0.0/24')

const fields = z.strictObject({
  name: engineName.describe('Name'),
  state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  driver: z
    .string()
    .regex(/^[\w./:-]+$/, 'must be the name of a driver')
    .default('bridge')
    .describe('Driver'),
  internal: z.boolean().default(false).describe('No way out of it'),
  attachable: z.boolean().optional().describe('Of a swarm network: single containers may join it'),
  enable_ipv6: z.boolean().optional().describe('With IPv6 too'),
  subnet: range.optional().describe('Its range, such as 10.20.0.0/24; the engine takes a free one if left out'),
  gateway: address.optional().describe('Address of the host in it'),
  ip_range: range.optional().describe('Part of the subnet that containers get addresses from'),
  driver_options: driverOptions.describe('Options of the driver, such as com.docker.network.bridge.name'),
  labels: labels.describe('Labels'),
})

const schema = z.preprocess(
  named,
  fields
    .refine(want => want.subnet !== undefined || (want.gateway === undefined && want.ip_range === undefined), {
      path: ['subnet'],
      message: 'is needed with gateway or ip_range',
    })
    .refine(want => !['bridge', 'host', 'none'].includes(want.name), {
      path: ['name'],
      message: 'is one of the networks that every engine has of itself',
    }),
)

type Want = z.infer<typeof fields>

interface Network {
  driver: string
  flags: Record<'internal' | 'attachable' | 'enable_ipv6', boolean>
  options: Record<string, string>
  labels: Record<string, string>
  ranges: Record<'subnet' | 'gateway' | 'ip_range', string[]>
}

interface Seen {
  answer: Answer
  network: Network | undefined
}

const ipv4 = (number: number): string => [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.')

/** podman keeps the first and the last address of a range, and leaves out the one that stands for the range itself. */
function readRange(range: unknown): string {
  if (typeof range !== 'object' || range === null) return String(range ?? '')
  const { start_ip, end_ip } = range as { start_ip?: string; end_ip?: string }
  const [first, last] = [start_ip, end_ip].map(ip =>
    (ip ?? '').split('.').reduce((number, part) => number * 256 + Number(part), 0),
  )
  if (first === undefined || last === undefined || Number.isNaN(first + last)) return `${start_ip} to ${end_ip}`
  return `${ipv4(first - 1)}/${32 - Math.log2(last - first + 2)}`
}

/** docker writes `Driver` and `IPAM.Config`, podman `driver` and `subnets`. */
function readNetwork(text: string): Network {
  const seen = firstOf(text)
  const ipam = entry(seen, 'IPAM') as { Config?: Record<string, unknown>[] } | undefined
  const parts = (entry(seen, 'subnets') ?? ipam?.Config ?? []) as Record<string, unknown>[]
  const all = (...names: string[]): string[] => parts.map(part => readRange(entry(part, ...names)))
  return {
    driver: String(entry(seen, 'Driver', 'driver')),
    flags: {
      internal: entry(seen, 'Internal', 'internal') === true,
      attachable: entry(seen, 'Attachable') === true,
      enable_ipv6: entry(seen, 'EnableIPv6', 'ipv6_enabled') === true,
    },
    options: textsIn(seen, 'Options', 'options'),
    labels: textsIn(seen, 'Labels', 'labels'),
    ranges: {
      subnet: all('Subnet', 'subnet'),
      gateway: all('Gateway', 'gateway'),
      ip_range: all('IPRange', 'lease_range'),
    },
  }
}

function differences(want: Want, seen: Network): Change[] {
  const changes: Change[] = []
  if (want.driver !== seen.driver) changes.push({ what: 'driver', from: seen.driver, to: want.driver })
  for (const what of ['internal', 'attachable', 'enable_ipv6'] as const) {
    const [from, to] = [seen.flags[what], want[what]]
    if (to !== undefined && from !== to) changes.push({ what, from: String(from), to: String(to) })
  }
  for (const what of ['subnet', 'gateway', 'ip_range'] as const) {
    const [from, to] = [seen.ranges[what], want[what]]
    if (to !== undefined && !from.includes(to)) changes.push({ what, from: from.join(', ') || 'none', to })
  }
  return [
    ...changes,
    ...mapChanges('driver_options', want.driver_options, seen.options),
    ...mapChanges('labels', want.labels, seen.labels),
  ]
}

const words = (want: Want): string[] => [
  ...['--driver', want.driver],
  ...(want.internal ? ['--internal'] : []),
  ...(want.attachable ? ['--attachable'] : []),
  ...(want.enable_ipv6 ? ['--ipv6'] : []),
  ...(want.subnet === undefined ? [] : ['--subnet', want.subnet]),
  ...(want.gateway === undefined ? [] : ['--gateway', want.gateway]),
  ...(want.ip_range === undefined ? [] : ['--ip-range', want.ip_range]),
  ...pairs('--opt', want.driver_options),
  ...pairs('--label', want.labels),
  want.name,
]

const removeUnused = (name: string): Sh => sh`
if "$engine" network inspect ${name} >/dev/null 2>&1; then
  connected=$("$engine" ps -a --filter network=${name} --format '{{.Names}}' | tr '\n' ' ')
  [ -z "$connected" ] || fail ${`network ${name} stays as it is, because containers are connected to it: `}"$connected- remove or disconnect them first"
  "$engine" network rm ${name} >/dev/null || exit 1
fi`

/** A network. Options and labels that are not named do not matter. */
export const dockerNetwork = resource<Want, Seen>({
  kind: 'docker_network',
  summary:
    'A network in the engine of the host, for one-offs in plays; services of `containers:` use `networks:` of the project file.',
  example: `- package: { name: [docker.io, iptables] }
- docker_network: { name: jobs, subnet: 10.213.0.0/24, internal: true }
`,
  schema,
  name: want => `network ${want.name}`,
  probe: want => sh`${asking}
ask network network inspect ${want.name}`,
  read(out) {
    const { network } = readAnswers(out, ['network'])
    return { answer: network, network: network.state === 'found' ? readNetwork(network.text) : undefined }
  },
  diff(want, { answer, network }) {
    if (want.state === 'absent') return removal('network', answer)
    return network === undefined
      ? [{ what: 'network', from: missing(answer), to: 'present' }]
      : differences(want, network)
  },
  verb: (want, { network }) => (want.state === 'absent' ? 'remove' : network === undefined ? 'create' : 'replace'),
  apply: want => [
    sh`(${ready}
${removeUnused(want.name)}
${want.state === 'absent' ? sh`:` : sh`"$engine" network create ${words(want)} >/dev/null`})`,
  ],
  touches: want => [`network:${want.name}`],
})
