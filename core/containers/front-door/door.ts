// The front door of one host: its sites out of the services that run there, and the certificates that they need.
import type { Host } from '../../project.js'
import { Secret } from '../../secret.js'
import type { Read } from '../read.js'
import { pathHere, type Run } from '../run.js'
import type { DomainEntry } from '../schema/domains.js'
import type { Service } from '../schema/service.js'
import type { Places } from '../shares.js'
import { addClaim, type Claim } from './claims.js'
import { defaultDrainMs } from './service.js'
import type { DoorTls, DoorWant, GivenCertificate, SiteWant } from './want.js'

type Settings = NonNullable<NonNullable<Run['project']['frontDoor']>['entry']['certificates']>

/** Ports in its containers that a service names anywhere. */
function namedPorts({ ports, expose, gate }: Service): number[] {
  const asked = gate === undefined || gate.ask.kind === 'command' ? [] : [gate.ask.port]
  const published = (ports ?? []).flat().flatMap(({ target, protocol }) => (protocol === 'tcp' ? [target] : []))
  const exposed = (expose ?? []).flat().flatMap(text => (/^\d+(\/tcp)?$/.test(text) ? [Number.parseInt(text, 10)] : []))
  return [...new Set([...asked, ...published, ...exposed])]
}

/** The port that an entry leads to; undefined, with a mistake in the run, where that cannot be told. */
function portOf(run: Run, { name, raw, value }: Read<Service>, entry: DomainEntry, index: number): number | undefined {
  if (entry.port !== undefined) return entry.port
  const [only, ...more] = namedPorts(value)
  if (only !== undefined && more.length === 0) return only
  const why = only === undefined ? 'names no port' : `names several ports (${[only, ...more].join(', ')})`
  run.mistakes.add(
    `${name}: ${entry.host} leads to a service that ${why}: say { host: ${entry.host}, port: … }`,
    raw.where(['domains', index]),
  )
  return undefined
}

/** True where a certificate for `pattern` is one for this host. */
const covers = (pattern: string, host: string): boolean =>
  pattern === host || (pattern.startsWith('*.') && host.slice(host.indexOf('.')) === pattern.slice(1))

function tlsOf(run: Run, { name, raw }: Read<Service>, entry: DomainEntry, index: number): DoorTls {
  const given = Object.keys(run.project.frontDoor?.entry.certificates ?? {})
  if (entry.tls !== 'auto') return entry.tls
  if (given.some(pattern => covers(pattern, entry.host))) return 'given'
  if (entry.host.startsWith('*.'))
    run.mistakes.add(
      `${name}: nobody can be asked for a certificate for ${entry.host}: give one (front_door.certificates), or say tls: internal or off`,
      raw.where(['domains', index]),
    )
  return 'auto'
}

const placeText = ({ host, path = '' }: Pick<SiteWant, 'host' | 'path'>): string => `${host}${path}`

/** By host; the longest path first, because it is asked first. */
const inOrder = (one: SiteWant, other: SiteWant): number => {
  if (one.host !== other.host) return one.host < other.host ? -1 : 1
  return (other.path?.length ?? 0) - (one.path?.length ?? 0) || (placeText(one) < placeText(other) ? -1 : 1)
}

async function certificatesOf(run: Run, sites: readonly SiteWant[], settings: Settings): Promise<GivenCertificate[]> {
  const { project, context, mistakes } = run
  const raw = project.frontDoor?.raw
  const needed = Object.entries(settings).filter(([pattern]) =>
    sites.some(({ host, tls }) => tls === 'given' && covers(pattern, host)),
  )
  const made = await Promise.all(
    needed.map(async ([host, { cert, key }]): Promise<GivenCertificate[]> => {
      const where = (word: string) =>
        raw?.where(['certificates', host, word]) ?? { file: project.file, line: 1, column: 1 }
      const read = async (path: string, word: string): Promise<string | undefined> => {
        try {
          return await context.files.text(pathHere(run, path, project.folder))
        } catch (error) {
          mistakes.add(error instanceof Error ? error.message : String(error), where(word))
          return undefined
        }
      }
      const certificate = await read(cert, 'cert')
      const secret =
        typeof key === 'string'
          ? await read(key, 'key').then(text => (text === undefined ? undefined : new Secret(`key of ${host}`, text)))
          : mistakes.take(() => project.secrets.get(key.secret, where('key')))
      return certificate === undefined || secret === undefined ? [] : [{ host, certificate, key: secret }]
    }),
  )
  return made.flat()
}

/** What the front door of a host shall do; undefined where no service with domains runs there. */
export async function doorOf(run: Run, host: Host, places: Places): Promise<DoorWant | undefined> {
  const sites: SiteWant[] = []
  const claims: Claim[] = []
  for (const [service, { shares }] of places)
    for (const { host: on, read, numbers } of shares) {
      if (on.name !== host.name || read === undefined) continue
      for (const [index, entry] of (read.value.domains ?? []).entries()) {
        const port = portOf(run, read, entry, index)
        const tls = tlsOf(run, read, entry, index)
        const path = entry.path === undefined ? {} : { path: entry.path }
        if (port === undefined) continue
        const claim = { host: entry.host, ...path, tls, service }
        addClaim(claims, { ...claim, at: read.raw.where(['domains', index]) }, run.mistakes)
        sites.push({ ...claim, numbers, port })
      }
    }
  if (sites.length === 0) return undefined
  const { raw, entry = {} } = run.project.frontDoor ?? {}
  const { http = 80, https = 443, email, acme, ca_root: root, drain = defaultDrainMs, certificates = {} } = entry
  let caRoot: string | undefined
  try {
    if (root !== undefined) caRoot = await run.context.files.text(pathHere(run, root, run.project.folder))
  } catch (error) {
    run.mistakes.add(
      error instanceof Error ? error.message : String(error),
      raw?.where(['ca_root']) ?? { file: run.project.file, line: 1, column: 1 },
    )
  }
  return {
    http,
    https,
    ...(email === undefined ? {} : { email }),
    ...(acme === undefined ? {} : { acme }),
    ...(caRoot === undefined ? {} : { caRoot }),
    drainMs: drain,
    sites: sites.sort(inOrder),
    certificates: await certificatesOf(run, sites, certificates),
  }
}

/** Hosts on which some service with domains runs, by name. */
export const hostsWithDomains = (places: Places): Host[] => {
  const hosts = [...places.values()].flatMap(({ shares }) =>
    shares.flatMap(({ host, read }) => (read?.value.domains?.length ? [host] : [])),
  )
  return [...new Map(hosts.map(host => [host.name, host])).values()].sort((one, other) =>
    one.name < other.name ? -1 : 1,
  )
}
