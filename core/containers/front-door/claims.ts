// Two services that would both have one domain of a host: found where nothing is known but the file, and again when it is rendered.
import type { Problems } from '../../config/problems.js'
import { selectHosts } from '../../config/selector.js'
import { withEngines } from '../../container-hosts/place.js'
import type { At } from '../../errors.js'
import type { Host, Project, RawService } from '../../project.js'
import { domainsIn } from './service.js'

/** One domain, or one path below it, that a service claims on a host. */
export interface Claim {
  service: string
  host: string
  path?: string
  /** Left out where it is not known yet. */
  tls?: string
  at: At
}

const placeText = ({ host, path = '' }: Claim): string => `${host}${path}`

/** The place of the other one, as seen from this one. */
const atText = ({ file, line, column }: At, { file: here }: At): string =>
  file === here ? `line ${line}, column ${column}` : `${file}:${line}:${column}`

/** Adds a claim to those of its host; what stands against another one is a mistake, with the place of both. */
export function addClaim(claims: Claim[], claim: Claim, mistakes: Problems): void {
  const { service, host, tls, at } = claim
  const same = claims.find(other => placeText(other) === placeText(claim))
  if (same !== undefined)
    mistakes.add(`${service}: ${placeText(claim)} leads to ${same.service} already (${atText(same.at, at)})`, at)
  const other = claims.find(each => each.host === host && each.tls !== (tls ?? each.tls) && each.tls !== undefined)
  if (other !== undefined)
    mistakes.add(
      `${service}: ${host} has tls: ${other.tls} at ${other.service} already (${atText(other.at, at)}), and one domain has one`,
      at,
    )
  claims.push(claim)
}

/** As it is written, but for what never makes a difference. Two templates that are the same come to the same on one host. */
function claimOf(entry: unknown): Pick<Claim, 'host' | 'path' | 'tls'> | undefined {
  const small = (text: string): string => (/[{$]/.test(text) ? text : text.toLowerCase())
  const place = (host: string, path: string, tls: unknown) => {
    const below = path.replace(/\/+$/, '')
    const said = tls === false ? 'off' : String(tls)
    return {
      host: small(host),
      ...(below === '' ? {} : { path: below }),
      ...(/[{$]/.test(said) ? {} : { tls: said }),
    }
  }
  if (typeof entry === 'string') {
    // A template may have slashes of its own.
    const slash = /[{$]/.test(entry) ? -1 : entry.indexOf('/')
    return slash < 0 ? place(entry, '', 'auto') : place(entry.slice(0, slash), entry.slice(slash), 'auto')
  }
  if (entry === null || typeof entry !== 'object' || !('host' in entry) || typeof entry.host !== 'string')
    return undefined
  const { host, path = '', tls = 'auto' } = entry as { host: string; path?: unknown; tls?: unknown }
  return typeof path === 'string' ? place(host, path, tls) : undefined
}

/** How many containers a service has in all, if it says so; NaN where that is not known yet. */
function replicasOf({ value }: RawService['raw']): number | undefined {
  const { scale, deploy } = (value ?? {}) as { scale?: unknown; deploy?: { replicas?: unknown } | null }
  const said = scale ?? deploy?.replicas
  return said === undefined || said === null ? undefined : Number(said)
}

/** The hosts on which a service surely runs, as far as the file tells. */
export function sureHostsOf({ on, raw }: RawService, project: Project, problems: Problems): Host[] {
  const able = withEngines(project.hosts)
  const hosts =
    able.length < 2 ? able : on === undefined ? [] : (problems.take(() => withEngines(selectHosts(on, project))) ?? [])
  const replicas = replicasOf(raw) ?? hosts.length
  // They are dealt in this order.
  return hosts.toSorted((one, other) => (one.name < other.name ? -1 : 1)).slice(0, replicas || 0)
}

/** Checks the domains of all services against each other, without asking any host. */
export function checkDomains(project: Project, problems: Problems): void {
  const byHost = new Map<string, Claim[]>()
  for (const service of project.services)
    for (const [index, entry] of domainsIn(service).entries()) {
      const claim = claimOf(entry)
      if (claim === undefined) continue
      for (const { name } of sureHostsOf(service, project, problems)) {
        const claims = byHost.get(name) ?? []
        byHost.set(name, claims)
        addClaim(claims, { ...claim, service: service.name, at: service.raw.where(['domains', index]) }, problems)
      }
    }
}
