// Hosts that are reached by their engine alone: their words in the file, and what may not be asked of them, each with its place.
import { test } from 'tap'
import { load, mistakes } from './config/project-in-memory.js'
import { refusal, result } from './containers/project-on-disk.js'

const hosts = (entries: string, more = ''): string => `project: shop\nhosts:\n  ${entries}\n${more}`

test('where the engine is, and by what right', async t => {
  const at = (line: number, column: number) => ({ file: '/p/longshore.yaml', line, column })
  const rows: [entry: string, address: object][] = [
    [
      '{ connection: engine, url: "tcp://e.example", tls: ~/certs }',
      {
        ...{ kind: 'tcp', name: 'e.example', port: 2376, url: 'tcp://e.example:2376' },
        tls: { ca: '/home/me/certs/ca.pem', cert: '/home/me/certs/cert.pem', key: '/home/me/certs/key.pem' },
      },
    ],
    [
      '{ connection: engine, url: "tcp://[2001:db8::1]:99/", tls: { ca: a.pem } }',
      { name: '2001:db8::1', port: 99, url: 'tcp://[2001:db8::1]:99', tls: { ca: '/p/a.pem', at: at(3, 66) } },
    ],
    ['{ connection: engine, url: "tcp://127.0.0.1" }', { port: 2375, at: at(3, 34) }],
    ['{ connection: engine, url: "tcp://e:1", insecure: true }', { name: 'e', port: 1 }],
    ['{ connection: engine, url: "unix:///run/d.sock" }', { kind: 'unix', path: '/run/d.sock' }],
  ]
  for (const [entry, address] of rows) {
    const [host] = (await load(hosts(`e1: ${entry}`))).hosts
    t.match(host, { connection: 'engine', engineAddress: address }, entry)
  }
  const secret = await load(
    hosts('e1: { connection: engine, url: "tcp://e", tls: { cert: c.pem, key: { secret: KEY } } }') +
      'secrets: { KEY: { env: MISSING } }',
  )
  const { engineAddress: address } = secret.hosts[0] ?? {}
  t.throws(() => address?.kind === 'tcp' && address.tls?.key, { message: /MISSING|KEY/ }, 'fetched when it is used')
})

test('mistakes, each at its place', async t => {
  const e1 = 'e1: { connection: engine, url: "tcp://e:2376", tls: certs'
  const alone = 'e1 is reached by its engine alone (connection: engine), so that no command can run on it'
  const it = alone.replace('e1', 'it')
  const rows: [entries: string, more: string, told: string[]][] = [
    ['e1: { connection: engine }', '', ['3:21: hosts.e1 needs `url`, as in url: tcp://e1:2376']],
    ['e1: { connection: engine, url: "http://e" }', '', ['3:34: hosts.e1.url must be tcp://HOST:PORT or unix:///PATH']],
    [
      'e1: { connection: engine, url: "tcp://e:99999" }',
      '',
      ['3:34: hosts.e1.url must be tcp://HOST:PORT or unix:///PATH'],
    ],
    [
      'e1: { connection: engine, url: "tcp://e:2375" }',
      '',
      ['3:34: tcp://e:2375 without certificates: whoever reaches it is root there; say `tls:`, or `insecure: true`'],
    ],
    ['e1: { connection: engine, url: "unix:///s", tls: x }', '', ['3:47: a unix socket has no certificates']],
    [
      'e1: { connection: engine, url: "tcp://e", tls: { key: k } }',
      '',
      ['3:50: a certificate and its key go together: say both `cert` and `key`, or none'],
    ],
    ['w: { url: "tcp://e" }', '', ['3:8: hosts.w.url is for `connection: engine` alone']],
    [
      `${e1}, become: sudo, engine: { users: [ann], registries: {} } }`,
      '',
      [`3:62: hosts.e1.become has no meaning: ${alone}`, `3:86: engine.users cannot hold for e1: ${it}`],
    ],
    [`${e1} }\n  w: { jump: e1 }`, '', [`4:14: e1 cannot be jumped through: ${it}`]],
    [`${e1} }\n  w:`, 'playbooks: [{ play: p.yaml, on: "w, e1" }]', [`5:37: no play can run on e1: ${it}`]],
    [
      `${e1}, labels: { r: x } }\n  w:`,
      'playbooks: [{ play: p.yaml, on: r=x }]',
      [`5:33: no play can run there: every host that "r=x" means ${it.replace('it ', '')}`],
    ],
    [`${e1} }\n  w:`, 'playbooks: [d.yaml]', [`d.yaml:3:62: nothing can be delegated to e1: ${it}`]],
    [`${e1} }\n  w:`, 'playbooks: [p.yaml]\nengine: { daemon: { debug: true } }', []],
  ]
  const files = {
    '/p/p.yaml': '- hosts: all\n  tasks: []\n',
    '/p/d.yaml': '- hosts: w\n  tasks:\n    - { name: x, command: { argv: [hostname] }, delegate_to: e1 }\n',
  }
  for (const [entries, more, told] of rows)
    t.same(
      await mistakes(() => load(hosts(entries, more), files)),
      told.length === 0
        ? []
        : ['exit 3', ...told.map(line => (line.startsWith('d.yaml') ? line : `longshore.yaml:${line}`))],
      `${entries} ${more}`,
    )
  const project = await load(
    hosts(`${e1} }\n  w:`, 'engine: { daemon: { debug: true }, users: [ann], registries: { r: {} } }'),
  )
  t.match(
    project.hosts[0],
    { engine: { daemon: {}, users: [], registries: { r: {} } } },
    'blocks around it are left out',
  )
  t.same(project.hosts[0]?.engineAddress?.leftOut, ['users', 'daemon'])
})

test('what a service may not ask there', async t => {
  const there = 'e1: { connection: engine, url: "tcp://e", tls: certs }'
  const alone = 'e1 is reached by its engine alone (connection: engine), so that no command can run on it'
  const rows: [service: string, told: string | RegExp][] = [
    ['ports: ["80:80"]', 'accepted'],
    [
      'ports: [{ target: 80, published: 80, allow: [10.0.0.0/8] }]',
      `3 6:42 app: \`allow\` cannot hold there: ${alone}; \`bind\` the port to an address that only those reach`,
    ],
    [
      'gate: { http: "http://:80/" }',
      `3 6:13 app: the gate cannot be asked from the host: ${alone}; let it be a \`command\` in the container`,
    ],
    ['gate: { command: [pg_isready] }', 'accepted'],
    ['volumes: ["./conf:/conf:ro"]', /^3 6:15 app: \.\/conf lies on this machine, and e1 has only an engine/],
    ['volumes: ["/srv:/srv"]', 'accepted'],
  ]
  for (const [service, told] of rows) {
    const said = await refusal(
      result(t, hosts(there, `containers:\n  app:\n    ${service}\n    image: "app:1"\n`), { conf: { a: 'x' } }),
    )
    t.match(said, told, service)
  }
  const here = 'e1: { connection: engine, url: "unix:///var/run/docker.sock" }'
  const { wanted } = await result(t, hosts(here, 'containers: { app: { image: "app:1", volumes: ["./conf:/c"] } }'), {
    conf: { a: 'x' },
  })
  t.match(
    wanted.get('e1')?.containers[0]?.config.mounts,
    [{ type: 'bind', source: /\/conf$/ }],
    'a socket of this machine mounts what is here',
  )
  const imported = 'images: { base: { import: { dir: /opt/x, at: host } } }\ncontainers: { app: { image: base } }'
  t.match(await refusal(result(t, hosts(there, imported))), /e1: it is reached by its engine alone/)
})
