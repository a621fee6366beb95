// Hosts that `up` makes: their words in the file, each mistake with its place, and what a container must be given to be one.
import { test } from 'tap'
import { jsonSchema } from '../../../core/config/index.js'
import { machineText, memoryText } from '../../../core/machines/machine.js'
import { z } from '../../../core/schema.js'
import { containerName, snapshotRepository } from '../../../providers/docker/machines/names.js'
import { recipeTag, releaseOf } from '../../../providers/docker/machines/recipe.js'
import { capabilitiesOf } from '../../../providers/docker/machines/rights.js'
import { load, mistakes } from './project-in-memory.js'

const hosts = (entries: string): string => `project: shop\nhosts:\n  ${entries}\n`

test('what is wanted of a machine', async t => {
  const rows: [entry: string, want: object][] = [
    ['', { image: 'debian-12', engine: { kind: 'local' }, ports: [], folders: [] }],
    ['image: ./box.tar', { image: '/p/box.tar' }],
    ['image: box.tar.gz', { image: '/p/box.tar.gz' }],
    ['image: "registry.example:5000/x:1"', { image: 'registry.example:5000/x:1' }],
    ['engine: "unix:///run/d.sock"', { engine: { kind: 'local', socket: '/run/d.sock' } }],
    ['engine: here', { engine: { kind: 'host', name: 'here' } }],
    ['cpus: 0.5, memory: 1.5g', { cpus: 0.5, memory: 1.5 * 2 ** 30 }],
    [
      'ports: [80, "8080:80", "53:53/udp", "0.0.0.0:1:2", "[::1]:3:4"]',
      {
        ports: [
          { address: '127.0.0.1', inside: 80, protocol: 'tcp' },
          { address: '127.0.0.1', outside: 8080, inside: 80, protocol: 'tcp' },
          { address: '127.0.0.1', outside: 53, inside: 53, protocol: 'udp' },
          { address: '0.0.0.0', outside: 1, inside: 2, protocol: 'tcp' },
          { address: '::1', outside: 3, inside: 4, protocol: 'tcp' },
        ],
      },
    ],
    [
      'synced_folders: [{ from: ., to: /p }, { from: ~/x, to: /x, read_only: true }]',
      {
        folders: [
          { from: '/p', to: '/p', readOnly: false },
          { from: '/home/me/x', to: '/x', readOnly: true },
        ],
      },
    ],
  ]
  for (const [entry, want] of rows) {
    const [box] = (await load(hosts(`b: { machine: { ${entry} } }\n  here: { connection: local }`))).hosts
    t.match(box?.machine, want, entry)
    t.equal(box?.port, undefined, 'it is reached as it is made')
  }
  const [empty] = (await load(hosts('b: { machine: }'))).hosts
  t.match(empty?.machine, { image: 'debian-12' }, 'without a word')
})

test('mistakes, each at its place', async t => {
  const rows: [entry: string, ...expected: string[]][] = [
    [
      'b: { machine: {}, user: me, connection: ssh, port: 22 }',
      '3:21: hosts.b.user has no meaning: the machine b is made, and reached as it is made',
      '3:31: hosts.b.connection has no meaning: the machine b is made, and reached as it is made',
      '3:48: hosts.b.port has no meaning: the machine b is made, and reached as it is made',
    ],
    [
      'b: { machine: { ports: ["a:1", "70000:1", "22"], memory: much } }',
      '3:27: hosts.b.machine.ports: "a:1" is no port; write it as 8080:80',
      '3:34: hosts.b.machine.ports: "70000:1" is no port; write it as 8080:80',
      '3:45: hosts.b.machine: port 22 is forwarded anyway; `longshore port` tells where to',
      '3:60: "much" is no size: write it as 64m or 1g',
    ],
    [
      'a: { machine: { ports: ["80:80"] } }\n  b: { machine: { ports: ["80:81"] } }',
      '4:26: port 80 is that of a already',
    ],
    [
      'b: { machine: { engine: hree } }\n  here: { connection: local }',
      '3:27: there is no host "hree" to make b on; did you mean "here"?',
    ],
    ['b: { machine: { engine: c } }\n  c: { machine: {} }', '3:27: b cannot be made on c, which is a machine itself'],
    [
      'b: { machine: { engine: c, synced_folders: [{ from: ., to: /p }] } }\n  c:',
      '3:30: hosts.b.machine: folders of this machine are not on c',
    ],
    [
      'b: { machine: { disk: 1 } }',
      '3:19: unknown key "disk" in hosts.b.machine; known keys: cpus, engine, image, memory, ports, synced_folders',
    ],
  ]
  for (const [entry, ...expected] of rows)
    t.same(
      await mistakes(() => load(hosts(entry))),
      ['exit 3', ...expected.map(line => `longshore.yaml:${line}`)],
      entry,
    )
})

test('what differs is told in the words of the file', t => {
  const at = { file: 'f', line: 1, column: 1 }
  const port = { address: '127.0.0.1', inside: 80, protocol: 'tcp' } as const
  const folder = { from: '/a', to: '/b', readOnly: true }
  t.same(
    machineText({ image: 'x', engine: { kind: 'local' }, memory: 2 ** 31, ports: [port], folders: [folder], at }),
    { image: 'x', cpus: 'all', memory: '2g', ports: '127.0.0.1::80/tcp', synced_folders: '/a:/b:ro' },
  )
  t.same([0, 512 * 2 ** 20, 1000].map(memoryText), ['all', '512m', '1000'])
  const one = { project: 'shop', host: 'Web.1', folder: '0123abcd' }
  t.equal(containerName(one), 'longshore-shop-Web.1-0123abcd')
  t.match(snapshotRepository(one), /^[a-z0-9]+(-[a-z0-9]+)*$/, 'a repository has lower-case letters only')
  t.not(snapshotRepository(one), snapshotRepository({ ...one, host: 'web-1' }), 'names that look alike stay apart')
  t.same(['debian-13', 'trixie', 'constructor', 'debian:13'].map(releaseOf), ['trixie', 'trixie', undefined, undefined])
  t.match(recipeTag('trixie'), /^trixie-[0-9a-f]{10}$/)
  t.end()
})

test('a container is given what its host has to give', t => {
  const status = (bits: bigint): string => `Name:\tx\nCapBnd:\t${bits.toString(16).padStart(16, '0')}\n`
  const all = (1n << 41n) - 1n
  const less = all & ~(1n << 24n)
  t.equal(capabilitiesOf({ status: status(all), last: 40 }, 26), undefined, 'privileged is good where all are there')
  t.equal(capabilitiesOf(undefined, 26), undefined)
  t.equal(capabilitiesOf({ status: '', last: 40 }, 26), undefined)
  const modern = capabilitiesOf({ status: status(less), last: 40 }, 26) ?? []
  t.equal(modern.length, 40)
  t.notOk(modern.includes('SYS_RESOURCE'), 'not what the host lacks')
  t.ok(modern.includes('CHECKPOINT_RESTORE'))
  const old = capabilitiesOf({ status: status(less), last: 40 }, 20) ?? []
  t.equal(old.at(-1), 'AUDIT_READ', 'engines of 2020 know no more')
  t.end()
})

test('the schema explains the words', t => {
  const anything = z.unknown()
  const schema = JSON.stringify(jsonSchema({ service: anything, image: anything, network: anything, volume: anything }))
  t.match(schema, /"synced_folders":\{/)
  t.end()
})
