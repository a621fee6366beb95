// Several hosts and their engines in one run: who waits for whom, who is left alone, what a lost host does to the others.
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { UserError } from '../../core/errors.js'
import { mapLimited } from '../../core/run/workers.js'
import { site } from './run/site.js'

const two = `project: shop
hosts:
  db: { connection: local, private: 10.0.0.1 }
  web: { connection: local, private: 10.0.0.2 }
containers:
  data: { image: x, on: db, ports: ["6379:6379"] }
  app: { image: x, on: web, depends_on: [data], links: [data] }
`

const absent = (kind: 'not-installed' | 'not-running' | 'denied') => ({ absent: kind, text: `engine ${kind}` })

test('work in bounds: the first failure ends it, when all that had begun is over', async t => {
  const begun: number[] = []
  const ended: number[] = []
  const work = async (item: number): Promise<number> => {
    begun.push(item)
    await sleep(item === 2 ? 1 : 20)
    ended.push(item)
    if (item === 2) throw new Error('two')
    return item * 10
  }
  await t.rejects(mapLimited([1, 2, 3, 4, 5], 2, work), /two/)
  t.same(
    [begun, ended],
    [
      [1, 2],
      [2, 1],
    ],
    'nothing goes on behind our back',
  )
  t.same(await mapLimited([1, 3, 4], 2, work), [10, 30, 40])
})

test('containers wait for those on other hosts', async t => {
  const first = await site(t, two)
  t.match(await first.up(), {
    exit: 0,
    ends: { 'db/container shop-data-1': 'done', 'web/container shop-app-1': 'done' },
  })
  t.same((await first.up()).listed, [])

  const late = await site(t, `${two}playbooks: [{ play: slow.yaml, on: db }]\n`, {
    'slow.yaml': '- hosts: all\n  tasks:\n    - { name: slow, command: { sh: "sleep 0.3; echo x >{{ folder }}/x" } }\n',
  })
  Object.assign(late.papers.db ?? {}, { containers: ['shop-data-1'] })
  const order: string[] = []
  const went = await late.up({ emit: event => event.type === 'step' && order.push(`${event.state} ${event.id}`) })
  t.equal(went.exit, 0, went.errors.map(String).join())
  t.ok(
    order.indexOf('done db/play/slow') < order.indexOf('start web/container shop-app-1'),
    'also for a host that is still being made ready',
  )
  t.equal(late.papers.db?.observed, 1, 'that engine is not planned anew for others')
})

test('a host outside of --on is read where it is needed, and left as it is', async t => {
  const here = await site(t, two.replace(', private: 10.0.0.1', ''))
  const alone = await here.up({ on: 'web' })
  t.match(alone, { exit: 1, errors: [/shop-data-1 is not on db/] }, 'what it waits for is looked for there')
  Object.assign(here.papers.db ?? {}, { containers: ['shop-data-1', 'shop-old-1'] })
  const web = await here.up({ on: 'web' })
  t.match(web.ends, { 'web/container shop-app-1': 'done' }, web.errors.map(String).join())
  t.equal(web.exit, 0)
  t.notOk(
    here.hosts.db?.scripts.some(script => script.includes('mkdir')),
    'no lock there',
  )
  t.same(
    web.events.flatMap(event => (event.type === 'summary' ? event.hosts.map(({ host }) => host) : [])),
    ['web'],
  )
  const db = await here.look({ on: 'db' })
  t.same([db.listed, here.hosts.web?.closed], [[], false])

  const lone = await site(t, two.replace(/ {2}app:.*\n/, '  app: { image: x, on: web }\n'))
  await lone.look({ on: 'web' })
  t.same(lone.hosts.db?.scripts, [], 'a host that nobody needs is not spoken to')

  const gone = await site(t, two)
  if (gone.hosts.db) gone.hosts.db.lostAt = () => true
  const went = await gone.up({ on: 'web' })
  t.match(went, { exit: 4, ends: { 'web/container shop-app-1': /^skipped: waits for db/ } })

  const facts = await site(t, `${two}playbooks: [{ play: p.yaml, on: web }]\n`, {
    'p.yaml': '- hosts: all\n  tasks:\n    - copy: { dest: "{{ folder }}/x", content: "{{ hosts.db.facts.os.id }}" }\n',
  })
  t.match((await facts.look({ on: 'web' })).listed.length, 2)
})

test('one unreachable host: the others go on, exit 4', async t => {
  const here = await site(
    t,
    `${two}  own: { image: x, on: web, environment: { N: "{{ hosts.web.facts.hostname }}" } }\n`,
  )
  if (here.hosts.db) here.hosts.db.lostAt = () => true
  const went = await here.up()
  t.match(went, {
    exit: 4,
    ends: { 'web/container shop-app-1': /^skipped/, 'web/container shop-own-1': 'done' },
  })
  const reads = await site(t, two.replace('links: [data]', 'environment: { N: "{{ hosts.db.facts.hostname }}" }'))
  if (reads.hosts.db) reads.hosts.db.lostAt = () => true
  t.match(await reads.up(), { exit: 4 }, 'reading what it did not tell is no mistake in the file')
})

test('locks are given back, or it is said that they are not', async t => {
  const here = await site(t, two)
  const { web, db } = here.hosts
  if (!web || !db) throw new Error('no hosts')
  const isHeld = async (host: typeof web): Promise<boolean> =>
    (await host.exec({ sh: `test -d ${host.folder}/longshore/shop/lock` })).code === 0
  const sick = here.papers.web
  if (sick) sick.act = () => Promise.reject(new UserError('it broke'))
  t.equal((await here.up()).exit, 1)
  t.same([await isHeld(web), await isHeld(db)], [false, false], 'after a failure')

  await web.exec({
    sh: `mkdir -p ${web.folder}/longshore/shop/lock; echo bob >${web.folder}/longshore/shop/lock/owner`,
  })
  Object.assign(db, { scripts: [] })
  if (here.papers.db) here.papers.db.containers = []
  await t.rejects(here.up(), { exit: 5, message: /held by bob/ })
  t.same([await isHeld(web), await isHeld(db)], [true, false], "the other's stays, ours goes")
  await web.exec({ sh: `rm -r ${web.folder}/longshore/shop/lock` })

  const controller = new AbortController()
  if (sick)
    sick.act = () => {
      controller.abort(new UserError('interrupted', { exit: 130 }))
    }
  t.equal((await here.up({ signal: controller.signal })).exit, 130)
  t.same([await isHeld(web), await isHeld(db)], [false, false], 'after an interrupt')

  if (sick) {
    delete sick.act
    sick.containers = []
  }
  web.lostAt = script => script.includes('serial.$$')
  const lost = await here.up()
  t.match(
    lost.events.filter(event => event.type === 'warning'),
    [{ host: 'web', text: /our lock is still there \(the connection was lost.*longshore lock --release/ }],
  )
})

test('an engine that is not there, and that nothing brings, is said before anything is done', async t => {
  const plain = 'project: shop\nhosts: { a: { connection: local } }\ncontainers: { app: { image: x } }\n'
  for (const [engine, kind, hint] of [
    ['engine: { source: none }\n', 'not-installed', /source: none/],
    ['', 'not-running', /start it/],
  ] as const) {
    const here = await site(t, engine + plain)
    Object.assign(here.papers.a ?? {}, { absent: absent(kind) })
    const went = await here.look()
    t.match(went, { listed: [], errors: [{ message: new RegExp(`engine ${kind}, and nothing`), hint }] })
  }
  const tagged = await site(t, plain)
  Object.assign(tagged.papers.a ?? {}, { absent: absent('not-installed') })
  t.match((await tagged.look({ tags: ['x'] })).errors, [{ hint: /--tags/ }])

  const foreign = await site(t, `engine: { source: distro }\n${plain}`)
  Object.assign(foreign.papers.a ?? {}, { detection: { origin: 'docker-ce' } })
  t.match((await foreign.look()).errors, [/is from docker-ce, and `engine.source` says distro/], 'never exchanged')
  const kept = await site(t, plain)
  Object.assign(kept.papers.a ?? {}, { detection: { origin: 'docker-ce' } })
  t.equal((await kept.up()).exit, 0, 'one that is there is left alone')
})

test('down: what cannot be asked is told, the others go on', async t => {
  const here = await site(t, two)
  await here.up()
  Object.assign(here.papers.db ?? {}, { absent: absent('not-running') })
  const went = await here.down()
  t.match(went, { exit: 1, ends: { 'web/container shop-app-1': 'done' }, errors: [/nothing can be removed/] })
  Object.assign(here.papers.db ?? {}, { absent: undefined })
  if (here.hosts.web) here.hosts.web.lostAt = () => true
  t.match(await here.down(), { exit: 4, ends: { 'db/container shop-data-1': 'done' } })
  Object.assign(here.papers.db ?? {}, { absent: absent('not-installed') })
  t.same((await (await site(t, two)).down()).errors, [])
})

test('an engine whose host could not be read is closed again', async t => {
  const here = await site(t, two)
  const { db } = here.hosts
  if (db) db.exec = async () => Promise.reject(new UserError('no shell'))
  t.match((await here.look()).errors, [/no shell/])
  t.same([here.papers.db?.opened, here.papers.db?.closed], [1, 1])
})

test('an interrupt ends the wait for an engine that does not answer', async t => {
  const here = await site(t, 'project: shop\nhosts: { a: { connection: local } }\ncontainers: { app: { image: x } }\n')
  for (const hangs of ['open', 'observe'] as const) {
    Object.assign(here.papers.a ?? {}, { hangs })
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('interrupted')), 300)
    await t.rejects(here.up({ signal: controller.signal }), /interrupted/, hangs)
  }
})
