// Published ports: who may reach them, from what people write to the rules that hosts get, and what is said of what cannot be.
import { type Test, test } from 'tap'
import { localFiles } from '../../cli/files.js'
import { wantedByHost } from '../../core/containers/index.js'
import { portRulesOf, portSchema } from '../../core/containers/schema/ports.js'
import { mayBeAmong, readSource } from '../../core/containers/schema/sources.js'
import { UserError } from '../../core/errors.js'
import { portRules } from '../../providers/docker/port-rules.js'
import { load, result } from './containers/project-on-disk.js'

test('sources in one form', async t => {
  const rows: [given: string, canonical: string | RegExp][] = [
    ['192.0.2.7', '192.0.2.7/32'],
    ['192.0.2.7/32', '192.0.2.7/32'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['172.16.0.0/12', '172.16.0.0/12'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['::/0', '::/0'],
    ['fd00::1', 'fd00::1/128'],
    ['fe80::/10', 'fe80::/10'],
    ['::ffff:192.0.2.1', '::ffff:c000:201/128'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8/128'],
    ['10.1.2.3/8', /address inside a network: write 10\.0\.0\.0\/8 for the network, or 10\.1\.2\.3 alone/],
    ['172.31.0.0/12', /write 172\.16\.0\.0\/12/],
    ['fd00::1/64', /write fd00::\/64/],
    ['10.0.0.0/33', /no address and no network/],
    ['fd00::/129', /no address and no network/],
    ['office', /no address and no network: write it as 192\.0\.2\.7/],
    ['10.0.0', /no address/],
    ['10.0.0.0/', /no address/],
    ['', /no address/],
    ['1.2.3.4; reboot', /no address/],
    ['::1%eth0', /no address/],
  ]
  for (const [given, expected] of rows)
    if (typeof expected === 'string') t.equal(readSource(given), expected, given)
    else t.throws(() => readSource(given), { message: expected }, given)
})

test('whether an address is let in', t => {
  const rows: [sources: string[], address: string, isIn: boolean][] = [
    [['10.0.0.0/8'], '10.9.8.7', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['192.0.2.1/32', 'fd00::/8'], 'fd12::3', true],
    [['192.0.2.1/32', 'fd00::/8'], '2001:db8::1', false],
    [['fd00::/8'], '10.0.0.1', false],
    [['10.0.0.0/8'], 'web1.example', true],
  ]
  for (const [sources, address, isIn] of rows) t.equal(mayBeAmong(sources, address), isIn, `${sources} ${address}`)
  t.end()
})

test('a link across hosts whose port shuts its host out is told', async t => {
  const project = (allow: string) => `project: shop
hosts: { a: { address: a, private: 10.0.0.1 }, b: { address: b, private: 10.0.0.2 } }
containers:
  db: { image: x, on: b, ports: [{ target: 5432, published: 5432, allow: ${allow} }] }
  web: { image: x, on: a, links: [db] }
`
  t.same((await result(t, project('10.0.0.0/24'))).warnings, [])
  t.match((await result(t, project('10.0.0.9'))).warnings, [
    {
      text: /^web: port 5432 of db on b lets in 10\.0\.0\.9\/32 alone, and a comes from 10\.0\.0\.1$/,
      at: { line: 5 },
    },
  ])
})

test('forms of a port', async t => {
  const allow = ['10.0.0.0/8']
  const rows: [given: unknown, entries: unknown[] | RegExp][] = [
    [
      { target: 80, published: 8080, bind: '127.0.0.1' },
      [{ ip: '127.0.0.1', target: 80, published: { from: 8080, to: 8080 }, protocol: 'tcp' }],
    ],
    [
      { target: 80, published: 8080, bind: '[::1]' },
      [{ ip: '::1', target: 80, published: { from: 8080, to: 8080 }, protocol: 'tcp' }],
    ],
    [{ target: 80, host_ip: '10.0.0.5' }, [{ ip: '10.0.0.5', target: 80, protocol: 'tcp' }]],
    [
      { target: 53, published: '53', protocol: 'udp', allow },
      [{ target: 53, published: { from: 53, to: 53 }, protocol: 'udp', allow }],
    ],
    [
      { target: 80, published: 80, allow: '192.0.2.1' },
      [{ target: 80, published: { from: 80, to: 80 }, protocol: 'tcp', allow: ['192.0.2.1/32'] }],
    ],
    [
      { target: 80, published: 80, allow: ['fd00::/8', '10.0.0.1', '10.0.0.1/32'] },
      [{ target: 80, published: { from: 80, to: 80 }, protocol: 'tcp', allow: ['10.0.0.1/32', 'fd00::/8'] }],
    ],
    [
      { target: 80, published: 80, 'x-longshore': { allow } },
      [{ target: 80, published: { from: 80, to: 80 }, protocol: 'tcp', allow }],
    ],
    [{ target: 80, published: 80, 'x-longshore': { alow: allow } }, /did you mean "allow"/],
    ['127.0.0.1:80:8000', [{ ip: '127.0.0.1', target: 8000, published: { from: 80, to: 80 }, protocol: 'tcp' }]],
    [{ target: 80, published: 80, bind: '10.0.0.1', host_ip: '10.0.0.2' }, /two words for one thing/],
    [{ target: 80, published: 80, bind: 'eth0' }, /`bind` must be an address of the host/],
    [{ target: 80, allow }, /`allow` needs `published`/],
    [{ target: 80, published: 80, allow: [] }, /must name somebody/],
    [{ target: 80, published: 80, allow: ['10.0.0.1/8'] }, /write 10\.0\.0\.0\/8/],
    [{ target: 80, published: 80, allowed: ['10.0.0.0/8'] }, /did you mean "allow"/],
  ]
  for (const [given, expected] of rows) {
    const result = portSchema.safeParse(given)
    const name = JSON.stringify(given)
    if (expected instanceof RegExp) t.match(JSON.stringify(result.error?.issues).replaceAll('\\"', '"'), expected, name)
  }
})

test('rules of the n-th container; none where only the host itself gets', async t => {
  const allow = ['10.0.0.0/8']
  const port = { target: 80, published: { from: 8000, to: 8003 }, protocol: 'tcp' as const }
  t.strictSame(portRulesOf([{ ...port, allow }, port], 3), [{ published: 8002, protocol: 'tcp', allow }])
  t.strictSame(portRulesOf([{ ...port, ip: '10.0.0.5', allow }], 1), [
    { ip: '10.0.0.5', published: 8000, protocol: 'tcp', allow },
  ])
  for (const ip of ['0.0.0.0', '::'])
    t.strictSame(portRulesOf([{ ...port, ip, allow }], 1), [{ published: 8000, protocol: 'tcp', allow }], ip)
  for (const ip of ['127.0.0.1', '127.1.2.3', '::1']) t.strictSame(portRulesOf([{ ...port, ip, allow }], 1), [], ip)
})

async function wanted(t: Test, containers: string, firewall?: string) {
  const project = await load(t, `project: shop\ncontainers:\n${containers}`)
  return wantedByHost(project, {
    prepare: raw => raw.value,
    select: () => project.hosts,
    privateAddress: () => '10.9.0.1',
    firewallOf: () => firewall,
    files: localFiles,
    keyOf: () => new Uint8Array([1]),
    environment: {},
  })
}

const two = `  web: { image: x, ports: ["443:443", { target: 80, published: 8080, allow: [10.0.0.0/8] }, "127.0.0.1:9:9", "7"] }
  db: { image: x, ports: [{ target: 5432, published: 5432, bind: 10.0.0.5, allow: 192.0.2.1 }] }
`

test('who may reach a port is no part of the container', async t => {
  const [one] = [...(await wanted(t, two)).wanted.values()]
  if (one === undefined) return t.fail('no host')
  const [web, db] = one.containers
  t.strictSame(web?.portRules, [{ published: 8080, protocol: 'tcp', allow: ['10.0.0.0/8'] }])
  t.strictSame(db?.portRules, [{ ip: '10.0.0.5', published: 5432, protocol: 'tcp', allow: ['192.0.2.1/32'] }])
  t.notMatch(JSON.stringify([web?.config, db?.config]), /allow|192\.0\.2/)
  const { before, after } = portRules(one, { prune: false })
  t.match(before, [
    {
      vars: {
        project: 'shop',
        rules: [
          { service: 'web', port: 8080 },
          { service: 'db', ip: '10.0.0.5' },
        ],
      },
    },
  ])
  t.strictSame(after[0]?.vars.services, ['web', 'db'])
  t.strictSame(after[0]?.vars.published, ['tcp/9', 'tcp/8080', 'tcp/443', 'tcp/5432'])
})

test('ports that go past a firewall are told, each at its place', async t => {
  t.same((await wanted(t, two)).warnings, [])
  const { warnings } = await wanted(t, two, 'ufw')
  t.same(
    warnings.map(({ text, at }) => [text.replace(/ of localhost is .*/, ''), at.line, at.column]),
    [
      ['web: port 443', 3, 28],
      ['web: port 7 of its container', 3, 110],
    ],
    JSON.stringify(warnings),
  )
  const loop = await wanted(
    t,
    '  web: { image: x, ports: [{ target: 80, published: 80, bind: 127.0.0.1, allow: [10.0.0.0/8] }] }',
  )
  t.match(loop.warnings, [{ text: /`allow` has no effect/, at: { line: 3 } }])
})

test('where rules cannot hold, the file is refused', async t => {
  const refused = wanted(
    t,
    '  web: { image: x, network_mode: host, ports: [{ target: 80, published: 80, allow: [10.0.0.0/8] }] }',
  )
  await t.rejects(refused, { exit: 3, message: /`allow` cannot hold with network_mode host/ })
  await t.rejects(
    wanted(t, '  web: { image: x, ports: ["1:1", { target: 80, published: 80, allow: [10.0.0.1/8] }] }'),
    {
      message: /web\.ports\[1\]\.allow\[0\]: "10\.0\.0\.1\/8" is an address inside a network: write 10\.0\.0\.0\/8/,
    },
  )
  await refused.catch((error: unknown) => t.ok(error instanceof UserError))
})
