// Published ports as Compose writes them: "80:8000", "127.0.0.1:80:8000/udp", ranges, numbers and maps.
import { isIP } from 'node:net'
import { UserError, usageError } from '../../errors.js'
import { z } from '../../schema.js'
import type { PortRule, PortWant } from '../../wanted.js'
import { keyed, whole, written } from './shapes.js'
import { readSource } from './sources.js'

/** One published port; where a range is published for one port, the n-th container takes the n-th. */
export interface PortEntry {
  ip?: string
  published?: { from: number; to: number }
  target: number
  protocol: PortWant['protocol']
  mode?: 'host' | 'ingress'
  /** Networks as ADDRESS/BITS that alone may reach it; everybody if left out. */
  allow?: string[]
}

const pattern =
  /^(?:(?:(?<ip>\[[0-9a-fA-F:.%]+\]|[0-9.]+):)?(?<published>\d+(?:-\d+)?)?:)?(?<target>\d+(?:-\d+)?)(?:\/(?<protocol>tcp|udp|sctp))?$/

function readRange(text: string): { from: number; to: number } {
  const [first = '', last = first] = text.split('-')
  const [from, to] = [Number(first), Number(last)]
  if (from < 1 || to > 65535 || to < from) throw usageError(`${text} is no port or range of ports from 1 to 65535`)
  return { from, to }
}

const entry = (
  ip: string | undefined,
  published: PortEntry['published'],
  target: number,
  protocol: PortEntry['protocol'] = 'tcp',
): PortEntry => ({
  ...(ip === undefined ? {} : { ip: ip.replace(/^\[|\]$/g, '') }),
  ...(published === undefined ? {} : { published }),
  target,
  protocol,
})

const isProtocol = (text: string): text is PortEntry['protocol'] => ['tcp', 'udp', 'sctp'].includes(text)

/** Reads a short form; a range of targets becomes one entry each. */
export function readPort(text: string): PortEntry[] {
  const parts = pattern.exec(text)?.groups
  if (parts?.target === undefined)
    throw usageError(`"${text}" is no port: write it as 8000, 80:8000, 127.0.0.1:80:8000 or 80:8000/udp`)
  const target = readRange(parts.target)
  const published = parts.published === undefined ? undefined : readRange(parts.published)
  const protocol = parts.protocol !== undefined && isProtocol(parts.protocol) ? parts.protocol : 'tcp'
  const length = target.to - target.from + 1
  if (published !== undefined && length > 1 && published.to - published.from + 1 !== length)
    throw usageError(`"${text}": the two ranges differ in length`)
  if (length === 1) return [entry(parts.ip, published, target.from, protocol)]
  return Array.from({ length }, (_, index) => {
    const from = (published?.from ?? 0) + index
    return entry(parts.ip, published && { from, to: from }, target.from + index, protocol)
  })
}

const number = whole(1, 65535)

const source = written(readSource)

const long = keyed({
  target: number.describe('Port in the container.'),
  published: z
    .union([number, written(readRange)], { error: 'must be a port or a range of ports' })
    .transform(value => (typeof value === 'number' ? { from: value, to: value } : value))
    .optional()
    .describe('Port on the host, or a range to take one from; the engine chooses one if left out.'),
  bind: z.string().optional().describe('Address of the host to bind; all if left out.'),
  host_ip: z.string().optional().describe("Compose's word for `bind`."),
  allow: z
    .union(
      [
        source.transform(one => [one]),
        z.array(source).min(1, 'must name somebody; bind: 127.0.0.1 shuts all others out'),
      ],
      { error: 'must be an address or a network, or a list of them' },
    )
    .optional()
    .describe('Addresses and networks that alone may reach the port; everybody if left out.'),
  protocol: z.enum(['tcp', 'udp', 'sctp']).optional().describe('tcp if left out.'),
  mode: z
    .enum(['host', 'ingress'])
    .optional()
    .describe('On a swarm: host publishes on the hosts of its containers alone, ingress (default) on all.'),
  name: z.string().optional().describe('A name for people; no effect.'),
  app_protocol: z.string().optional().describe('A hint for people; no effect.'),
}).transform((given, context): PortEntry[] => {
  try {
    return [longEntry(given)]
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    context.issues.push({ code: 'custom', input: given, message: error.message })
    return z.NEVER
  }
})

interface LongForm {
  target: number
  published?: PortEntry['published']
  bind?: string | undefined
  host_ip?: string | undefined
  protocol?: PortEntry['protocol'] | undefined
  allow?: string[] | undefined
  mode?: 'host' | 'ingress' | undefined
}

function longEntry({ target, published, bind, host_ip, protocol, allow, mode }: LongForm): PortEntry {
  if (bind !== undefined && host_ip !== undefined && bind !== host_ip)
    throw usageError('`bind` and `host_ip` are two words for one thing: give one')
  if (bind !== undefined && isIP(bind.replace(/^\[|\]$/g, '')) === 0)
    throw usageError(`\`bind\` must be an address of the host, such as 127.0.0.1 or 10.0.0.5, and is "${bind}"`)
  if (allow !== undefined && published === undefined)
    throw usageError('`allow` needs `published`: rules are for one port of the host')
  const plain = {
    ...entry(bind ?? host_ip, published, target, protocol),
    ...(mode === undefined ? {} : { mode }),
  }
  return allow === undefined ? plain : { ...plain, allow: [...new Set(allow)].sort() }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** What a Compose file says under `x-longshore` of a port counts as its own. */
const withOwn = (value: unknown): unknown =>
  isMap(value) && isMap(value['x-longshore']) ? { ...value, ...value['x-longshore'] } : value

/** One item of `ports:`. */
export const portSchema = z.union(
  [number.transform(target => [entry(undefined, undefined, target)]), written(readPort), z.preprocess(withOwn, long)],
  {
    error: 'must be a port: 8000, "80:8000", or a map with target and published',
  },
)

/** The ports of the n-th container on a host. A usage error where a range is too short. */
export const portsOf = (entries: readonly PortEntry[], number: number): PortWant[] =>
  entries.map(({ ip, published, target, protocol, mode }) => {
    const how = mode === undefined ? {} : { mode }
    if (published === undefined) return { ...(ip === undefined ? {} : { ip }), target, protocol, ...how }
    const port = published.from === published.to ? published.from : published.from + number - 1
    if (port > published.to)
      throw usageError(`the range ${published.from}-${published.to} has no port for container ${number} on a host`)
    return { ...(ip === undefined ? {} : { ip }), published: port, target, protocol, ...how }
  })

/** Who alone may reach the ports of the n-th container on a host; what only the host itself can reach needs no rule. */
export const portRulesOf = (entries: readonly PortEntry[], number: number): PortRule[] =>
  entries.flatMap(({ allow, ...entry }) => {
    if (allow === undefined || isLoopback(entry)) return []
    return portsOf([entry], number).flatMap(({ ip, published, protocol }) => {
      if (published === undefined) return []
      return [{ ...(ip === undefined || wildcards.has(ip) ? {} : { ip }), published, protocol, allow }]
    })
  })

const wildcards = new Set([undefined, '', '0.0.0.0', '::'])

/** True when both would bind the same port of one host. */
export const collide = (one: PortWant, other: PortWant): boolean =>
  one.published !== undefined &&
  one.published === other.published &&
  one.protocol === other.protocol &&
  (one.ip === other.ip || wildcards.has(one.ip) || wildcards.has(other.ip))

/** True when only the host itself can reach the port. */
export const isLoopback = (port: { ip?: string }): boolean => port.ip !== undefined && /^(127\.|::1$)/.test(port.ip)
