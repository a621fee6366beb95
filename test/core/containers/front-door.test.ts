// Domains of services and the front door that leads there: what files say, where it runs, and what cannot be.
import tap, { test } from 'tap'
import { checkContainers } from '../../../core/containers/index.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { load, refusal, result, threeHosts, wantedOn } from './project-on-disk.js'

tap.setTimeout(60_000)

const doorOn = async (t: Parameters<typeof wantedOn>[0], yaml: string, host = 'localhost', tree = {}) => {
  const wanted = await wantedOn(t, yaml, host, tree)
  return wanted.containers.find(({ service }) => service === 'front-door')
}

const shop = (service: string, rest = ''): string =>
  `project: shop\ncontainers:\n  app:\n    image: app:1\n    ${service}\n${rest}`

const sitesOf = (want: ContainerWant | undefined): string[] =>
  (want?.door?.sites ?? []).map(
    ({ host, path = '', tls, service, numbers, port }) =>
      `${host}${path} ${tls} ${service}:${port} ${numbers.join(' ')}`,
  )

test('what domains may say', async t => {
  const rows: [service: string, sites: string[]][] = [
    ['domains: [{ host: Shop.Test, port: 80 }]', ['shop.test auto app:80 1']],
    ['domains: [shop.test/api/]\n    expose: [8000]', ['shop.test/api auto app:8000 1']],
    ['domains: [shop.test]\n    gate: { http: "http://:9000/health" }', ['shop.test auto app:9000 1']],
    ['domains: [shop.test]\n    ports: ["8080:80/tcp", "53:53/udp"]', ['shop.test auto app:80 1']],
    ['domains: [{ host: a.test, tls: off }]\n    expose: [80]\n    scale: 3', ['a.test off app:80 1 2 3']],
    [
      'domains: [{ host: a.test, tls: internal }, { host: a.test, path: /x/y, tls: internal }, 0.test]\n    expose: [80]',
      ['0.test auto app:80 1', 'a.test/x/y internal app:80 1', 'a.test internal app:80 1'],
    ],
  ]
  for (const [service, sites] of rows) t.same(sitesOf(await doorOn(t, shop(service))), sites, service)
  const own = `front_door: { certificates: { "*.a.test": { cert: a.crt, key: a.key } } }\n`
  const want = await doorOn(t, shop('domains: [x.a.test, a.test]\n    expose: [80]', own), 'localhost', {
    'a.crt': 'CERT',
    'a.key': 'KEY',
  })
  t.same(sitesOf(want), ['a.test auto app:80 1', 'x.a.test given app:80 1'])
  t.equal(want?.door?.certificates[0]?.certificate, 'CERT')
  t.equal(want?.door?.certificates[0]?.key.reveal(), 'KEY')
  t.notMatch(JSON.stringify(want), 'KEY')
})

test('what cannot be', async t => {
  const rows: [yaml: string, expected: RegExp][] = [
    [
      shop('domains: [shop.test]'),
      /app: shop\.test leads to a service that names no port: say \{ host: shop\.test, port/,
    ],
    [shop('domains: [shop.test]\n    expose: [80, 81]'), /names several ports \(80, 81\)/],
    [shop('domains: ["https://shop.test"]'), /is no domain: write it as shop\.example\.com/],
    [shop('domains: [{ host: shop.test, path: api }]'), /is no path: write it as \/api/],
    [shop('domains: [{ host: shop.test, pth: /api }]'), /unknown key `pth`; did you mean "path"/],
    [shop('domains: [{ host: "*.shop.test", port: 80 }]'), /nobody can be asked for a certificate for \*\.shop\.test/],
    [
      shop('domains: [{ host: a.test, port: 80 }]', 'engine: { provider: swarm }\n'),
      /app: `domains`: the front door is for hosts that stand alone/,
    ],
    [shop('domains: [a.test, a.test]\n    expose: [80]'), /app: a\.test leads to app already/],
    [
      shop('domains: [{ host: a.test, tls: off }, a.test/x]\n    expose: [80]'),
      /a\.test has tls: off at app already \(line 5, column 15\), and one domain has one/,
    ],
    [
      shop('domains: [shop.test]\n    network_mode: host\n    expose: [80]'),
      /cannot reach a service with a network_mode/,
    ],
    [
      `${shop('domains: [shop.test]\n    expose: [80]')}  front-door: { image: x }\n`,
      /front-door: this is the name of the service that leads domains to the others/,
    ],
    [shop('domains: [shop.test]\n    expose: [80]', 'front_door: { acme: "http://x" }\n'), /must be an https:\/\/ URL/],
    [
      shop(
        'domains: [shop.test]\n    expose: [80]',
        'front_door: { certificates: { shop.test: { cert: none.crt, key: none.key } } }\n',
      ),
      /none\.crt/,
    ],
    [
      shop('domains: [shop.test]\n    expose: [80]\n    ports: ["80:80"]'),
      /port 80 of localhost is published by shop-app-1 and by shop-front-door-1/,
    ],
  ]
  for (const [yaml, expected] of rows) t.match(await refusal(result(t, yaml)), expected, yaml)
})

test('two services that claim one domain of a host are found before any host is asked', async t => {
  const two = (app: string, other: string, vars = ''): string =>
    `${threeHosts}${vars}containers:\n  app: { image: x, expose: [80], ${app} }\n  other: { image: x, expose: [80], ${other} }\n`
  const check = async (yaml: string): Promise<void> => {
    const project = await load(t, yaml)
    checkContainers(project, raw => raw.value)
  }
  const rows: [app: string, other: string, expected: RegExp][] = [
    [
      'on: role=web, domains: [{ host: Shop.Test, path: /api/ }]',
      'on: web2, domains: [b.test, shop.test/api]',
      /^3 8:\d+ other: shop\.test\/api leads to app already \(line 7, column \d+\)$/,
    ],
    [
      'on: all, domains: ["{{ vars.domain }}"]',
      'on: db1, domains: ["{{ vars.domain }}"]',
      /other: \{\{ vars\.domain \}\} leads to app already/,
    ],
    [
      'on: all, domains: [{ host: a.test, tls: false }]',
      'on: all, domains: [a.test/x]',
      /^3 8:\d+ other: a\.test has tls: off at app already \(line 7, column \d+\), and one domain has one$/,
    ],
    ['on: all, scale: 2, domains: [a.test]', 'on: web1, domains: [a.test]', /other: a\.test leads to app already/],
  ]
  for (const [app, other, expected] of rows) t.match(await refusal(check(two(app, other))), expected, `${app} ${other}`)
  const fine: [app: string, other: string][] = [
    ['on: web1, domains: [a.test]', 'on: web2, domains: [a.test]'],
    ['on: all, domains: [a.test]', 'on: all, domains: [b.test, a.test/x]'],
    ['on: all, domains: [{ host: a.test, tls: "{{ vars.tls }}" }]', 'on: all, domains: [a.test/x]'],
    // The first of them by name has the only one.
    ['on: all, scale: 1, domains: [a.test]', 'on: web1, domains: [a.test]'],
  ]
  for (const [app, other] of fine) await t.resolves(check(two(app, other)), `${app} ${other}`)
  const rendered = two(
    'on: web1, domains: ["{{ domain }}"]',
    'on: web1, domains: [a.test]',
    'vars: { domain: a.test }\n',
  )
  await check(rendered)
  t.match(
    await refusal(result(t, rendered)),
    /other: a\.test leads to app already \(line 8, column \d+\)/,
    'by the plan',
  )
})

test('the front door as a container', async t => {
  const want = await doorOn(
    t,
    shop('domains: [shop.test]\n    expose: [80]', 'front_door: { http: 8080, drain: 1m }\n'),
  )
  t.match(want, {
    name: 'shop-front-door-1',
    door: { http: 8080, https: 443, drainMs: 60_000 },
    config: {
      image: 'caddy:2',
      ports: [{ published: 443 }, { published: 8080, target: 8080 }],
      mounts: [{ type: 'volume', source: 'shop_front-door', target: '/front-door' }],
      networks: [{ name: 'shop_front-door' }],
      stopGraceMs: 65_000,
    },
  })
  const plain = await doorOn(t, shop('domains: [{ host: shop.test, tls: off, port: 80 }]'))
  t.same(
    plain?.config.ports.map(({ published }) => published),
    [80],
    'no HTTPS where nobody asks for it',
  )
  const app = (await wantedOn(t, shop('domains: [a.test]\n    expose: [80]'), 'localhost')).containers[0]
  t.same(
    app?.config.networks.map(({ name, aliases }) => [name, aliases]),
    [
      ['shop_default', ['app']],
      ['shop_front-door', []],
    ],
  )
  t.equal(await doorOn(t, shop('restart: always', 'front_door: { http: 81 }\n')), undefined, 'nothing to lead to')
})

test('it runs where its services do', async t => {
  const yaml = `${threeHosts}containers:
  app: { image: app:1, on: role=web, scale: 3, expose: [80], domains: [shop.test] }
  db: { image: db:1, on: all }
`
  const rows: [host: string, sites: string[]][] = [
    ['db1', []],
    ['web1', ['shop.test auto app:80 1 3']],
    ['web2', ['shop.test auto app:80 2']],
  ]
  for (const [host, sites] of rows) t.same(sitesOf(await doorOn(t, yaml, host)), sites, host)
})
