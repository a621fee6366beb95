// What the docker provider decides about images, networks and volumes, about other owners, and about what is to go.
import { test } from 'tap'
import { UserError } from '../../core/errors.js'
import { Secret } from '../../core/secret.js'
import type { JsonObject } from '../../providers/docker/canonical.js'
import { diff } from '../../providers/docker/diff/index.js'
import { downSteps } from '../../providers/docker/diff/removal.js'
import { importLabel } from '../../providers/docker/images/definition.js'
import type { Seen } from '../../providers/docker/observe/seen.js'
import { at, container, network, planOf, running, scope, seen, volume, wanted } from './samples.js'

type SeenImage = Seen['images'][number]

test('images: what is built anew, and what follows', t => {
  const build = { from: 'build', context: '/src', dockerfile: 'Dockerfile', args: {}, at } as const
  const base = { ...build, ref: 'base' } as const
  const app = { ...build, ref: 'shop-app', args: { MODE: 'fast' } } as const
  const service = container('app', { image: 'shop-app' })
  const definitions = {
    base: { spec: { context: 'b1' }, bases: [] },
    'shop-app': { spec: { context: 'a1', dockerfile: 'd1' }, bases: ['base:latest'] },
  }
  const image = (id: string, ref: string, spec: object): SeenImage => ({
    id: `sha256:${id}`,
    tags: [`${ref}:latest`],
    digests: [],
    labels: {
      'longshore.project': 'shop',
      'longshore.image': `${ref}:latest`,
      'longshore.build': 'v1:x',
      'longshore.build-spec': JSON.stringify(spec),
    },
  })
  const baseImage = image('1', 'base', { context: 'b1' })
  const appImage = image('2', 'shop-app', { context: 'a1', dockerfile: 'd1', bases: { 'base:latest': 'sha256:1' } })
  const containers = [running(service, { imageId: 'sha256:2' })]
  const plan = (part: Partial<Seen>): string[] =>
    planOf(
      wanted({ images: [app, base], containers: [service] }),
      seen({ definitions, images: [baseImage, appImage], containers, ...part }),
    )
  const follows = 'replace container shop-app-1: image is built anew; start-first < image shop-app'
  t.same(plan({}), [])
  t.same(plan({ definitions: { ...definitions, base: { spec: { context: 'b2' }, bases: [] } } }), [
    'build image base: files changed',
    'build image shop-app: base image base:latest is built anew < image base',
    follows,
  ])
  const changed = { ...definitions['shop-app'], spec: { context: 'a2', dockerfile: 'd2' } }
  t.same(plan({ definitions: { ...definitions, 'shop-app': changed } }), [
    'build image shop-app: files changed, Dockerfile changed',
    follows,
  ])
  t.same(plan({ images: [image('9', 'base', { context: 'b1' }), appImage] }), [
    'build image shop-app: base image base:latest is another one now',
    follows,
  ])
  const unlabelled = { ...appImage, labels: {} }
  t.same(plan({ images: [baseImage, unlabelled] }), ['build image shop-app: there, but not built from here', follows])
  const upon = planOf(wanted({ images: [app] }), seen({ definitions, images: [appImage] }))
  t.same(upon, [], 'a base image that was cleaned away changes nothing')

  const imported = { from: 'import', dir: '/opt/rootfs', where: 'host', ref: 'tiny', at } as const
  const folder = { dir: '/opt/rootfs', where: 'host' }
  const importPlan = (images: SeenImage[], spec: JsonObject = { ...folder, content: 'sum' }): string[] =>
    planOf(wanted({ images: [imported] }), seen({ images, definitions: { tiny: { spec, bases: [] } } }))
  const tiny = { id: 'sha256:3', tags: ['tiny:latest'], digests: [], labels: {} }
  const labelled = {
    ...tiny,
    labels: { 'longshore.image': 'tiny:latest', 'longshore.import': importLabel({ ...folder, content: 'before' }) },
  }
  const elsewhere = {
    ...tiny,
    labels: { 'longshore.image': 'tiny:latest', 'longshore.import': importLabel({ dir: '/srv/old', where: 'host' }) },
  }
  t.same(importPlan([]), ['import image tiny: not there'])
  t.same(importPlan([tiny]), [], 'what somebody else imported is taken as it is')
  t.same(importPlan([labelled]), ['import image tiny: its folder /opt/rootfs changed'])
  t.same(importPlan([elsewhere], folder), ['import image tiny: its folder is /opt/rootfs now'])
  t.same(importPlan([labelled], folder), [], 'a folder that is gone leaves what was imported from it')

  const archive = { from: 'load', file: '/a.tar', ref: 'tiny', at } as const
  const loadPlan = (found: Partial<SeenImage>[], spec: JsonObject): string[] =>
    planOf(
      wanted({ images: [archive] }),
      seen({ images: found.map(part => ({ ...tiny, ...part })), definitions: { tiny: { spec, bases: [] } } }),
    )
  const ids = { id: 'sha256:3', digests: [] }
  t.same(loadPlan([], ids), ['load image tiny: not there'])
  t.same(loadPlan([{}], ids), [])
  t.same(loadPlan([{ id: 'sha256:4' }], ids), ['load image tiny: another one is there than in /a.tar'])
  t.same(loadPlan([{ id: 'sha256:m' }], { ...ids, digests: ['sha256:m'] }), [], 'known by its manifest')
  t.same(loadPlan([{ id: 'sha256:m', digests: ['tiny@sha256:m'] }], ids), [], 'a manifest that the store made')

  const secretArg = { ...app, args: { TOKEN: new Secret('TOKEN', 'abcdef') } }
  const { warnings } = diff(scope, wanted({ images: [secretArg] }), seen({ definitions }), { prune: false })
  t.match(warnings, [/build argument TOKEN is a secret/])
  t.end()
})

test('owners, adoption and externals', t => {
  const compose = {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.volume': 'data',
    'com.docker.compose.network': 'default',
  }
  const want = wanted({
    volumes: [volume('shop_data')],
    networks: [network('shop_default')],
    containers: [
      container('c', {
        networks: [{ name: 'shop_default', aliases: [] }],
        mounts: [{ type: 'volume', source: 'shop_data', target: '/d', readOnly: false }],
      }),
    ],
  })
  const data = (labels: Record<string, string>): Partial<Seen> => ({
    volumes: [{ id: 'shop_data', name: 'shop_data', labels }],
  })
  const net = (labels: Record<string, string>): Partial<Seen> => ({
    networks: [{ id: 'n', name: 'shop_default', labels }],
  })
  const adopted = diff(scope, want, seen({ ...data(compose), ...net(compose) }), { prune: false })
  t.same(
    adopted.steps.map(step => step.thing),
    ['container shop-c-1'],
  )
  t.match(adopted.warnings, [/volume shop_data was made by Docker Compose/, /network shop_default was made by/])

  const box = (labels: Record<string, string>): Partial<Seen> => ({ containers: [running(container('c'), { labels })] })
  const rows: [string, Partial<Seen>, RegExp][] = [
    ['another project', data({ 'longshore.project': 'blog' }), /volume shop_data .* Longshore project blog/],
    ['another Compose project', net({ ...compose, 'com.docker.compose.project': 'x' }), /Docker Compose project x/],
    ['nobody', data({}), /somebody else \(it has no owner label\)/],
    ["Compose's own container", box(compose), /container shop-c-1 .* Docker Compose project shop/],
    ['one made by hand from an image of ours', box({ 'longshore.project': 'shop' }), /belongs to somebody else/],
  ]
  for (const [name, part, message] of rows)
    try {
      diff(scope, want, seen(part), { prune: false })
      t.fail(`${name} must be refused`)
    } catch (error) {
      t.ok(error instanceof UserError, name)
      t.match(error, { message, at: { line: 3 }, where: 'web1', hint: /./ })
    }
  const external = wanted({ networks: [network('lan', { external: true })] })
  const missing = diff(scope, external, seen(), { prune: false })
  t.match(missing, { steps: [], warnings: [/network lan is external and not there/] })
  t.end()
})

test('networks are made anew, volumes never', t => {
  const before = wanted({ networks: [network('shop_default')], volumes: [volume('shop_data')] })
  const [net, vol] = diff(scope, before, seen(), { prune: false }).steps.map(
    step => (step.work as { labels: Record<string, string> }).labels,
  )
  const there = seen({
    networks: [{ id: 'n1', name: 'shop_default', labels: net ?? {} }],
    volumes: [{ id: 'shop_data', name: 'shop_data', labels: vol ?? {} }],
  })
  const now = wanted({
    networks: [network('shop_default', { internal: true })],
    volumes: [volume('shop_data', { options: { type: 'nfs' } })],
  })
  t.same(planOf(now, there), ['replace network shop_default: internal: not set → true'])
  t.match(diff(scope, now, there, { prune: false }).warnings, [/volume shop_data is kept as it is/])
  t.end()
})

test('what is no longer declared, and down', t => {
  const project = { 'longshore.project': 'shop' }
  const image = (id: string, tags: string[], ref: string, bases: object = {}): SeenImage => ({
    id,
    tags,
    digests: [],
    labels: { ...project, 'longshore.image': ref, 'longshore.build-spec': JSON.stringify({ bases }) },
  })
  const found = seen({
    containers: [
      running(container('old'), { anonymousVolumes: ['e'.repeat(64)] }),
      running(container('byhand'), { labels: project }),
      running(container('theirs'), { labels: { 'longshore.project': 'blog', 'longshore.service': 'x' } }),
    ],
    networks: [
      { id: 'n1', name: 'shop_default', labels: project },
      { id: 'n2', name: 'bridge', labels: {} },
    ],
    volumes: [{ id: 'shop_data', name: 'shop_data', labels: project }],
    images: [
      image('sha256:1', ['base:latest'], 'base:latest'),
      image('sha256:2', ['shop-app:latest'], 'shop-app:latest', { base: 'sha256:1' }),
      image('sha256:3', [], 'shop-app:latest'),
      // Built by hand upon ours: it only inherited the labels.
      image('sha256:4', ['mine:latest'], 'shop-app:latest'),
    ],
  })
  const plain = diff(scope, wanted(), found, { prune: false })
  t.same(plain.orphans, ['container shop-old-1', 'network shop_default', 'volume shop_data'])
  t.same(plain.steps, [])
  t.same(planOf(wanted(), found, true), [
    'remove container shop-old-1: no longer declared',
    'remove network shop_default: no longer declared < container shop-old-1',
  ])

  const down = downSteps(scope, 'shop', found, { volumes: true, images: true })
  t.same(
    down.map(({ thing, after, loses }) => [thing, after, loses]),
    [
      ['container shop-old-1', [], 'the data in 1 unnamed volume(s) of shop-old-1'],
      ['network shop_default', ['web1/container shop-old-1'], undefined],
      ['volume shop_data', ['web1/container shop-old-1'], 'the data in volume shop_data'],
      ['image base:latest', ['web1/container shop-old-1', 'web1/image shop-app:latest'], undefined],
      ['image shop-app:latest', ['web1/container shop-old-1'], undefined],
    ],
  )
  t.match(down.at(-1)?.work, { refs: ['shop-app:latest', 'sha256:3'] })
  const modest = downSteps(scope, 'shop', found, { volumes: false, images: false })
  t.same(
    modest.map(({ thing }) => thing),
    ['container shop-old-1', 'network shop_default'],
  )
  t.end()
})
