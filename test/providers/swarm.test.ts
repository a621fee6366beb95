// What a swarm's members and services come to as steps, requests and refusals, as tables.
import { test } from 'tap'
import { anyEngine } from '../../core/engine-want.js'
import { Secret } from '../../core/secret.js'
import type { Member } from '../../core/together/ability.js'
import type { MembershipWant } from '../../core/together/membership-words.js'
import type { ContainerWant } from '../../core/wanted.js'
import { diffMembers } from '../../providers/swarm/members/diff.js'
import type { SwarmSeen } from '../../providers/swarm/seen.js'
import { serviceBody } from '../../providers/swarm/services/body.js'
import { objectsOf } from '../../providers/swarm/services/objects.js'
import { constraintsOf } from '../../providers/swarm/services/spec.js'
import type { NodeShape, SwarmInfo } from '../../providers/swarm/shapes.js'
import { at } from './samples.js'

type Role = MembershipWant['role']
type Availability = MembershipWant['availability']

const scope = { name: 'swarm', hosts: ['n1', 'n2', 'n3'] }

const member = (
  name: string,
  role: Role,
  more: { availability?: Availability; reached?: boolean; address?: string } = {},
) => {
  const { availability = 'active', reached = true, address = `10.0.0.${name.slice(1)}` } = more
  const membership: MembershipWant = { role, labels: {}, availability, at }
  const engine = { ...anyEngine(), provider: 'swarm', membership }
  const host: Member['host'] = { name, connection: 'ssh', address: name, labels: {}, groups: [], vars: {}, engine, at }
  return { host, reached, facts: { address } } satisfies Member
}

const node = (name: string, role: 'manager' | 'worker', state = 'ready'): NodeShape => ({
  ID: `id-${name}`,
  Version: { Index: 1 },
  Spec: { Labels: { 'longshore.host': name }, Role: role, Availability: 'active' },
  Description: { Hostname: name },
  Status: { State: state },
})

const info = (name: string, state = 'active'): SwarmInfo => ({
  NodeID: `id-${name}`,
  NodeAddr: `10.0.0.${name.slice(1)}`,
  LocalNodeState: state,
  ControlAvailable: true,
})

const seen = (nodes: NodeShape[], infos: Record<string, SwarmInfo>): SwarmSeen => ({
  infos,
  cluster: { id: 'c', nodes, services: [], tasks: [], networks: [], secrets: [], configs: [] },
})

const steps = (members: Member[], found: SwarmSeen, prune = false): string[] =>
  diffMembers(scope, members, found, { prune }).steps.map(({ host, verb, thing }) => `${host}: ${verb} ${thing}`)

test('members', t => {
  const all = (...roles: Role[]): Member[] => roles.map((role, index) => member(`n${index + 1}`, role))
  const nothing: SwarmSeen = {
    infos: { n1: info('n1', 'inactive'), n2: info('n2', 'inactive'), n3: info('n3', 'inactive') },
  }
  t.same(
    steps(all('manager', 'worker', 'manager'), nothing),
    ['n1: init swarm', 'n3: join swarm', 'n2: join swarm'],
    'the first manager begins it; managers join before workers',
  )
  const three = [node('n1', 'manager'), node('n2', 'manager'), node('n3', 'manager')]
  const infos = { n1: info('n1'), n2: info('n2'), n3: info('n3') }
  t.same(steps(all('manager', 'manager', 'manager'), seen(three, infos)), [], 'nothing the second time')
  t.same(steps(all('manager', 'worker', 'worker'), seen(three, infos)), [
    'n2: demote swarm role',
    'n3: demote swarm role',
  ])
  t.same(
    steps(
      all('manager', 'none', 'manager'),
      seen([node('n1', 'manager'), node('n2', 'manager'), node('n3', 'worker')], infos),
    ),
    ['n3: promote swarm role', 'n2: leave swarm'],
    'a new manager comes before an old one goes',
  )
  t.same(
    steps(
      [member('n1', 'manager'), member('n2', 'worker', { availability: 'drain' })],
      seen(three.slice(0, 1).concat(node('n2', 'worker')), infos),
    ),
    ['n2: drain swarm node'],
  )
  const oneDown = [node('n1', 'manager'), node('n2', 'manager'), node('n3', 'manager', 'down')]
  const { n3: _lost, ...left } = infos
  t.throws(
    () =>
      steps(
        [member('n1', 'manager'), member('n2', 'worker'), member('n3', 'manager', { reached: false })],
        seen(oneDown, left),
      ),
    { message: /would lose its quorum: without n2 as a manager, 1 of 2 managers would be up, and 2 must be/ },
  )
  t.throws(() => steps(all('worker', 'worker', 'worker'), seen(three, infos)), { message: /no manager would be left/ })
  t.same(
    steps(
      [member('n1', 'manager'), member('n2', 'manager'), member('n3', 'manager', { reached: false })],
      seen(oneDown, left),
    ),
    [],
    'one that is down is waited for',
  )
  const moved = [member('n1', 'manager'), member('n2', 'manager'), member('n3', 'manager', { address: '10.0.0.99' })]
  t.same(steps(moved, seen(oneDown, infos)), ['n3: join swarm'], 'one that came up at another address joins anew')
  const lost = { ...node('n3', 'manager'), ManagerStatus: { Reachability: 'unreachable', Addr: '10.0.0.3:2377' } }
  const noLonger = [node('n1', 'manager'), node('n2', 'manager'), lost]
  t.same(
    steps(moved, seen(noLonger, infos)),
    ['n3: join swarm'],
    'also where it reports as a node, and no manager finds it',
  )
  t.same(
    steps(all('manager', 'manager', 'manager'), seen(oneDown, { ...left, n3: info('n3', 'inactive') })),
    ['n3: remove node n3 (id-n3)', 'n3: join swarm'],
    'one that has forgotten the swarm joins as another node, when the old one is gone',
  )
  const two = [member('n1', 'manager'), member('n2', 'worker')]
  const withOther = seen([node('n1', 'manager'), node('n2', 'worker'), node('n9', 'worker')], infos)
  t.same(diffMembers(scope, two, withOther, { prune: false }).orphans, ['node n9 (id-n9)'])
  t.same(steps(two, withOther, true), ['swarm: remove node n9 (id-n9)'], 'with prune it goes')
  t.match(
    diffMembers(
      scope,
      [member('n1', 'manager', { reached: false }), member('n2', 'worker')],
      { infos: { n2: info('n2', 'inactive') } },
      { prune: false },
    ),
    { steps: [], warnings: [/not begun while n1 cannot be reached/] },
    'no second swarm is begun beside one that cannot be seen',
  )
  t.end()
})

const container = (
  more: Partial<ContainerWant['config']> = {},
  spread: Partial<NonNullable<ContainerWant['spread']>> = {},
): ContainerWant => ({
  service: 'web',
  number: 1,
  name: 'shop-web-1',
  config: {
    image: 'shop-web',
    environment: {},
    labels: {},
    ports: [],
    mounts: [],
    networks: [],
    links: [],
    extraHosts: [],
    ...more,
  },
  spread: {
    hosts: ['n1', 'n2', 'n3'],
    everywhere: true,
    mode: 'replicated',
    replicas: 2,
    constraints: [],
    preferences: [],
    labels: {},
    ...spread,
  },
  dependsOn: [],
  at,
})

const key = Buffer.alloc(32, 7)
const body = (want: ContainerWant) =>
  serviceBody(want, {
    project: 'shop',
    key,
    hosts: ['n1', 'n2', 'n3'],
    aliases: [],
    image: 'sha256:1',
    objects: [],
    forceUpdate: 3,
  })

test('services', t => {
  t.same(constraintsOf(container(), ['n1', 'n2', 'n3']), [], 'all hosts: no condition')
  t.same(constraintsOf(container({}, { hosts: ['n2'], everywhere: false }), ['n1', 'n2', 'n3']), [
    'node.labels.longshore.host==n2',
  ])
  t.same(
    constraintsOf(container({}, { hosts: ['n1', 'n2'], everywhere: false, constraints: ['node.labels.disk==ssd'] }), [
      'n1',
      'n2',
      'n3',
    ]),
    ['node.labels.longshore.host!=n3', 'node.labels.disk==ssd'],
  )
  const port = { target: 80, published: 8080, protocol: 'tcp' } as const
  const plain = body(container({ ports: [port], extraHosts: ['db:10.0.0.9'], restart: { name: 'no' } }))
  t.match(plain, {
    Name: 'shop_web',
    Mode: { Replicated: { Replicas: 2 } },
    TaskTemplate: {
      ForceUpdate: 3,
      RestartPolicy: { Condition: 'none' },
      ContainerSpec: { Image: 'sha256:1', Hosts: ['10.0.0.9 db'] },
    },
    UpdateConfig: { Order: 'start-first', FailureAction: 'rollback' },
    EndpointSpec: { Mode: 'vip', Ports: [{ PublishedPort: 8080, PublishMode: 'ingress' }] },
  })
  t.match(body(container({ ports: [{ ...port, mode: 'host' }] })), { UpdateConfig: { Order: 'stop-first' } })
  t.match(body(container({}, { mode: 'global' })), { Mode: { Global: {} } })
  const hash = (want: ContainerWant): unknown => body(want).Labels?.['longshore.spec-hash']
  t.equal(hash(container()), hash(container({}, { replicas: 5 })), 'how many there are is told apart')
  t.not(hash(container()), hash(container({ user: 'nobody' })))
  const secret = body(container({ environment: { TOKEN: new Secret('TOKEN', 'very-secret') } }))
  t.notMatch(JSON.stringify(secret.Labels), /very-secret/, 'no secret in a label')
  t.match(secret.TaskTemplate.ContainerSpec, { Env: ['TOKEN=very-secret'] })
  t.end()
})

test('secrets and configs are named by their content', t => {
  const file = (content: string | Secret) => ({ target: '/run/secrets/token', content, uid: 0, gid: 0, mode: 0o400 })
  const named = (content: string | Secret) => objectsOf('shop', container({ files: [file(content)] }), key)[0]
  t.match(named(new Secret('T', 'one')), { kind: 'secret', name: /^shop_token_[0-9a-f]{12}$/ })
  t.match(named('one'), { kind: 'config' })
  t.not(named('one')?.name, named('two')?.name)
  t.equal(named('one')?.name, named('one')?.name)
  const folder = {
    thing: 'folder ./site',
    kind: 'directory',
    from: { path: '/x' },
    sum: 'a',
    bytes: 1,
    entries: 2,
    uid: 0,
    gid: 0,
    secret: false,
    onChange: 'recreate',
  } as const
  t.throws(
    () =>
      objectsOf(
        'shop',
        container({ mounts: [{ type: 'bind', source: './site', target: '/site', readOnly: true, shipped: folder }] }),
        key,
      ),
    { message: /folder \.\/site cannot be mounted on a swarm/ },
  )
  t.end()
})
