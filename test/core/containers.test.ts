// Containers: from YAML texts to what each host's engine shall have, and what is said about files that are wrong.
import { test } from 'tap'
import {
  checkContainers,
  imageSchema,
  networkSchema,
  serviceSchema,
  volumeSchema,
} from '../../core/containers/index.js'
import { z } from '../../core/schema.js'
import { Secret } from '../../core/secret.js'
import type { ContainerWant } from '../../core/wanted.js'
import { mistakes } from './containers/mistakes.js'
import { configOf, load, local, names, refusal, result, threeHosts, wantedOn } from './containers/project-on-disk.js'
import { bareForm, serviceForms } from './containers/service-forms.js'
import { testShortForms } from './containers/short-forms.js'

test('short forms', async t => testShortForms(t))

test('the normal form of a service', async t => {
  for (const [lines, expected, rest] of serviceForms)
    t.strictSame(await configOf(t, lines, rest), { ...bareForm, ...expected }, lines)
})

test('variables from files, and secrets', async t => {
  const tree = {
    'a.env': `# comment\nexport A=1 # one\nB="two\\nlines"\nC='$A'\nD=0\nE=$A$COLOR\n`,
    'b.env': 'A=2\n',
  }
  const config = await configOf(
    t,
    'env_file: [a.env, { path: b.env }, { path: missing.env, required: false }]\nenvironment: { D: x, PW: { secret: DB }, URL: "db://{{secrets.DB}}@db" }',
    'secrets: { DB: { env: DB_PASSWORD } }',
    tree,
  )
  t.match(config.environment, { A: '2', B: 'two\nlines', C: '$A', D: 'x', E: '1blue' })
  t.same(Object.keys(config.environment), ['A', 'B', 'C', 'D', 'E', 'PW', 'URL'], 'sorted')
  const { PW, URL: url } = config.environment
  t.ok(PW instanceof Secret && PW.reveal() === 'swordfish', 'a secret stays a secret')
  t.ok(url instanceof Secret && url.reveal() === 'db://swordfish@db', 'also inside a text')
  t.notMatch(JSON.stringify(config), /swordfish/)
  const single = await configOf(t, 'env_file: b.env', '', tree)
  t.same(single.environment, { A: '2' })
})

test('one host: names, images, networks, volumes, links', async t => {
  const yaml = `project: shop
images:
  base: { import: { dir: rootfs } }
  unused: { pull: "busybox:1" }
  cache: { pull: "redis:7" }
containers:
  redis: { image: cache, volumes: ["data:/data", "old:/old"], on: nowhere=true }
  app:
    build: { context: ./app, args: { V: 1, COLOR: , T: { secret: DB } }, target: final }
    links: [redis:cache, worker]
    scale: 2
    ports: ["8000-8001:80"]
    depends_on: { redis: { condition: service_healthy } }
  worker: { image: shop-app, depends_on: [redis], container_name: hand, networks: , links: [] }
volumes: { data: { driver_opts: { o: bind } }, old: { external: true }, spare: {} }
networks: { default: { driver: bridge, internal: true, labels: [a=1] }, spare: {} }
secrets: { DB: { env: DB_PASSWORD } }
`
  const wanted = await wantedOn(t, yaml, local, { app: { Dockerfile: 'FROM base' }, rootfs: { x: '' } })
  t.same(names(wanted), ['shop-redis-1', 'shop-app-1', 'shop-app-2', 'hand'])
  t.match(wanted.networks, [
    { key: 'default', name: 'shop_default', driver: 'bridge', internal: true, external: false, labels: { a: '1' } },
  ])
  t.match(wanted.volumes, [
    { key: 'data', name: 'shop_data', external: false, options: { o: 'bind' } },
    { key: 'old', name: 'old', external: true },
  ])
  t.equal(wanted.networks.length + wanted.volumes.length, 3, 'nothing that no service uses')
  t.match(wanted.images, [
    { ref: 'base', from: 'import', where: 'here' },
    { ref: 'busybox:1', from: 'pull' },
    { ref: 'redis:7', from: 'pull' },
    { ref: 'shop-app', from: 'build', dockerfile: 'Dockerfile', target: 'final', args: { COLOR: 'blue', V: '1' } },
  ])
  t.equal(wanted.images.length, 4)
  const [redis, app1, app2, worker] = wanted.containers
  t.equal(redis?.config.image, 'redis:7', 'a pulled entry stands for its reference')
  t.equal(worker?.config.image, 'shop-app', 'what another service builds is not pulled')
  t.same(app1?.config.links, [
    { container: 'shop-redis-1', alias: 'cache' },
    { container: 'hand', alias: 'worker' },
  ])
  t.same(
    [app1?.config.ports, app2?.config.ports].flat().map(port => port?.published),
    [8000, 8001],
    'a range is dealt',
  )
  t.match(app1?.dependsOn, [
    { service: 'redis', condition: 'healthy', on: [{ host: local, container: 'shop-redis-1' }] },
    { service: 'worker', condition: 'started', on: [{ host: local, container: 'hand' }] },
  ])
  t.equal(app1?.dependsOn.length, 2)
  t.match(app1?.at, { line: 8, column: 3 })
  const again = await wantedOn(t, yaml, local, { app: { Dockerfile: 'FROM base' }, rootfs: { x: '' } })
  t.same(again, wanted, 'the same file wants the same')

  const mounted = await configOf(t, 'volumes: [".:/src", "./conf:/c"]', '', { conf: {} })
  t.match(mounted.mounts, [
    { type: 'bind', source: /\/conf$/, target: '/c' },
    { type: 'bind', source: /^\/.*[^/]$/, target: '/src' },
  ])
  const sharing = await wantedOn(
    t,
    `project: p\ncontainers:\n  a: { image: x, network_mode: "service:b", pull_policy: never }\n  b: { image: y, scale: 2 }`,
    local,
  )
  t.match(sharing.containers[0], { config: { networkMode: 'container:p-b-1' }, dependsOn: [{ service: 'b' }] })
  t.match(sharing.images, [{ ref: 'x', policy: 'never' }, { ref: 'y' }])
})

test('several hosts: placement', async t => {
  const { wanted } = await result(
    t,
    `${threeHosts}containers:
  app: { image: a, on: role=web, environment: { ME: "{{host.name}}", ADDRESS: "{{host.address}}" } }
  five: { image: b, on: all, deploy: { replicas: 5 } }
  none: { image: c, on: all, scale: 0 }
  one: { image: d, on: [web2, db1], scale: 1, networks: [inner] }
networks: { inner: }
`,
  )
  t.same([...wanted.keys()], ['web1', 'web2', 'db1'])
  t.same(names(wanted.get('db1')), ['shop-five-1', 'shop-five-4', 'shop-one-1'], 'dealt in order of host name')
  t.same(names(wanted.get('web1')), ['shop-app-1', 'shop-five-2', 'shop-five-5'], 'each number once')
  t.same(names(wanted.get('web2')), ['shop-app-1', 'shop-five-3'], 'without a number, the same on each host')
  t.same(wanted.get('web2')?.dealt, ['app', 'five', 'none', 'one'], 'also those that have nothing left there')
  t.match(wanted.get('web2')?.containers[0]?.config.environment, { ME: 'web2', ADDRESS: '192.0.2.2' })
  t.same(
    wanted.get('db1')?.networks.map(network => network.name),
    ['shop_inner', 'shop_default'],
  )
  t.same(
    wanted.get('web1')?.networks.map(network => network.name),
    ['shop_default'],
  )

  const idle = await wantedOn(t, `${threeHosts}containers:\n  a: { image: x, on: web1 }`, 'db1')
  t.match(idle, { project: 'shop', images: [], networks: [], volumes: [], containers: [] })
})

test('several hosts: links and dependencies', async t => {
  const shop = (redis: string, app = ''): string => `${threeHosts}containers:
  redis: { image: r, on: role=db, ${redis} }
  app: { image: a, on: role=web, links: [redis:cache], ${app} }
`
  const { wanted, warnings, problems } = await result(t, shop('ports: ["6379:6379"]', 'extra_hosts: ["x:1.1.1.1"]'))
  const app = wanted.get('web1')?.containers[0]
  t.same(app?.config.extraHosts, ['x:1.1.1.1', 'cache:10.0.0.3'])
  t.same(app?.config.links, [])
  t.match(app?.dependsOn, [
    { service: 'redis', condition: 'started', on: [{ host: 'db1', container: 'shop-redis-1' }] },
  ])
  t.same([warnings, problems], [[], []])

  const moved = await result(t, shop('ports: ["16379:6379"]'))
  t.match(moved.warnings, [{ text: /reaches cache at port 16379, not at 6379/, at: { line: 8 } }])
  t.equal(moved.warnings.length, 1, 'once, not once a host')
  const hostMode = await result(t, shop('network_mode: host'))
  t.same(hostMode.wanted.get('web2')?.containers[0]?.config.extraHosts, ['cache:10.0.0.3'])

  const gone = await result(t, shop('ports: ["6379:6379"]'), {}, ['db1'])
  t.match(gone.problems, [
    { host: 'web1', service: 'app', error: { exit: 4, where: 'db1' } },
    { host: 'web2', service: 'app', error: { exit: 4, where: 'db1' } },
  ])
  t.same(names(gone.wanted.get('web1')), [], 'left out, not guessed')
  t.same(names(gone.wanted.get('db1')), ['shop-redis-1'])
  const unread = await result(t, shop('ports: ["6379:6379"], hostname: "{{host.name}}"'), {}, ['db1'])
  t.same(
    unread.problems.map(({ host, service }) => `${host} ${service}`),
    ['db1 redis', 'web1 app', 'web2 app'],
  )

  const beside = await result(
    t,
    `${threeHosts}containers:
  redis: { image: r, on: all }
  app: { image: a, on: role=web, links: [redis], depends_on: [job] }
  job: { image: j, on: [web2, db1] }
`,
  )
  const waits = (container: ContainerWant | undefined): string[] =>
    container?.dependsOn.flatMap(({ on }) => on.map(each => `${each.host} ${each.container}`)) ?? []
  t.same(beside.wanted.get('web1')?.containers[1]?.config.links, [{ container: 'shop-redis-1', alias: 'redis' }])
  t.same(waits(beside.wanted.get('web1')?.containers[1]), ['db1 shop-job-1', 'web2 shop-job-1', 'web1 shop-redis-1'])
  t.same(
    waits(beside.wanted.get('web2')?.containers[1]),
    ['web2 shop-job-1', 'web2 shop-redis-1'],
    'beside it is enough',
  )

  const rows: [redis: string, app: string, expected: RegExp][] = [
    ['', '', /^3 8:\d+ .*redis runs on db1.*it is not published; publish it .* or say `provider: swarm`$/],
    ['ports: ["6379"]', '', /it is not published/],
    ['ports: ["127.0.0.1:6379:6379"]', '', /it is published for that host alone/],
  ]
  for (const [redis, service, expected] of rows)
    t.match(await refusal(result(t, shop(redis, service))), expected, redis)
  const many = `${threeHosts}containers:\n  redis: { image: r, on: role=web, ports: [1:1] }\n  app:\n    image: a\n    on: db1\n    links: [redis]\n`
  t.match(await refusal(result(t, many)), /^3 11:13 app: redis runs on web1, web2, but not on db1/)
})

test('files that are wrong', async t => {
  for (const [yaml, expected] of mistakes)
    t.match(await refusal(result(t, yaml)), expected, yaml.split('\n').slice(5).join(' '))
})

test('what only a host can tell is left to it', async t => {
  const project = await load(
    t,
    `project: p
containers:
  a:
    image: "{{vars.image}}"
    scale: "{{vars.n}}"
    ports: ["{{vars.port}}:80"]
    volumes: ["{{vars.v}}:/data"]
    links: ["{{vars.l}}"]
    healthcheck: { interval: "{{vars.i}}" }
`,
  )
  t.doesNotThrow(() => checkContainers(project, raw => raw.value))
})

test('the schemas document themselves', t => {
  const all = z.tuple([serviceSchema, imageSchema, networkSchema, volumeSchema])
  const schema = z.toJSONSchema(all, { io: 'input' })
  const bare: string[] = []
  const walk = (node: unknown, path: string): void => {
    if (node === null || typeof node !== 'object') return
    if ('properties' in node && node.properties !== null && typeof node.properties === 'object')
      for (const [key, property] of Object.entries(node.properties))
        if (!('description' in property)) bare.push(`${path}.${key}`)
    for (const [key, inner] of Object.entries(node)) walk(inner, key === 'properties' ? path : `${path}.${key}`)
  }
  walk(schema, '')
  t.same(bare, [], 'every key has a description')
  t.match(JSON.stringify(schema), /service_completed_successfully/)
  t.end()
})
