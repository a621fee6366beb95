// Compose files as parts of a project: what is read, what it comes to, what is warned of, and what is refused.
import { test } from 'tap'
import { checkContainers } from '../../core/containers/index.js'
import type { Project } from '../../core/project.js'
import type { ContainerWant } from '../../core/wanted.js'
import { changesBetween } from '../../providers/docker/canonical.js'
import { createRequest } from '../../providers/docker/containers/body.js'
import { containerSpec } from '../../providers/docker/containers/spec.js'
import { diff } from '../../providers/docker/diff/index.js'
import { scope, seen } from '../providers/samples.js'
import { testDamage } from './compose/damage.js'
import { loadings } from './compose/loading.js'
import { mistakes } from './compose/mistakes.js'
import { networkSettings, settings } from './compose/settings.js'
import { testTables } from './compose/tables.js'
import { load, local, refusal, result, wantedOn } from './containers/project-on-disk.js'

const key = new Uint8Array(32)

test('what is read of Compose files', async t => {
  for (const { name, tree, compose, services } of loadings) {
    const project = await load(t, `project: shop\ncompose: ${compose}\n`, tree)
    t.strictSame(Object.fromEntries(project.services.map(service => [service.name, service.raw.value])), services, name)
  }
})

test('files that are wrong', async t => {
  for (const [tree, lines, expected] of mistakes)
    t.match(await refusal(result(t, `project: shop\n${lines}\n`, tree)), expected, JSON.stringify(tree).slice(0, 150))
})

test('places, selectors and names of what comes from Compose files', async t => {
  const tree = {
    'one.yaml':
      'name: other\nservices:\n  a: { image: x, x-longshore: { on: db1 }, networks: [n], volumes: ["v:/v"] }\n  b: { image: x, container_name: by-hand }\nnetworks: { n: }\nvolumes: { v: { external: true } }\n',
    'two.yaml': 'services: { c: { image: x, depends_on: [d] } }\nnetworks: { n: }\n',
  }
  const yaml =
    'project: shop\nhosts: { web1: { labels: { role: web } }, db1: {} }\ncompose: [{ file: one.yaml, on: role=web }, { file: two.yaml, on: all }]\ncontainers: { d: { image: y, on: db1 } }\nnetworks: { n: }\n'
  const { wanted, warnings } = await result(t, yaml, tree)
  const names = (host: string): string[] => wanted.get(host)?.containers.map(container => container.name) ?? []
  t.same(names('web1'), ['by-hand', 'shop-c-1'])
  t.same(names('db1'), ['shop-d-1', 'shop-a-1', 'shop-c-1'])
  const first = wanted.get('db1')
  t.match(first?.networks, [{ name: 'shop_n' }, { name: 'shop_default' }])
  t.match(first?.volumes, [{ name: 'v', external: true }])
  const at = wanted.get('web1')?.containers[0]?.at
  t.match(`${at?.file}:${at?.line}:${at?.column}`, /\/one\.yaml:4:3$/, 'the place is that in the Compose file')
  t.match(warnings, [{ text: 'name: other is not taken: the project is shop', at: { line: 1, column: 7 } }])
})

test('templates are not ours in a Compose file, variables are told once, and values without one come from there', async t => {
  const tree = {
    '.env': 'P=pass\n',
    'a.env': 'F=$P\nQ="a $P"\n',
    'raw.env': "# no\nR='$P' # all\n",
    'l.env': 'fromfile=1\nboth=file\n',
    'c.yaml':
      'services:\n  a:\n    image: x\n    command: ["{{.Name}}", "{{ facts }}", "$GONE", "$GONE"]\n    env_file: [a.env, { path: raw.env, format: raw }, { path: none.env, required: false }]\n    environment: [P, NOT]\n    label_file: [l.env]\n    labels: { both: own }\n    configs: [c]\n    secrets: [{ source: s, target: /etc/s, mode: 0400 }]\nconfigs: { c: { content: "$P\\n" } }\nsecrets: { s: { environment: P } }\n',
  }
  const { wanted, warnings } = await result(t, 'project: shop\ncompose: [c.yaml]\n', tree)
  const config = wanted.get(local)?.containers[0]?.config
  t.strictSame(config?.command, ['{{.Name}}', '{{ facts }}', '', ''])
  t.strictSame(config?.environment, { F: 'pass', P: 'pass', Q: 'a pass', R: "'$P' # all" })
  t.strictSame(config?.labels, { both: 'own', fromfile: '1' })
  t.match(config?.files, [
    { target: '/c', content: 'pass\n', mode: 0o444 },
    { target: '/etc/s', mode: 0o400 },
  ])
  t.notMatch(JSON.stringify(config?.files?.[1]), /pass/, "a secret's text is a secret")
  t.same(
    warnings.map(({ text, at }) => `${at.line}:${at.column} ${text}`),
    ['4:44 the variable GONE is not set, it is empty', '4:53 the variable GONE is not set, it is empty'],
  )
})

test('relative paths start from the folder of their file, here', async t => {
  const tree = {
    sub: {
      'c.yaml':
        'include: [deep/d.yaml]\nservices:\n  a: { image: x, volumes: ["v:/v", "w:/w", "./made:/made"], configs: [c, d], build: { context: ./b } }\nvolumes: { v: { driver_opts: { type: none, o: bind, device: ./d } } }\nconfigs: { c: { file: ./f } }\n',
      f: 'f',
      b: { Dockerfile: 'FROM x' },
      deep: {
        'd.yaml':
          'volumes: { w: { driver_opts: { type: none, o: "ro,bind", device: d } } }\nconfigs: { d: { file: ./f } }\n',
        f: 'f',
      },
    },
  }
  const { wanted } = await result(t, 'project: shop\ncompose: [sub/c.yaml]\n', tree)
  const here = wanted.get(local)
  const below = (path: unknown): string => String(path).replace(/^.*?(?=\/sub\/)/, '')
  t.same(
    here?.volumes.map(volume => below(volume.options.device)),
    ['/sub/d', '/sub/deep/d'],
  )
  t.same(
    here?.containers[0]?.config.mounts.map(({ type, source, target }) => `${type} ${below(source)} ${target}`),
    ['bind /sub/f /c', 'bind /sub/deep/f /d', 'bind /sub/made /made', 'volume shop_v /v', 'volume shop_w /w'],
  )
  const [image] = here?.images ?? []
  t.equal(image?.from === 'build' && below(image.context), '/sub/b')
})

test('what has no effect is told, each with its place, and the rest is as if it were not there', async t => {
  const tree = {
    'c.yaml': `services:
  a:
    image: x
    develop: { watch: [] }
    depends_on: { b: { condition: service_started, restart: true } }
    deploy: { mode: global, update_config: { order: start-first }, resources: { reservations: { cpus: "1" } } }
    networks: { default: { gw_priority: 1 } }
    pull_policy: always
    models: [x]
  b: { image: x }
networks: { default: { enable_ipv4: true } }
`,
  }
  const yaml = 'project: shop\ncompose: [c.yaml]\ncontainers: { own: { image: x, develop: {} } }\n'
  const { wanted, warnings } = await result(t, yaml, tree)
  const told = warnings.map(({ text, at }) => `${at.line}:${at.column} ${text.replace(/( no effect).*/, '$1')}`)
  const expected = [
    '3:32 own: `develop` has no effect',
    '4:5 a: `develop` has no effect',
    '6:15 a.deploy: `mode` has no effect',
    '6:97 a.deploy.resources.reservations: `cpus` has no effect',
    '7:28 a.networks.default: `gw_priority` has no effect',
    '9:5 a: `models` has no effect',
    '11:24 network default: `enable_ipv4` has no effect',
  ]
  t.same(told.sort(), expected.sort())
  t.equal(wanted.get(local)?.containers.length, 3)
  const project = await load(t, yaml, tree)
  t.same(
    checkContainers(project, raw => raw.value)
      .map(({ at }) => at.line)
      .sort(),
    warnings.map(({ at }) => at.line).sort(),
    'validate says the same',
  )
})

const fileOf = (lines: string): string =>
  `project: shop\ncontainers:\n  db: { image: y }\n  app:\n    image: app:1\n${lines.replace(/^/gm, '    ')}\nnetworks: { out: }\nvolumes: { data: }\nsecrets: { DB: { env: DB_PASSWORD } }\n`

test('each key is a difference of its own in the plan, and asks the engine for what it says', async t => {
  const app = async (lines: string): Promise<ContainerWant> => {
    const found = (await wantedOn(t, fileOf(lines), local)).containers.find(({ service }) => service === 'app')
    if (found === undefined) throw new Error('no container of app')
    return found
  }
  const bare = containerSpec((await app('x-nothing: 1')).config, key)
  for (const [lines, names, body] of settings) {
    const want = await app(lines)
    const changes = changesBetween(bare, containerSpec(want.config, key))
    t.same(
      changes.map(({ what }) => what),
      names,
      lines,
    )
    t.match(createRequest('shop', want, key, '1.45').body, body, lines)
    t.notMatch(JSON.stringify(containerSpec(want.config, key)), /swordfish/)
  }
})

test('each key of a network is a difference of its own in the plan', async t => {
  const wantedWith = (lines: string) =>
    wantedOn(t, `project: shop\ncontainers: { a: { image: x, networks: [n] } }\nnetworks: { n: { ${lines} } }\n`, local)
  const [step] = diff(scope, await wantedWith(''), seen({}), { prune: false }).steps.filter(({ thing }) =>
    thing.startsWith('network'),
  )
  if (step === undefined) throw new Error('no step for the network')
  const { labels } = step.work as { labels: Record<string, string> }
  const found = seen({ networks: [{ id: 'n', name: 'shop_n', labels }] })
  for (const [lines, names] of [['', []], ...networkSettings] as const) {
    const { steps } = diff(scope, await wantedWith(lines), found, { prune: false })
    const changes = steps.filter(({ thing }) => thing.startsWith('network')).flatMap(each => each.changes ?? [])
    t.same(
      changes.map(({ what }) => what),
      names,
      lines,
    )
  }
})

test('what an engine is too old for is told, or refused where it would be something else', async t => {
  const wanted = await wantedOn(t, fileOf('annotations: { a: b }\nhealthcheck: { test: x, start_interval: 1s }'), local)
  const told = (api: string | undefined): string[] =>
    diff(scope, wanted, seen(api === undefined ? {} : { api }), { prune: false }).warnings.map(
      text => /: (.*) needs engine (\d+)/.exec(text)?.slice(1).join(' ') ?? text,
    )
  t.same(told('1.41'), ['annotations 24', 'healthcheck.start_interval 25'])
  t.same(told('1.43'), ['healthcheck.start_interval 25'])
  t.same(told('1.45'), [])
  t.same(told(undefined), [])
  const volume = 'volumes: [{ type: volume, source: data, target: /d, volume: { subpath: x } }]'
  const part = await wantedOn(t, fileOf(volume), local)
  t.throws(() => diff(scope, part, seen({ api: '1.44' }), { prune: false }), /subpath needs engine 26/)
})

test('the table of keys is what the schemas take, and has every key of the Compose schema', async t => testTables(t))

test('damaged files give errors for users and nothing else', async t => testDamage(t))

test('a project without Compose files has none of this', async t => {
  const { configs, secretFiles, inactive, warnings }: Project = await load(t, 'project: shop\n')
  t.same([configs, secretFiles, inactive, warnings], [{}, {}, {}, []])
})
