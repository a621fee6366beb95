// What podman says otherwise than docker: the words of `engine:` that it has none for, links as names, and what a host's shell tells.
import { test } from 'tap'
import { anyEngine, type EngineWant } from '../../../core/engine-want.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { readDetection } from '../../../providers/docker/detect.js'
import { docker } from '../../../providers/docker/index.js'
import { podmanWords } from '../../../providers/podman/detect.js'
import { podman } from '../../../providers/podman/index.js'
import { linksAsNames } from '../../../providers/podman/links.js'
import { at, container, network, redisImage, running, scope, seen, wanted } from '../samples.js'

const engine = (part: Partial<EngineWant>): EngineWant => ({ ...anyEngine(), provider: 'podman', at, ...part })

test('the engine block: what it takes, and what it refuses by name', t => {
  const uses = podman.needs(
    engine({
      daemon: {
        'registry-mirrors': ['http://mirror:5000/', 'https://m.test'],
        'log-driver': 'json-file',
        'data-root': '/srv/c',
      },
      registries: { 'reg.test:5000': { insecure: true, login: false } },
    }),
  )
  t.same(
    uses.map(({ playbook }) => playbook),
    ['podman', 'podman-config'],
  )
  t.match(uses[1]?.vars, {
    mirrors: [
      { location: 'mirror:5000', insecure: true },
      { location: 'm.test', insecure: false },
    ],
    insecure: ['reg.test:5000'],
    log_driver: 'k8s-file',
    data_root: '/srv/c',
    storage_driver: 'overlay',
    proxied: false,
  })
  t.same(
    podman.needs(engine({ source: 'none' })).map(({ playbook }) => playbook),
    ['podman-config'],
  )
  const rows: [Partial<EngineWant>, RegExp][] = [
    [{ source: 'docker-ce' }, /Docker's repository/],
    [{ listen: ['unix'] }, /reached by its socket alone/],
    [{ users: ['ci'] }, /no group that may use its socket/],
    [{ harden: true }, /`harden`/],
    [{ daemonFile: 'own' }, /no daemon\.json/],
    [{ dataRootMove: 'copy' }, /not moved/],
    [{ daemon: { 'live-restore': true } }, /no word for `live-restore`/],
    [{ daemon: { 'log-driver': 'syslog' } }, /no log driver `syslog`/],
    [{ daemon: { 'registry-mirrors': 'one' } }, /must be a list of texts/],
  ]
  for (const [part, message] of rows) t.throws(() => podman.needs(engine(part)), { message, exit: 3 })
  t.end()
})

const on = (...names: string[]) => names.map(name => ({ name: `shop_${name}`, aliases: ['own'] }))
const linked = (service: string, alias: string, target = 'shop-web-1', networks = on('default')): ContainerWant =>
  container(service, { networks, links: [{ container: target, alias }] })

test('a link becomes a name of the container that it leads to', t => {
  const named = (containers: ContainerWant[], labels: Record<string, string> = {}) => {
    const made = linksAsNames(wanted({ containers }), name => (name === 'shop-web-1' ? labels : undefined))
    t.ok(made.containers.every(({ config }) => config.links.length === 0))
    return made.containers.find(({ service }) => service === 'web')?.config
  }
  const web = container('web', { networks: on('default', 'back') })
  const label = 'longshore.link-names'
  t.match(named([web, linked('front', 'api')]), {
    networks: [{ aliases: ['own', 'api'] }, { aliases: ['own'] }],
    labels: { [label]: 'api@shop_default' },
  })
  t.same(named([web]), web.config, 'without links nothing changes')
  t.same(named([web], { [label]: 'api@shop_default' })?.networks[0]?.aliases, ['own', 'api'], 'one that went is kept')
  const other = container('other', { networks: on('default') })
  const moved = [web, other, linked('front', 'api', 'shop-other-1')]
  t.same(named(moved, { [label]: 'api@shop_default' })?.networks[0]?.aliases, ['own'], 'but not where it would mislead')

  const refuse = (message: RegExp, ...containers: ContainerWant[]) =>
    t.throws(() => linksAsNames(wanted({ containers }), () => undefined), { message, exit: 3, at })
  refuse(/shop-gone-1 is none of this project/, linked('front', 'api', 'shop-gone-1'))
  refuse(/shares no network/, web, linked('front', 'api', 'shop-web-1', on('apart')))
  refuse(
    /would be for all on the network, where it is web's already/,
    web,
    other,
    linked('a', 'api'),
    linked('b', 'api', 'shop-other-1'),
  )
  t.end()
})

test('limits are no reason to update, but to replace; rules for ports are refused', t => {
  const before = container('web', { networks: on('default'), memory: 64e6, stopGraceMs: 10_000 })
  const networks = [network('shop_default')]
  const options = { prune: false }
  const after = container('web', { networks: on('default'), memory: 96e6 })
  const plainRules = { parallelism: 1, delayMs: 0, monitorMs: 0, maxFailureRatio: 0 }
  const rollout = { ...plainRules, order: 'start-first' as const, failureAction: 'pause' as const, back: plainRules }
  const here = {
    networks: [],
    images: [redisImage],
    containers: [running(before, { alone: 'podman gives it another address' })],
  }
  const replaced = podman.diff(scope, wanted({ containers: [after] }), seen({ ...here, fixedLimits: true }), options)
  t.match(
    replaced.steps,
    [{ verb: 'replace', cause: /^mem_limit: 64000000 → 96000000; stop-first: podman gives it another address$/ }],
    'and the grace period is docker’s',
  )
  const soft = podman.diff(
    scope,
    wanted({ containers: [{ ...after, rollout }] }),
    seen({ ...here, fixedLimits: true }),
    options,
  )
  t.match(soft, {
    steps: [{ work: { order: 'stop-first' } }],
    warnings: [/shop-web-1 is replaced stop-first, though the file says start-first: podman/],
  })
  const same = podman.diff(scope, wanted({ containers: [before] }), seen({ ...here, fixedLimits: true }), options)
  t.same([same.steps, same.unchanged], [[], 1])
  const graced = { ...after, config: { ...after.config, stopGraceMs: 10_000 } }
  const updated = docker.diff(scope, wanted({ containers: [graced] }), seen(here), options)
  t.match(updated.steps, [{ verb: 'update' }], 'where the engine changes limits, nothing is replaced')
  const rules = [{ published: 80, protocol: 'tcp' as const, allow: ['10.0.0.0/8'] }]
  const closed = wanted({ containers: [{ ...before, portRules: rules }], networks })
  t.throws(() => podman.diff(scope, closed, seen(), options), { message: /`allow` needs the chain/, at })
  const plain = container('web', { links: [{ container: 'shop-db-1', alias: 'db' }], networkMode: 'bridge' })
  t.throws(() => podman.diff(scope, wanted({ containers: [plain] }), seen(), options), {
    message: /no links on its default/,
  })
  t.end()
})

test('what stands between us and the engine', t => {
  const user = 'uid=1000\nlogin=ci\ngroups=ci\n'
  const rows: [string, string, object][] = [
    ['nothing', user, { state: 'not-installed', text: 'podman is not installed' }],
    ['no socket', `${user}podman=yes\n`, { state: 'not-running', text: /podman is installed but does not listen at/ }],
    ['root', 'uid=0\nlogin=root\nexists=yes\nlistening=yes\nwritable=yes\n', { state: 'answers', rootOnly: false }],
    [
      'through sudo',
      'uid=0\nlogin=ci\ngroups=ci\nexists=yes\nlistening=yes\ngroup=root\npodman=yes\nclient=yes\n',
      { state: 'answers', rootOnly: true },
    ],
    [
      'no way',
      `${user}exists=yes\nlistening=yes\n`,
      { state: 'denied', text: /ci is not root, and there is no way to become root/ },
    ],
  ]
  for (const [name, out, expected] of rows) t.match(readDetection(out, podmanWords), expected, name)
  t.equal(readDetection(`${user}podman=yes\npackage=podman\nversion=4.3.1\n`, podmanWords).origin, 'distro')
  t.end()
})
