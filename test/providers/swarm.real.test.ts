// One file on hosts that stand alone and on a swarm of three managers: up, changed, rolled back, scaled, through a manager's death, and down.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { testProject } from '../e2e/command.js'
import { busyboxRootfs, busyboxTarball, docker, ensureEngine, labHost, pause } from '../lab/index.js'
import { answersOf, liveOneFile, oneFile, planOneFile, runOneFile, upOneFile, type Wish } from './one-file.js'

tap.setTimeout(900_000)

await ensureEngine()
const [labs, aloneLabs] = await Promise.all(
  [
    ['n1', 'n2', 'n3'],
    ['a1', 'a2'],
  ].map(names => Promise.all(names.map(name => labHost({ name, engine: true })))),
)
const [n1, n2, n3] = labs ?? []
const root = await mkdtemp(join(tmpdir(), 'lsswarm-'))
await busyboxRootfs(root)

const site = { labs: labs ?? [], root, project: testProject({}) }
const alone = { labs: aloneLabs ?? [], root, project: testProject({}) }
const { project } = site
const file = (wish: Wish): string => oneFile(site, wish)
const run = (...args: string[]) => runOneFile(site, ...args)
const up = (wish: Wish) => upOneFile(site, wish)
const plan = (): Promise<number> => planOneFile(site)
const answers = (): Promise<string[]> => answersOf(site)
type Told = { host: string; number: number; reason: string; state: string }
const history = async (): Promise<Told[]> =>
  ((await run('--json', 'history')).events() as (Told & { type: string })[]).filter(({ type }) => type === 'history')
/** Between two batches: time to take a manager away. */
const delay = '2s'

tap.teardown(async () => {
  project.remove()
  alone.project.remove()
  await Promise.all([...site.labs, ...alone.labs].map(lab => lab.remove()))
  await rm(root, { recursive: true, force: true })
})

// Both at the same time: each waits for its engines most of the time.
tap.jobs = 2

test('one file on hosts that stand alone', { buffered: true }, async t => {
  await liveOneFile(t, alone, 'docker')
  t.equal((await runOneFile(alone, 'down', '--yes')).code, 0)
  t.match((await runOneFile(alone, 'validate')).stderr, /`engine\.swarm` has no effect: no host has `provider: swarm`/)
  const [a1] = alone.labs
  const label = '--filter label=longshore.project'
  t.equal(
    (await a1?.sh(`docker ps -aq; docker network ls -q ${label}`))?.stdout,
    '',
    'nothing is in the way of a swarm',
  )
})

test('the same file on a swarm, by another word', { buffered: true }, async t => {
  await t.test('it comes up', async t => {
    await liveOneFile(t, site, 'swarm')
    const status = await run('status')
    t.match(status.stdout, /3 of 3 managers answer, 3 nodes/)
    t.match(status.stdout, /service lsswarm_web {2}2 of 2 run/)
    const inspected = await n1?.sh('docker service inspect lsswarm_web')
    t.match(inspected?.stdout, /lsswarm_TOKEN_[0-9a-f]{12}/)
    t.notMatch(inspected?.stdout, /a-token-that/)
  })

  await docker(['cp', await busyboxTarball(), `${n2?.container}:/root/box.tar`])
  await n2?.sh('docker import /root/box.tar swconform', { check: true })
  // A project of its own, tried while the next subtest works on the other one.
  const conformance = testProject({ 'longshore.yaml': file({}) })
  const trial = runOneFile(
    { ...site, project: conformance },
    ...['provider', 'test', 'swarm', '--on', 'n2', '--image', 'swconform'],
  )

  let green = 0
  await t.test('scaled, and brought back; the history tells it once', async t => {
    t.match((await run('rollback', '--yes')).stdout, /Nothing to do/, 'what has failed was put back already')
    project.write('word', 'first')
    const changed = await up({ color: 'green', volumes: '["./word:/word:ro"]' })
    t.equal(changed.code, 0, changed.stdout + changed.stderr)
    t.equal(await plan(), 0)
    t.equal((await run('scale', 'web=3', '--yes')).code, 0)
    t.same(await answers(), ['green', 'green', 'green'])
    const back = await run('rollback', 'web', '--yes')
    t.equal(back.code, 0, back.stderr)
    t.match(back.stdout, /rollback to \d+: replicas: 3 → 2/)
    t.same(await answers(), ['green', 'green'], 'what was before the scaling')
    t.match((await run('rollback', 'web', '--yes')).stdout, /Nothing to do/)
    const entries = (await history()).slice(-3)
    green = entries[0]?.number ?? 0
    t.same(
      entries.map(({ host, number, reason, state }) => `${host} ${number - green} ${reason} ${state}`),
      ['swarm 0 up done', 'swarm 1 scale web=3 done', `swarm 2 rollback to ${green} done`],
    )
    t.notMatch(await n3?.sh('cat /var/lib/longshore/lsswarm/history/*.json'), { stdout: /a-token-that/ })
  })

  await t.test('all that a provider must do, on one node of it', async t => {
    const tried = await trial
    conformance.remove()
    t.equal(tried.code, 0, tried.stdout + tried.stderr)
    t.match(tried.stdout, /^# swarm on n2: docker [\s\S]*\n1\.\.17\n$/)
    t.notMatch(tried.stdout, /SKIP/)
    await n2?.sh('docker rmi swconform', { check: true })
  })

  await t.test('the manager that we speak to dies, and the run goes on through another', async t => {
    const running = up({ color: 'black', delay })
    for (let tries = 0; tries < 100; tries++) {
      const state = await n2?.sh(`docker service inspect -f '{{.UpdateStatus.State}}' lsswarm_web`)
      if (state?.stdout.trim() === 'updating') break
      await pause(100)
    }
    await n1?.stop()
    const ran = await running
    t.equal(ran.code, 0, ran.stdout + ran.stderr)
    t.same(await answers(), ['black', 'black'], 'what ran there runs elsewhere')
    const status = await run('status')
    t.equal(status.code, 4)
    t.match(status.stdout, /node n1 {2}manager, (down|unknown)/)
    t.match((await history()).at(-1), { host: 'swarm', reason: 'up', state: 'done' }, 'the others have it')
  })

  await t.test('with too few managers left nothing is decided, and nothing that would lead there is begun', async t => {
    project.write('longshore.yaml', file({ color: 'black', delay, managers: '[n1, n3]' }))
    const refused = await run('plan')
    t.match(refused.stderr, /would lose its quorum: without n2 as a manager, 1 of 2 managers would be up/)
    // Its address must stay: a host of the lab that is stopped may get another one.
    await n3?.sh('systemctl stop docker.socket docker')
    for (let tries = 0; tries < 60; tries++) {
      if ((await n2?.sh('docker node ls'))?.code !== 0) break
      await pause(250)
    }
    project.write('longshore.yaml', file({ color: 'white', delay }))
    const ran = await run('plan')
    t.match(ran.stderr, /the swarm cannot decide anything: too few of its managers answer/)
    t.notMatch(ran.stdout, /service web/)
    await n3?.sh('systemctl start docker', { check: true })
  })

  await t.test('the node that was lost comes back, and is taken in again', async t => {
    await n1?.start()
    const ran = await up({ color: 'black', delay })
    t.equal(ran.code, 0, ran.stdout + ran.stderr)
    // A node that came back at its old address is taken in by the swarm itself.
    for (let tries = 0; tries < 40; tries++) {
      const { stdout } = await run('status')
      if (/3 of 3 managers answer/.test(stdout)) break
      await pause(500)
    }
    t.match((await run('status')).stdout, /3 of 3 managers answer/)
    t.equal(await plan(), 0)
  })

  await t.test('back to how it was before, with the file of then; who was away learns what it has missed', async t => {
    project.write('word', 'second')
    const back = await run('rollback', '--to', String(green), '--yes')
    t.equal(back.code, 0, back.stdout + back.stderr)
    t.same(await answers(), ['green', 'green'])
    t.equal((await run('exec', 'web', '--', 'cat', '/word')).stdout, 'first')
    const heads = 'cd /var/lib/longshore/lsswarm/history && for f in *.json; do head -n 1 $f | cut -d, -f2-6; done'
    const known = await n1?.sh(heads, { check: true })
    t.match(known?.stdout, /"reason":"up","state":"done"/)
    t.notMatch(known?.stdout, /"begun"/)
    t.equal(known?.stdout, (await n3?.sh(heads))?.stdout)
  })

  await t.test('a host is drained, made a worker, and leaves', async t => {
    const wish = { color: 'black', delay }
    const host = (words: string): string => file({ ...wish, managers: 'n2' }).replace('  n3: {', `  n3: { ${words},`)
    project.write('longshore.yaml', host('engine: { swarm: { availability: drain } }'))
    const drained = await run('up', '--yes')
    t.equal(drained.code, 0, drained.stdout + drained.stderr)
    t.equal((await n3?.sh('docker ps -q'))?.stdout, '', 'nothing runs there any more')
    project.write('longshore.yaml', host('engine: { swarm: { role: none } }'))
    const left = await run('up', '--yes')
    t.equal(left.code, 0, left.stdout + left.stderr)
    t.match(await n3?.sh(`docker info -f '{{.Swarm.LocalNodeState}}'`), { stdout: /inactive/ })
    t.equal(await plan(), 0)
  })

  await t.test('down takes all of it away, and leaves the swarm', async t => {
    const ran = await run('down', '--yes', '--images')
    t.equal(ran.code, 0, ran.stdout + ran.stderr)
    const left = await n2?.sh(
      'docker service ls -q; docker config ls -q -f label=longshore.project; docker secret ls -q; docker ps -aq; docker images -q lsswarm-web',
    )
    t.equal(left?.stdout, '')
    t.match(await n2?.sh(`docker info -f '{{.Swarm.LocalNodeState}}'`), { stdout: /^active/ })
  })
})
