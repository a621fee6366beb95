// What `harden` makes of an engine's configuration: keys that it sets where the file says nothing, and what the file loosens.

/** Keys and plain values of daemon.json. */
type Keys = Readonly<Record<string, unknown>>

/** What bears on them besides the keys themselves. */
export interface DaemonSurroundings {
  /** The host is, or becomes, part of a swarm: `live-restore` cannot be had there. */
  swarm: boolean
  /** Keys that the engine is started with as flags: nothing is set beside them. */
  flags?: readonly string[]
  /** It listens on an address that needs no certificate. */
  open?: boolean
}

/** A default of ours, and how a value of the file's is judged. */
interface DaemonDefault {
  /** Of the benchmark. */
  check: string
  value: unknown
  /** Whether another value does as well. */
  suits(value: unknown): boolean
}

const is =
  (wanted: unknown) =>
  (value: unknown): boolean =>
    value === wanted

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)

/** Open files and processes, soft and hard: below what small virtual machines and containers may give. */
const ulimits = {
  nofile: { Name: 'nofile', Soft: 8192, Hard: 16384 },
  nproc: { Name: 'nproc', Soft: 4096, Hard: 8192 },
}

/** Keys that are set where the file says nothing; every engine from 20.10 on knows them. */
const defaults: Readonly<Record<string, DaemonDefault>> = {
  icc: { check: '2.2', value: false, suits: is(false) },
  'log-level': { check: '2.3', value: 'info', suits: is('info') },
  iptables: { check: '2.4', value: true, suits: is(true) },
  'default-ulimits': { check: '2.8', value: ulimits, suits: value => !isEmpty(value) },
  'insecure-registries': { check: '2.5', value: [], suits: isEmpty },
  // Also bounded by itself; where the logs go from there is the user's decision.
  'log-driver': { check: '2.13', value: 'local', suits: value => value !== 'json-file' && value !== 'none' },
  'no-new-privileges': { check: '2.14', value: true, suits: is(true) },
  'live-restore': { check: '2.15', value: true, suits: is(true) },
  'userland-proxy': { check: '2.16', value: false, suits: is(false) },
  experimental: { check: '2.18', value: false, suits: is(false) },
}

/** Keys that must not be there, or only with other values. */
const unwanted: Readonly<Record<string, { check: string; suits(value: unknown): boolean }>> = {
  'storage-driver': { check: '2.6', suits: value => value !== 'aufs' },
  'cgroup-parent': { check: '2.10', suits: isEmpty },
  'storage-opts': { check: '2.11', suits: value => !JSON.stringify(value ?? '').includes('dm.basesize') },
  'seccomp-profile': { check: '2.17', suits: value => value !== 'unconfined' },
}

/** Log drivers that keep logs on the host, and bound them if they are told to. */
const bounded = new Set<unknown>(['local', 'json-file'])

/** Those that are set where the file says nothing. */
export const hardenedNames: readonly string[] = [...Object.keys(defaults), 'log-opts']

/** The keys that `harden` adds to those of the file. */
export function hardenedKeys(said: Keys, { swarm, flags = [] }: DaemonSurroundings): Record<string, unknown> {
  const keys = Object.entries(defaults).flatMap(([key, { value }]) =>
    key in said || flags.includes(key) || (swarm && key === 'live-restore') ? [] : [[key, value] as const],
  )
  const driver = said['log-driver'] ?? defaults['log-driver']?.value
  const isTaken = 'log-opts' in said || flags.some(flag => flag === 'log-driver' || flag === 'log-opts')
  const logs = isTaken || !bounded.has(driver) ? [] : [['log-opts', { 'max-size': '10m', 'max-file': '5' }]]
  return Object.fromEntries([...keys, ...logs])
}

/** What of the file's keys is an exception to the benchmark, in sentences. */
export function daemonExceptions(
  said: Keys,
  { swarm, open = false }: DaemonSurroundings,
): { key: string; text: string }[] {
  const found = Object.entries({ ...defaults, ...unwanted }).flatMap(([key, { check, suits }]) =>
    !(key in said) || suits(said[key]) || (swarm && key === 'live-restore') ? [] : [{ key, check }],
  )
  const keys = found.map(({ key, check }) => ({
    key,
    text: `\`harden\`: \`${key}: ${JSON.stringify(said[key])}\` is an exception to check ${check}, as the file says`,
  }))
  const listen = {
    key: 'listen',
    text: '`harden`: TCP without `tls` is an exception to check 2.7, as the file says',
  }
  return open ? [...keys, listen] : keys
}
