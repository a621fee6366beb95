// A service on two hosts gets a new version: the first host comes first, gates are asked from the hosts, and failures leave or bring back the old one.
import { readFileSync } from 'node:fs'
import tap, { test } from 'tap'
import { busyboxTarball, labHost } from '../lab/index.js'
import { hostEntry, testProject, told } from './command.js'
import { idsOn } from './host-state.js'

tap.setTimeout(600_000)

test('a rollout over two hosts', async t => {
  const [one, two] = await Promise.all([labHost({ name: 'one', engine: true }), labHost({ name: 'two', engine: true })])
  t.teardown(() => Promise.all([one.remove(), two.remove()]))
  const box = readFileSync(await busyboxTarball())
  for (const host of [one, two]) await host.sh('docker import - box:1', { input: box, check: true })

  /** A version is good on hosts where /srv/NAME is there. */
  const site = (version: string, more: string, update: string): string => `project: roll
hosts: { one: ${hostEntry(one)}, two: ${hostEntry(two)} }
containers:
  web:
    image: "box:1"
    init: true
    on: all
    stop_grace_period: 1s
    environment: { V: "${version}" }
    volumes: ["/srv:/srv:ro"]
    command: [sh, -c, "mkdir /www; [ -e /srv/bad-${version} ] || echo good >/www/health; exec httpd -f -p 8000 -h /www"]
    gate: { http: "http://:8000/health", timeout: 3s, interval: 300ms }
    deploy: { replicas: ${more}, update_config: { ${update} } }
`
  const project = testProject({ 'longshore.yaml': site('a', '3', '') })
  t.teardown(() => project.remove())
  const up = async (version: string, update = ''): Promise<{ code: number; text: string; order: string[] }> => {
    project.write('longshore.yaml', site(version, '3', update))
    const ran = await project.run(['--json', 'up', '--yes'])
    const order = ran
      .events()
      .flatMap(event =>
        event.type === 'step' && event.state !== 'start' && event.verb === 'replace'
          ? [`${event.host} ${String(event.thing).slice(-1)} ${event.state}`]
          : [],
      )
    return { code: ran.code, text: told(ran), order }
  }
  const ids = async (): Promise<string[]> => [await idsOn(one), await idsOn(two)].flatMap(found => Object.values(found))
  const isSettled = async (): Promise<void> => {
    const ran = await project.run(['plan', '--exit-code'])
    t.equal(ran.code, 0, told(ran))
  }

  await t.test('made, then replaced one after the other, the first host first', async t => {
    const made = await up('a')
    t.equal(made.code, 0, made.text)
    const before = await ids()
    const next = await up('b')
    t.equal(next.code, 0, next.text)
    t.same(next.order, ['one 1 done', 'one 3 done', 'two 2 done'])
    t.same(
      (await ids()).filter(id => before.includes(id)),
      [],
    )
    await isSettled()
  })

  await t.test('a version that is no good on the first host never reaches the second', async t => {
    const before = await ids()
    await one.sh('touch /srv/bad-c', { check: true })
    const failed = await up('c')
    t.equal(failed.code, 6, failed.text)
    t.match(failed.text, /does not pass its gate, http :8000\/health: answers with status 404; the old one serves on/)
    t.same(failed.order, ['one 1 rolled-back', 'one 3 skipped', 'two 2 skipped'])
    t.same(await ids(), before)
  })

  await t.test('rollback: one that fails on the second host brings the old ones back on the first', async t => {
    const before = await ids()
    await two.sh('touch /srv/bad-d', { check: true })
    const failed = await up('d', 'failure_action: rollback, parallelism: 2')
    t.equal(failed.code, 6, failed.text)
    t.same(failed.order.slice(0, 3).sort(), ['one 1 done', 'one 3 done', 'two 2 rolled-back'])
    t.same(failed.order.slice(3).sort(), ['one 1 rolled-back', 'one 3 rolled-back'])
    t.same(await ids(), before, 'the very containers that were there')
    project.write('longshore.yaml', site('b', '3', ''))
    await isSettled()
    await two.sh('rm /srv/bad-d', { check: true })
    const good = await up('d', 'failure_action: rollback, parallelism: 2')
    t.equal(good.code, 0, good.text)
    t.equal((await ids()).length, 3, 'the old ones are gone')
    await isSettled()
  })
})
