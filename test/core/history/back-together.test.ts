// A rollback on engines that are one, with nodes that were not reached, that came since and that are gone: what is wanted, brought, refused.
import { test } from 'tap'
import { anyEngine } from '../../../core/engine-want.js'
import type { Event } from '../../../core/events.js'
import type { Stand } from '../../../core/history/choose.js'
import type { HistoryImage } from '../../../core/history/entry.js'
import { needManager, wantBack } from '../../../core/history/rollback-together.js'
import type { Host } from '../../../core/project.js'
import type { ImageState } from '../../../core/provider-abilities.js'
import type { EngineSide } from '../../../core/run/engine-side.js'
import type { SessionContext } from '../../../core/run/session.js'
import type { MembershipWant } from '../../../core/together/membership-words.js'
import type { TogetherSide } from '../../../core/together/side.js'
import type { ContainerWant, Wanted } from '../../../core/wanted.js'
import { at, container, key } from '../../providers/samples.js'

type Role = MembershipWant['role']

const host = (name: string, role: Role = 'worker'): Host => ({
  ...{ name, connection: 'ssh', address: name, labels: {}, groups: [], vars: {}, at },
  engine: { ...anyEngine(), provider: 'swarm', membership: { role, labels: {}, availability: 'active', at } },
})

/** A node that was reached, with these images: id by name. */
const node = (of: Host, images: Record<string, string> = {}): EngineSide => {
  const states = Object.entries(images).map(([name, id]) => ({ host: of.name, name, id }) as ImageState)
  return {
    provider: { images: async () => states },
    scope: { name: of.name, hosts: [of.name] },
    work: { host: of, state: {} },
    opened: { about: 'a list' },
  } as unknown as EngineSide
}

const swarm = (hosts: Host[], sides: EngineSide[]): TogetherSide =>
  ({
    scope: { name: 'swarm', hosts: hosts.map(({ name }) => name) },
    together: { history: { key: () => key, holds: () => false } },
    ...{ hosts, sides, works: [], seen: {}, ids: new Set() },
  }) as unknown as TogetherSide

const service = (hosts: string[], everywhere: boolean, more: Partial<ContainerWant['config']> = {}): ContainerWant =>
  container(
    'web',
    { image: 'shop-web', ...more },
    { spread: { hosts, everywhere, mode: 'global', constraints: [], preferences: [], labels: {} } },
  )

const old = `sha256:${'a'.repeat(64)}`
const image = (more: Partial<HistoryImage> = {}): HistoryImage => ({
  ...{ container: 'shop-web-1', service: 'web', ref: 'shop-web', id: old },
  ...more,
})

const stood = (want: ContainerWant, ...images: HistoryImage[]): Stand => ({
  services: new Map([['web', { containers: [want], images }]]),
  networks: [],
  volumes: [],
})

async function back(side: TogetherSide, stand: Stand, today: ReadonlyMap<string, Wanted> = new Map()) {
  const events: Event[] = []
  const context = {
    project: { name: 'shop', services: [], secrets: { names: [] } },
    emit: (event: Event) => events.push(event),
  } as unknown as SessionContext
  await wantBack(side, context, { number: 3, stand, latest: stand, today, isAll: true })
  return {
    problem: side.problem === undefined ? undefined : `${side.problem.message} (${side.problem.hint})`,
    warnings: events.flatMap(event => (event.type === 'warning' ? [event.text] : [])),
    brought: side.sides.map(({ scope: { name }, wanted }) => [
      name,
      wanted?.images.map(one => `${one.ref} from ${one.from === 'host' ? one.host : ''}`),
    ]),
    wants: [...(side.byHost ?? [])].map(([name, { containers: own }]) => [name, own.length]),
    first: side.byHost?.get(side.hosts[0]?.name ?? '')?.containers[0],
  }
}

test('what ran everywhere is brought to a node that has come since', async t => {
  const hosts = [host('n1', 'manager'), host('n2'), host('n3')]
  const nodes = hosts.map((one, index) => node(one, index === 0 ? { 'keep/web:aaaa': old } : {}))
  const went = await back(swarm(hosts, nodes), stood(service(['n1', 'n2'], true), image()))
  t.equal(went.problem, undefined)
  t.same(went.brought, [
    ['n1', []],
    ['n2', ['keep/web:aaaa from n1']],
    ['n3', ['keep/web:aaaa from n1']],
  ])
  t.match(went.first, { imageId: old })
  const placed = await back(
    swarm(
      hosts,
      hosts.map(one => node(one, { 'shop-web:latest': old })),
    ),
    {
      ...stood(service(['n1', 'n2'], false), image()),
    },
  )
  t.same(placed.wants, [
    ['n1', 1],
    ['n2', 1],
    ['n3', 0],
  ])
  const leaving = [host('n1', 'manager'), host('n2', 'none')]
  const left = await back(swarm(leaving, [node(host('n1'), { 'shop-web:latest': old })]), {
    ...stood(service(['n1', 'n2'], true), image()),
  })
  t.same(left.wants, [
    ['n1', 1],
    ['n2', 0],
  ])
})

test('what can run nowhere today, and what nobody has or knows', async t => {
  const hosts = [host('n1', 'manager'), host('n2')]
  const bare = (): EngineSide[] => hosts.map(one => node(one))
  const gone = await back(swarm(hosts, bare()), stood(service(['n8', 'n9'], false), image()))
  t.match(gone.problem, /at entry 3 web ran on n8, n9 alone, and no such host is in the file today \(bring one back/)
  t.equal(gone.first, undefined, 'nothing of it is begun')
  const lost = await back(swarm(hosts, bare()), stood(service(['n1'], false), image()))
  t.match(lost.problem, /entry 3 needs shop-web \(a{12}\) of web, and that is gone from n1 \(go back to another entry/)
  const digest = `shop-web@sha256:${'d'.repeat(64)}`
  const pulled = await back(swarm(hosts, bare()), stood(service(['n1'], false), image({ digest })))
  t.equal(pulled.problem, undefined, 'nodes pull it by its digest')
  t.match(pulled.first, { imageId: old, imageDigest: digest })
  t.same(pulled.warnings, [])
  const unknown = await back(swarm(hosts, bare()), stood(service(['n1'], false)))
  t.equal(unknown.problem, undefined)
  t.same(unknown.warnings, ['entry 3 does not know which image web was made from: shop-web as it is today is used'])
  t.notOk(unknown.first && 'imageId' in unknown.first)
})

test('what the file wants today is known of nodes that were not reached, too', async t => {
  const hosts = [host('n1', 'manager'), host('n2')]
  const secretAt = (sum: string): ContainerWant =>
    service(['n2'], false, {
      mounts: [
        {
          ...{ type: 'bind', source: '', target: '/run/secrets/db', readOnly: true },
          shipped: {
            ...{ thing: 'secret DB', kind: 'file', from: { path: '/keys/db' }, sum, bytes: 1, entries: 1 },
            ...{ uid: 0, gid: 0, secret: true, onChange: 'recreate' },
          },
        },
      ],
    } as Partial<ContainerWant['config']>)
  const wanted = { containers: [secretAt('of-today')] } as unknown as Wanted
  const side = (): TogetherSide => swarm(hosts, [node(hosts[0] as Host)])
  const known = await back(side(), stood(secretAt(''), image({ digest: 'd' })), new Map([['n2', wanted]]))
  t.equal(known.problem, undefined)
  t.same(known.wants, [
    ['n1', 0],
    ['n2', 1],
  ])
  const forgotten = await back(side(), stood(secretAt(''), image({ digest: 'd' })))
  t.match(forgotten.problem, /needs secret DB at \/run\/secrets\/db, and the file names it no more/)
})

test('without a manager nobody can say that there is no history', t => {
  const [manager, worker] = [host('n1', 'manager'), host('n2')]
  const reached = (...sides: Host[]): TogetherSide =>
    swarm(
      [manager, worker],
      sides.map(one => node(one)),
    )
  for (const side of [reached(worker), reached()])
    t.throws(() => needManager(side), {
      message: 'no manager of it was reached, and only managers keep its history',
      ...{ where: 'swarm', exit: 4 },
    })
  t.doesNotThrow(() => needManager(reached(manager)))
  t.doesNotThrow(() => needManager({ ...reached(worker), together: {} as TogetherSide['together'] }), 'it has none')
  t.end()
})
