// The project that providers are tried with: two services that are linked, a network, a volume, a port, a health check and a secret.
import type { At } from '../../core/errors.js'
import { Secret } from '../../core/secret.js'
import type { SpreadWant } from '../../core/together/spread-want.js'
import type { ContainerConfig, ContainerWant, Wanted } from '../../core/wanted.js'
import type { Site } from './site.js'

const at: At = { file: 'conformance', line: 1, column: 1 }

/**
 * All on one host of those whose engines are one, because only that one needs to have the image. Services have no address of their own:
 * that would take a part of the kernel (IPVS) that many hosts lack.
 */
const spreadOn = ({ host, isOnly }: NonNullable<Site['node']>): SpreadWant => ({
  hosts: [host],
  everywhere: isOnly,
  mode: 'replicated',
  replicas: 1,
  constraints: [],
  preferences: [],
  endpointMode: 'dnsrr',
  labels: {},
})

/** What of the project is other than usual. */
export interface Part {
  colour?: string
  secret?: string
  /** Shell text of web's health check. */
  health?: string
  /** Services that are left out. */
  without?: readonly string[]
  /** More services: shell text by name. */
  more?: Readonly<Record<string, string>>
}

const usualHealth = 'wget -qO- http://127.0.0.1:8000/ >/dev/null'

const container = (
  site: Site,
  service: string,
  script: string,
  part: Partial<ContainerConfig> = {},
): ContainerWant => ({
  service,
  number: 1,
  name: `${site.project}-${service}-1`,
  config: {
    image: site.image,
    command: ['sh', '-c', script],
    environment: {},
    labels: {},
    ports: [],
    mounts: [],
    networks: [{ name: `${site.project}_default`, aliases: [service] }],
    links: [],
    extraHosts: [],
    stopGraceMs: 1_000,
    ...part,
  },
  ...(site.node === undefined ? {} : { spread: spreadOn(site.node) }),
  dependsOn: [],
  at,
})

/** Serves its colour at a port, and writes into its volume that it was there. */
const web = (site: Site, { colour = 'red', secret = 'none', health = usualHealth }: Part): ContainerWant =>
  container(
    site,
    'web',
    'date >>/data/starts; mkdir -p /www; echo "colour $COLOUR" >/www/index.html; exec httpd -f -p 8000 -h /www',
    {
      environment: { COLOUR: colour, TOKEN: new Secret('TOKEN', secret) },
      ports: [
        {
          ...(site.node === undefined ? { ip: '127.0.0.1' } : { mode: 'host' as const }),
          ...{ published: site.port, target: 8000, protocol: 'tcp' as const },
        },
      ],
      mounts: [{ type: 'volume', source: `${site.project}_data`, target: '/data', readOnly: false }],
      healthcheck: { test: ['CMD-SHELL', health], intervalMs: 1_000, timeoutMs: 3_000, retries: 2 },
      restart: { name: 'unless-stopped' },
    },
  )

/** Asks web by the name of its link, and prints what it hears. */
function front(site: Site): ContainerWant {
  const target = `${site.project}-web-1`
  const made = container(site, 'front', 'while :; do wget -qO- http://backend:8000/ || true; sleep 1; done', {
    links: [{ container: target, alias: 'backend' }],
  })
  const here = site.engine.scope.hosts[0] ?? site.engine.scope.name
  return { ...made, dependsOn: [{ service: 'web', condition: 'healthy', on: [{ host: here, container: target }], at }] }
}

/** What is wanted of the engine. */
export function shop(site: Site, part: Part = {}): Wanted {
  const { project, key, image } = site
  const more = Object.entries(part.more ?? {}).map(([name, script]) =>
    container(site, name, script, { restart: { name: 'always' } }),
  )
  const all = [web(site, part), front(site), ...more]
  const containers = all.filter(({ service }) => !part.without?.includes(service))
  return {
    project,
    key,
    images: [{ ref: image, at, from: 'pull' }],
    networks: [
      { key: 'default', name: `${project}_default`, external: false, internal: false, options: {}, labels: {}, at },
    ],
    volumes: [{ key: 'data', name: `${project}_data`, external: false, options: {}, labels: {}, at }],
    containers,
  }
}
