// One file on hosts that stand alone and on a swarm of three managers: up, changed, rolled back, scaled, through a manager's death, and down.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { testProject } from '../e2e/command.js'
import { busyboxRootfs, busyboxTarball, docker, ensureEngine, labHost, pause } from '../lab/index.js'
import { answersOf, liveOneFile, oneFile, planOneFile, runOneFile, upOneFile, type Wish } from './one-file.js'

tap.setTimeout(600_000)

await ensureEngine()
const labs = await Promise.all(['n1', 'n2', 'n3'].map(name => labHost({ name, engine: true })))
const [n1, n2, n3] = labs
const root = await mkdtemp(join(tmpdir(), 'lsswarm-'))
await busyboxRootfs(root)

const site = { labs, root, project: testProject({}) }
const { project } = site
const file = (wish: Wish): string => oneFile(site, wish)
const run = (...args: string[]) => runOneFile(site, ...args)
const up = (wish: Wish) => upOneFile(site, wish)
const plan = (): Promise<number> => planOneFile(site)
const answers = (): Promise<string[]> => answersOf(site)

test('one file, alone and on a swarm', async t => {
  t.teardown(async () => {
    project.remove()
    await Promise.all(labs.map(lab => lab.remove()))
    await rm(root, { recursive: true, force: true })
  })

  await t.test('on hosts that stand alone', async t => {
    await liveOneFile(t, site, 'docker')
    t.equal((await run('down', '--yes')).code, 0)
    t.match((await run('validate')).stderr, /`engine\.swarm` has no effect: no host has `provider: swarm`/)
  })

  await t.test('with another word it comes up on a swarm', async t => {
    await liveOneFile(t, site, 'swarm')
    const status = await run('status')
    t.match(status.stdout, /3 of 3 managers answer, 3 nodes/)
    t.match(status.stdout, /service lsswarm_web {2}2 of 2 run/)
    const inspected = await n1?.sh('docker service inspect lsswarm_web')
    t.match(inspected?.stdout, /lsswarm_TOKEN_[0-9a-f]{12}/)
    t.notMatch(inspected?.stdout, /a-token-that/)
  })

  await t.test('all that a provider must do, on one node of it', async t => {
    await docker(['cp', await busyboxTarball(), `${n2?.container}:/root/box.tar`])
    await n2?.sh('docker import /root/box.tar swconform', { check: true })
    const tried = await run('provider', 'test', 'swarm', '--on', 'n2', '--image', 'swconform')
    t.equal(tried.code, 0, tried.stdout + tried.stderr)
    t.match(tried.stdout, /^# swarm on n2: docker [\s\S]*\n1\.\.17\n$/)
    t.notMatch(tried.stdout, /SKIP/)
    await n2?.sh('docker rmi swconform', { check: true })
  })

  await t.test('scaled, and brought back', async t => {
    t.equal((await up({ color: 'green' })).code, 0)
    t.equal(await plan(), 0)
    t.equal((await run('scale', 'web=3', '--yes')).code, 0)
    t.same(await answers(), ['green', 'green', 'green'])
    const back = await run('rollback', 'web', '--yes')
    t.equal(back.code, 0, back.stderr)
    t.same(await answers(), ['green', 'green'], 'what was before the scaling')
  })

  await t.test('the manager that we speak to dies, and the run goes on through another', async t => {
    const running = up({ color: 'black', delay: '6s' })
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
  })

  await t.test('with too few managers left nothing is decided, and nothing that would lead there is begun', async t => {
    project.write('longshore.yaml', file({ color: 'black', delay: '6s', managers: '[n1, n3]' }))
    const refused = await run('plan')
    t.match(refused.stderr, /would lose its quorum: without n2 as a manager, 1 of 2 managers would be up/)
    // Its address must stay: a host of the lab that is stopped may get another one.
    await n3?.sh('systemctl stop docker.socket docker')
    for (let tries = 0; tries < 60; tries++) {
      if ((await n2?.sh('docker node ls'))?.code !== 0) break
      await pause(250)
    }
    project.write('longshore.yaml', file({ color: 'white', delay: '6s' }))
    const ran = await run('plan')
    t.match(ran.stderr, /the swarm cannot decide anything: too few of its managers answer/)
    t.notMatch(ran.stdout, /service web/)
    await n3?.sh('systemctl start docker', { check: true })
  })

  await t.test('the node that was lost comes back, and is taken in again', async t => {
    await n1?.start()
    const ran = await up({ color: 'black', delay: '6s' })
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

  await t.test('a host is drained, made a worker, and leaves', async t => {
    const wish = { color: 'black', delay: '6s' }
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
