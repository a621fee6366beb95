// The front door's configuration, as Caddy takes it, and the files that it names. Pure.
import { createHash } from 'node:crypto'
import { defaultDrainMs } from '../../../core/containers/front-door/service.js'
import {
  type DoorWant,
  doorFolder,
  type GivenCertificate,
  type SiteWant,
} from '../../../core/containers/front-door/want.js'
import type { FileWant } from '../../../core/wanted.js'
import { type Json, type JsonObject, present } from '../canonical.js'

/** What of its volume is read for a plan: no certificate and no key. */
export const stateFolder = `${doorFolder}/state`

/** Below it each container that serves is an empty file, SERVICE/NUMBER/ID: Caddy looks there at each request. */
export const servingFolder = `${stateFolder}/serving`

/** What it was last told, in the words of a plan. */
export const routesFile = `${stateFolder}/routes.json`

/** Where Caddy answers about itself: in the container alone. */
export const adminAddress = 'localhost:2019'

/** How long a request waits for a container that answers, where none does. */
const patience = '5s'

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** By what is in them, so that another certificate is another file. The key's part is its fingerprint under the host's key. */
function certificateFiles(
  { certificate, key }: GivenCertificate,
  hostKey: Uint8Array,
): { certificate: string; key: string } {
  const name = `${doorFolder}/given/${sumOf(`${certificate}\n${key.fingerprint(hostKey)}`)}`
  return { certificate: `${name}.crt`, key: `${name}.key` }
}

const rootFile = (text: string): string => `${doorFolder}/given/${sumOf(text)}.root`

/** The files that the configuration names. */
export function doorFiles({ certificates, caRoot }: DoorWant, hostKey: Uint8Array): FileWant[] {
  const owner = { uid: 0, gid: 0 }
  return [
    ...certificates.flatMap((given): FileWant[] => {
      const { certificate, key } = certificateFiles(given, hostKey)
      return [
        { target: certificate, content: given.certificate, ...owner, mode: 0o444 },
        { target: key, content: given.key, ...owner, mode: 0o400 },
      ]
    }),
    ...(caRoot === undefined ? [] : [{ target: rootFile(caRoot), content: caRoot, ...owner, mode: 0o444 }]),
  ]
}

/** The handlers that lead a request to a service: which containers serve is read from the file system, so that no new configuration is needed. */
function serviceRoutes({ service, numbers, port }: SiteWant): Json[] {
  const slots = numbers.map((number, index) => ({ name: `slot_${index}`, path: `${service}/${number}/*` }))
  return [
    ...slots.map(({ name, path }) => ({
      match: [{ file: { root: servingFolder, try_files: [path] } }],
      handle: [{ handler: 'vars', [name]: '{http.matchers.file.relative}' }],
    })),
    {
      handle: [
        ...slots.map(({ name }) => ({
          handler: 'map',
          source: `{http.vars.${name}}`,
          destinations: [`{${name}}`],
          mappings: [{ input_regexp: '^.*/([^/]+)$', outputs: ['$1'] }],
        })),
        {
          handler: 'reverse_proxy',
          // Each container by its id, which the engine's name server knows as long as it runs.
          dynamic_upstreams: {
            source: 'multi',
            sources: slots.map(({ name }) => ({ source: 'a', name: `{${name}}`, port: String(port), refresh: '1s' })),
          },
          load_balancing: {
            selection_policy: { policy: 'least_conn' },
            try_duration: patience,
            try_interval: '50ms',
          },
          health_checks: { passive: { fail_duration: '2s', max_fails: 1 } },
        },
      ],
    },
  ]
}

const siteRoute = (site: SiteWant): Json => ({
  match: [{ host: [site.host], ...(site.path === undefined ? {} : { path: [site.path, `${site.path}/*`] }) }],
  handle: [{ handler: 'subroute', routes: serviceRoutes(site) }],
  terminal: true,
})

const nobody: Json = { handle: [{ handler: 'static_response', status_code: 404 }] }

function tlsApp(door: DoorWant, hostKey: Uint8Array): JsonObject {
  const { sites, certificates, acme, email, caRoot } = door
  const hostsOf = (how: SiteWant['tls']): string[] => [
    ...new Set(sites.flatMap(({ host, tls }) => (tls === how ? [host] : []))),
  ]
  const [auto, internal] = [hostsOf('auto'), hostsOf('internal')]
  const issuer = present({
    module: 'acme',
    ca: acme,
    email,
    trusted_roots_pem_files: caRoot === undefined ? undefined : [rootFile(caRoot)],
  })
  const policies: Json[] = [
    ...(auto.length === 0 ? [] : [{ subjects: auto, issuers: [issuer] }]),
    ...(internal.length === 0 ? [] : [{ subjects: internal, issuers: [{ module: 'internal' }] }]),
  ]
  return present({
    certificates: present({ load_files: certificates.map(given => certificateFiles(given, hostKey)) }),
    automation: present({ policies }),
  })
}

/** The whole configuration. The same for the same want, and without any secret. */
export function doorConfig(door: DoorWant, hostKey: Uint8Array): JsonObject {
  const { http, https, sites, drainMs } = door
  const plain = sites.filter(({ tls }) => tls === 'off')
  const secure = sites.filter(({ tls }) => tls !== 'off')
  const given = [...new Set(secure.flatMap(({ host, tls }) => (tls === 'given' ? [host] : [])))]
  const server = (port: number, routes: Json[], more: JsonObject = {}): Json => ({
    listen: [`:${port}`],
    protocols: ['h1', 'h2'],
    routes,
    ...more,
  })
  return {
    admin: { listen: adminAddress },
    // A slot without a container is no error: it is one that is being replaced.
    logging: { logs: { default: { exclude: ['http.reverse_proxy.upstreams'] } } },
    apps: present({
      http: {
        http_port: http,
        // Not `https_port`: redirects shall name the port, where it is not 443.
        grace_period: `${drainMs}ms`,
        servers: present({
          // Redirects to HTTPS are added to it, after what is here.
          http: server(http, [...plain.map(siteRoute), ...(secure.length === 0 ? [nobody] : [])]),
          https:
            secure.length === 0
              ? undefined
              : server(
                  https,
                  [...secure.map(siteRoute), nobody],
                  present({ automatic_https: present({ skip_certificates: given }) }),
                ),
        }),
      },
      tls: secure.length === 0 ? undefined : tlsApp(door, hostKey),
      pki: secure.some(({ tls }) => tls === 'internal')
        ? { certificate_authorities: { local: { install_trust: false } } }
        : undefined,
    }),
  }
}

/** The same in people's words, for plans: what a change of it is told with. */
export function doorSpec(door: DoorWant, hostKey: Uint8Array): JsonObject {
  const { sites, certificates, acme, email, caRoot, drainMs } = door
  const tlsText = { auto: '', given: ', certificate given', internal: ', tls internal', off: ', tls off' } as const
  return present({
    domains: Object.fromEntries(
      sites.map(({ host, path = '', service, port, numbers, tls }) => [
        `${host}${path}`,
        `${service}:${port}${numbers.length === 1 ? '' : ` (${numbers.length})`}${tlsText[tls]}`,
      ]),
    ),
    numbers: Object.fromEntries(sites.map(({ service, numbers }) => [service, numbers.join(' ')])),
    certificates: Object.fromEntries(
      certificates.map(({ host, certificate, key }) => [host, sumOf(`${certificate}\n${key.fingerprint(hostKey)}`)]),
    ),
    acme,
    email,
    ca_root: caRoot === undefined ? undefined : sumOf(caRoot),
    drain_ms: drainMs === defaultDrainMs ? undefined : drainMs,
  })
}
