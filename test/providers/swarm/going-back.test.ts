// What a rollback comes to on a swarm: only the services that are meant, with the links of the others, the image and the files of that time.
import { test } from 'tap'
import { anyEngine } from '../../../core/engine-want.js'
import type { Member } from '../../../core/together/ability.js'
import type { ContainerWant, Wanted } from '../../../core/wanted.js'
import type { SeenImage } from '../../../providers/docker/images/reference.js'
import { imagesSaid } from '../../../providers/swarm/history.js'
import type { SwarmSeen } from '../../../providers/swarm/seen.js'
import { serviceBody } from '../../../providers/swarm/services/body.js'
import { nameFor } from '../../../providers/swarm/services/image.js'
import { objectsOf } from '../../../providers/swarm/services/objects.js'
import type { NodeShape, ObjectShape, ServiceShape } from '../../../providers/swarm/shapes.js'
import { together } from '../../../providers/swarm/together.js'
import { at, container, key } from '../samples.js'

const scope = { name: 'swarm', hosts: ['n1', 'n2'] }
const ids = { old: `sha256:${'a'.repeat(64)}`, new: `sha256:${'b'.repeat(64)}` }

const service = (name: string, more: Partial<ContainerWant['config']> = {}, replicas = 2): ContainerWant =>
  container(
    name,
    { image: 'shop-web', ...more },
    {
      spread: {
        hosts: ['n1', 'n2'],
        everywhere: true,
        mode: 'replicated',
        replicas,
        constraints: [],
        preferences: [],
        labels: {},
      },
    },
  )

const image = (id: string, more: Partial<SeenImage> = {}): SeenImage => ({
  id,
  tags: [],
  digests: [],
  labels: {},
  ...more,
})

const digest = `sha256:${'d'.repeat(64)}`

const member = (name: string): Member => ({
  host: { name, connection: 'ssh', address: name, labels: {}, groups: [], vars: {}, engine: anyEngine(), at },
  reached: true,
  seen: {
    images: [image(ids.old, { digests: [`shop-web@${digest}`] }), image(ids.new, { tags: ['shop-web:latest'] })],
  },
})

const running = (want: ContainerWant, used: string, aliases: string[] = []): ServiceShape => ({
  ID: `id-${want.service}`,
  Version: { Index: 1 },
  Spec: serviceBody(want, {
    project: 'shop',
    key,
    hosts: scope.hosts,
    aliases,
    image: used,
    objects: [],
    forceUpdate: 0,
  }),
})

const config = (name: string): ObjectShape => ({
  ID: `id-${name}`,
  Version: { Index: 1 },
  Spec: { Name: name, Labels: { 'longshore.project': 'shop' } },
})

const seen = (services: ServiceShape[], configs: ObjectShape[] = []): SwarmSeen => {
  // A node that the file does not name: what becomes of it is no rollback's concern.
  const stranger: NodeShape = {
    ID: 'id-n9',
    Version: { Index: 1 },
    Spec: { Role: 'worker', Availability: 'active' },
    Description: { Hostname: 'n9' },
    Status: { State: 'ready' },
  }
  return {
    infos: {},
    cluster: { id: 'c', key, nodes: [stranger], services, tasks: [], networks: [], secrets: [], configs },
  }
}

function planned(found: SwarmSeen, containers: ContainerWant[], only?: string[], kept?: string[]) {
  const wanted = (): Wanted => ({
    ...{ project: 'shop', key, images: [], networks: [], volumes: [], containers },
    ...(kept === undefined ? {} : { shipped: { held: [], live: {}, kept } }),
  })
  const byHost = new Map(scope.hosts.map(host => [host, wanted()]))
  const members = scope.hosts.map(member)
  const what = { project: 'shop', byHost, containers: true, ...(only === undefined ? {} : { only }) }
  return together.diff(scope, members, what, found, { prune: false })
}

const told = (found: SwarmSeen, containers: ContainerWant[], only?: string[], kept?: string[]): string[] =>
  planned(found, containers, only, kept).steps.map(({ thing, verb, cause }) => `${verb} ${thing}: ${cause}`)

test('a rollback is a plan for the services that are meant', t => {
  const web = service('web', { environment: { COLOUR: 'green' } }, 3)
  const db = service('db')
  const front = service('front', { links: [{ container: 'shop-web-1', alias: 'backend' }] })
  const then = { ...service('web', { environment: { COLOUR: 'blue' } }), imageId: ids.old }
  const all = [running(web, ids.old, ['backend']), running(db, ids.new), running(front, ids.new)]
  const plan = planned(seen(all), [then, front], ['web'])
  t.match(
    plan.steps.map(({ thing, verb, cause }) => `${verb} ${thing}: ${cause}`),
    ['update service web: environment.COLOUR: green → blue, replicas: 3 → 2'],
  )
  t.match(plan.steps[0]?.work, { aliases: ['backend'] }, 'the others still reach it by their name for it')
  t.same(plan.orphans, ['service db', 'service front'], 'and members are left as they are')
  const back = { ...web, imageId: ids.old }
  t.same(told(seen(all), [back, front], ['web']), [], 'twice is nothing')
  t.same(told(seen(all), [{ ...back, spread: { ...then.spread, replicas: 1 } as never }, front], ['web']), [
    'scale service web: replicas: 3 → 1',
  ])
  t.throws(() => planned({ infos: {} }, [then], ['web']), { message: 'there is no swarm yet' })
  t.end()
})

test('the image is that of then, wherever its name leads by now', t => {
  const web = service('web')
  const rows: [string, string, string[]][] = [
    ['it runs already', ids.old, []],
    ['it runs already, by its digest', `shop-web:1@${digest}`, []],
    ['another one runs', ids.new, ['update service web: image shop-web was another one']],
  ]
  for (const [name, used, expected] of rows)
    t.same(told(seen([running(web, used)]), [{ ...web, imageId: ids.old }], ['web']), expected, name)
  t.same(told(seen([running(web, ids.old)]), [web]).slice(-1), [
    'update service web: image shop-web is another one now',
  ])
  t.end()
})

test('an image is known by what its service names, also where no node tells of it', t => {
  const name = `reg.test:5000/app:7@${digest}`
  const said: [string, string, string[], { id: string; digest?: string }[]][] = [
    [
      'its nodes tell',
      name,
      [ids.old, ids.new],
      [
        { id: ids.old, digest: `reg.test:5000/app@${digest}` },
        { id: ids.new, digest: `reg.test:5000/app@${digest}` },
      ],
    ],
    ['none of them tells', name, [], [{ id: digest, digest: `reg.test:5000/app@${digest}` }]],
    ['none of them tells, and it is of no registry', ids.old, [], [{ id: ids.old }]],
    ['an id that they tell', ids.old, [ids.old], [{ id: ids.old }]],
    ['nothing is pinned', 'app:7', [], []],
    ['nothing is pinned, and they tell', 'app:7', [ids.new], [{ id: ids.new }]],
  ]
  for (const [text, ref, known, expected] of said)
    t.same(
      imagesSaid('web', ref, known),
      expected.map(one => ({ service: 'web', ...one })),
      text,
    )

  const older = `sha256:${'e'.repeat(64)}`
  const past = { id: ids.old, digest: `app@${older}` }
  const lost = { Id: ids.old, RepoDigests: [] }
  const pulled = { Id: ids.old, RepoDigests: [`app@${digest}`] }
  const named: [string, Parameters<typeof nameFor>[1], string][] = [
    ['no node has it: they pull what was recorded', { images: [], asked: 2, past }, `app:7@${older}`],
    ['some have it without its digest', { images: [lost], asked: 2, past }, `app:7@${older}`],
    ['all have it without its digest', { images: [lost, lost], asked: 2, past }, ids.old],
    ['they have it with another digest, too', { images: [pulled, lost], asked: 2, past }, `app:7@${older}`],
    ['no digest was recorded', { images: [pulled], asked: 2, past: { id: ids.old } }, `app:7@${digest}`],
    ['neither', { images: [], asked: 2, past: { id: ids.old } }, ids.old],
    ['today: as the nodes have it', { images: [pulled, lost], asked: 2 }, `app:7@${digest}`],
    ['today: by its id', { images: [lost], asked: 2 }, ids.old],
    ['today: by two ids', { images: [lost, { Id: ids.new }], asked: 2 }, 'app:7'],
    ['today: nowhere', { images: [], asked: 2 }, 'app:7'],
  ]
  for (const [text, what, expected] of named) t.equal(nameFor('app:7', what), expected, text)

  const web = { ...service('web'), imageId: ids.old, imageDigest: `shop-web@${digest}` }
  const strange = { ...web, imageId: digest }
  const rows: [string, ContainerWant, string, string[]][] = [
    ['its digest runs, and no node need have it', { ...web, imageId: older }, `shop-web:1@${digest}`, []],
    ['its id runs, and a node knows both', strange, ids.old, []],
    ['another digest runs', web, `shop-web:1@${older}`, ['update service web: image shop-web was another one']],
    ['another id runs', strange, ids.new, ['update service web: image shop-web was another one']],
  ]
  for (const [text, want, used, expected] of rows)
    t.same(told(seen([running(service('web'), used)]), [want], ['web']), expected, text)
  t.end()
})

test('files that an entry of the history mounts stay, others go', t => {
  const sum = 'c'.repeat(64)
  const mount = {
    type: 'bind',
    source: './word',
    target: '/etc/word',
    readOnly: true,
    shipped: {
      thing: 'file ./word',
      kind: 'file',
      from: { path: '/gone/word' },
      sum,
      bytes: 1,
      entries: 1,
      uid: 0,
      gid: 0,
      secret: false,
      onChange: 'recreate',
    },
  } as const
  const then = service('web', { mounts: [mount] })
  const [object] = objectsOf('shop', then, key)
  const name = object?.name ?? ''
  const left = seen([running(service('web'), 'shop-web')], [config(name)])
  const next = service('web', { user: 'nobody' })
  const isRemoved = (kept?: string[]): boolean =>
    told(left, [next], undefined, kept).some(step => step.includes(`remove config ${name}`))
  t.equal(isRemoved(), true)
  t.equal(isRemoved(['f'.repeat(64)]), true)
  t.equal(isRemoved([sum]), false)
  t.same(told(left, [service('web')]), [], 'not before the next change')
  t.equal(together.history?.holds(left, 'shop', then, '/etc/word'), true)
  t.equal(together.history?.holds(seen([]), 'shop', then, '/etc/word'), false, 'gone')
  t.equal(together.history?.holds(left, 'shop', then, '/etc/other'), false)
  t.end()
})
