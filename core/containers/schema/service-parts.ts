// The keys of a service that have a shape of their own: what it depends on, its networks, links, health check and restart rule.
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import type { ContainerConfig, NetworkJoin } from '../../wanted.js'
import { integer } from './limits.js'
import { duration, flag, keyed, scalar, textMap, texts, whole, written } from './shapes.js'
import { shellwords } from './shellwords.js'

/** A list's index or a map's key: where an entry stands below its key. */
type Place = string | number

/** A command line: text is split as a shell would, a list is taken as it is. */
export const commandLine = z.union([written(shellwords), z.array(scalar)], {
  error: 'must be text or a list of words',
})

/** Another service that must have come so far before this one starts. */
export interface DependencyEntry {
  service: string
  condition: 'started' | 'healthy' | 'completed'
  /** False where nothing is said when that service is not there. */
  required: boolean
  place: Place
}

const conditions = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const

export const dependsOnSchema = z
  .union(
    [
      texts,
      z.record(
        z.string(),
        keyed({
          condition: z
            .enum(['service_started', 'service_healthy', 'service_completed_successfully'])
            .optional()
            .describe('What to wait for; service_started if left out.'),
          required: flag.optional().describe('false: nothing is said when that service is not there.'),
          restart: flag
            .optional()
            .describe('true: `longshore restart` of that service restarts this one too; `up` leaves it as it is.'),
        }),
      ),
    ],
    { error: 'must be a list of services, or a map with a condition for each' },
  )
  .transform((given): DependencyEntry[] =>
    Array.isArray(given)
      ? given.map((service, place) => ({ service, condition: 'started', required: true, place }))
      : Object.entries(given).map(([service, { condition = 'service_started', required = true }]) => ({
          service,
          condition: conditions[condition],
          required,
          place: service,
        })),
  )

/** A network that a service joins, by its key. */
export interface NetworkEntry {
  key: string
  join: Omit<NetworkJoin, 'name'>
  priority: number
  place: Place
}

export const networksSchema = z
  .union(
    [
      texts,
      z.record(
        z.string(),
        keyed(
          {
            aliases: texts.optional().describe('More names for the service on this network.'),
            ipv4_address: z.string().optional().describe('A fixed address.'),
            ipv6_address: z.string().optional().describe('A fixed IPv6 address.'),
            link_local_ips: texts.optional().describe('Link-local addresses.'),
            mac_address: z.string().optional().describe('MAC address on this network.'),
            driver_opts: textMap.optional().describe("Options of the network's driver."),
            priority: integer.optional().describe('The network with the highest is the main one.'),
          },
          ['gw_priority', 'interface_name'],
        ).nullable(),
      ),
    ],
    { error: 'must be a list of networks, or a map' },
  )
  .transform((given): NetworkEntry[] =>
    Array.isArray(given)
      ? given.map((key, place) => ({ key, join: { aliases: [] }, priority: 0, place }))
      : Object.entries(given).map(([key, settings]) => ({
          key,
          join: {
            aliases: settings?.aliases ?? [],
            ...(settings?.ipv4_address === undefined ? {} : { address: settings.ipv4_address }),
            ...(settings?.ipv6_address === undefined ? {} : { address6: settings.ipv6_address }),
            ...(settings?.link_local_ips === undefined ? {} : { linkLocal: settings.link_local_ips }),
            ...(settings?.mac_address === undefined ? {} : { macAddress: settings.mac_address }),
            ...(settings?.driver_opts === undefined ? {} : { options: settings.driver_opts }),
          },
          priority: settings?.priority ?? 0,
          place: key,
        })),
  )

/** "redis" or "redis:cache". */
export const linkSchema = written(text => {
  const [service = '', alias = service, ...more] = text.split(':')
  if (service === '' || alias === '' || more.length > 0)
    throw usageError(`"${text}" is no link: write it as SERVICE or SERVICE:ALIAS`)
  return { service, alias }
})

/** `host`, `none`, `bridge`, `service:NAME` or `container:NAME`. */
export const networkModeSchema = written(text => {
  if (!/^(host|none|bridge|(service|container):.+)$/.test(text))
    throw usageError(`"${text}" is no network mode: host, none, bridge, service:NAME or container:NAME`)
  return text
})

type RestartRule = NonNullable<ContainerConfig['restart']>

/** `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:N`; a bare no may be a flag to YAML. */
export const restartSchema = z
  .union([z.literal(false).transform(() => 'no'), z.string()], { error: 'must be a restart rule' })
  .transform((text, context): RestartRule => {
    const [, name, max] = /^(no|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(text) ?? []
    if (name === 'on-failure') return max === undefined ? { name } : { name, max: Number(max) }
    if (max === undefined && (name === 'no' || name === 'always' || name === 'unless-stopped')) return { name }
    context.issues.push({
      code: 'custom',
      input: text,
      message: `"${text}" is no restart rule: no, always, unless-stopped, on-failure or on-failure:N`,
    })
    return z.NEVER
  })

const testSchema = z.union(
  [
    z.string().transform(text => ['CMD-SHELL', text]),
    z.array(scalar).refine(([first = '']) => ['CMD', 'CMD-SHELL', 'NONE'].includes(first), {
      error: 'a test list starts with CMD, CMD-SHELL or NONE',
    }),
  ],
  { error: 'must be a command, as text or as a list' },
)

export const healthcheckSchema = keyed({
  test: testSchema.optional().describe("The command; the image's own if left out. Text runs in the image's shell."),
  interval: duration.optional().describe('Time between two tests.'),
  timeout: duration.optional().describe('Longest time of one test.'),
  retries: whole(0, 1000).optional().describe('Failures in a row that make it unhealthy.'),
  start_period: duration.optional().describe('Time to start in which failures do not count.'),
  start_interval: duration.optional().describe('Time between two tests in the start period; needs engine 25.'),
  disable: flag.optional().describe("Switches off the image's health check."),
})

/** A file with variables; `place` is where it stands below `env_file`. */
export interface EnvFileEntry {
  path: string
  required: boolean
  /** Lines are taken as they are. */
  isRaw: boolean
  place: Place[]
}

/** `env_file:` as a text, a list of texts, or a list of maps. */
export const envFileSchema = z
  .union(
    [
      z.string(),
      z.array(
        z.union(
          [
            z.string(),
            keyed({
              path: z.string().describe('The file, relative to this one.'),
              required: flag.optional().describe('false: a missing file is no error.'),
              format: z.enum(['raw']).optional().describe('raw: lines are taken as they are.'),
            }),
          ],
          { error: 'must be a path, or a map with path and required' },
        ),
      ),
    ],
    { error: 'must be a path or a list of paths' },
  )
  .transform((given): EnvFileEntry[] =>
    typeof given === 'string'
      ? [{ path: given, required: true, isRaw: false, place: [] }]
      : given.map((item, index) =>
          typeof item === 'string'
            ? { path: item, required: true, isRaw: false, place: [index] }
            : { path: item.path, required: item.required ?? true, isRaw: item.format === 'raw', place: [index] },
        ),
  )

const hostLine = (text: string): string => {
  const [, name, address] = /^([^\s:=]+)[:=](.+)$/.exec(text) ?? []
  if (name === undefined || address === undefined) throw usageError(`"${text}" is no "name:address"`)
  return `${name}:${address.trim().replace(/^\[|\]$/g, '')}`
}

/** `extra_hosts:` as a list of "name:address" or a map, as "name:address" texts. */
export const extraHostsSchema = z
  .union(
    [texts, z.record(z.string(), z.union([z.string(), texts], { error: 'must be an address or a list of them' }))],
    {
      error: 'must be a list of "name:address" texts, or a map',
    },
  )
  .transform(given =>
    Array.isArray(given)
      ? given
      : Object.entries(given).flatMap(([name, addresses]) =>
          (typeof addresses === 'string' ? [addresses] : addresses).map(address => `${name}:${address}`),
        ),
  )
  .pipe(z.array(written(hostLine)))
