// One file on hosts that stand alone and on a swarm of three managers: up, changed, rolled back, scaled, through a manager's death, and down.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { testProject } from '../e2e/command.js'
import { busyboxRootfs, ensureEngine, labHost, pause } from '../lab/index.js'

tap.setTimeout(600_000)

await ensureEngine()
const labs = await Promise.all(['n1', 'n2', 'n3'].map(name => labHost({ name, engine: true })))
const [n1, n2, n3] = labs
const root = await mkdtemp(join(tmpdir(), 'lsswarm-'))
await busyboxRootfs(root)

interface Wish {
  provider?: 'docker' | 'swarm'
  color?: string
  command?: string
  managers?: string
  /** Time between two batches of an update. */
  delay?: string
  extra?: string
}

/** The project; only what is asked for differs. */
const file = ({ provider = 'swarm', color = 'blue', managers = 'all', ...wish }: Wish): string => `
project: lsswarm
hosts:
${labs
  .map(
    ({ name, port, identity, hostKey }) =>
      `  ${name}: { address: 127.0.0.1, port: ${port}, user: root, identity: ${identity}, host_key: "${hostKey}" }`,
  )
  .join('\n')}
engine:
  provider: ${provider}
${provider === 'swarm' ? `  swarm: { managers: ${managers}, labels: { lab: "yes" } }` : ''}
secrets: { TOKEN: { env: TOKEN } }
images:
  lsswarm-web: { import: { dir: ${root} } }
containers:
  web:
    image: lsswarm-web
    on: all
    command: ["sh", "-c", "${wish.command ?? 'echo $$COLOR > /tmp/index.html; exec httpd -f -p 8000 -h /tmp'}"]
    environment: { COLOR: ${color} }
    secrets: [TOKEN]
    ports: [{ target: 8000, published: 8080, mode: host }]
    stop_grace_period: 1s
    deploy:
      replicas: 2
      update_config: { parallelism: 1, monitor: 1s, delay: ${wish.delay ?? '0s'}, failure_action: rollback }
${provider === 'swarm' ? '      endpoint_mode: dnsrr' : ''}
${wish.extra ?? ''}
`

const env = { TOKEN: 'a-token-that-nobody-may-see' }
const project = testProject({ 'longshore.yaml': file({ provider: 'docker' }) })

/** What answers at the published port, of each host where something does. */
const answers = async (): Promise<string[]> => {
  const all = await Promise.all(
    labs.map(({ ip }) =>
      fetch(`http://${ip}:8080/`, { signal: AbortSignal.timeout(2000) }).then(
        async response => (await response.text()).trim(),
        () => '',
      ),
    ),
  )
  return all.filter(text => text !== '')
}

const up = (wish: Wish, ...more: string[]) => {
  project.write('longshore.yaml', file(wish))
  return project.run(['up', '--yes', ...more], { env })
}

const plan = async (): Promise<number> => (await project.run(['plan', '--exit-code'], { env })).code

test('one file, alone and on a swarm', async t => {
  t.teardown(async () => {
    project.remove()
    await Promise.all(labs.map(lab => lab.remove()))
    await rm(root, { recursive: true, force: true })
  })

  await t.test('on hosts that stand alone', async t => {
    const first = await up({ provider: 'docker' })
    t.equal(first.code, 0, first.stderr)
    t.same(await answers(), ['blue', 'blue'])
    t.equal(await plan(), 0, 'the second time there is nothing to do')
    t.equal((await project.run(['down', '--yes'], { env })).code, 0)
  })

  await t.test('with another word it comes up on a swarm', async t => {
    const first = await up({}, '--json')
    t.equal(first.code, 0, first.stderr)
    t.notMatch(first.stdout + first.stderr, /SWMTKN|a-token-that/, 'no token is shown')
    t.same(await answers(), ['blue', 'blue'])
    t.equal(await plan(), 0, 'the second time there is nothing to do')
    const status = await project.run(['status'], { env })
    t.match(status.stdout, /3 of 3 managers answer, 3 nodes/)
    t.match(status.stdout, /service lsswarm_web {2}2 of 2 run/)
    const exec = await project.run(['exec', 'web', '--', 'cat', '/run/secrets/TOKEN'], { env })
    t.equal(exec.stdout.trim().length > 0, true)
    t.match(await n1?.sh('docker service inspect lsswarm_web'), { stdout: /lsswarm_TOKEN_[0-9a-f]{12}/ })
    t.notMatch((await n1?.sh('docker service inspect lsswarm_web'))?.stdout, /a-token-that/)
  })

  await t.test('changed, scaled, and brought back', async t => {
    t.equal((await up({ color: 'green' })).code, 0)
    t.same(await answers(), ['green', 'green'])
    const bad = await up({ color: 'red', command: 'echo wrecked >&2; exit 3' })
    t.equal(bad.code, 6, 'a version that does not come up is rolled back')
    t.match(bad.stderr, /non-zero exit \(3\)[\s\S]*wrecked/)
    t.same(await answers(), ['green', 'green'])
    t.equal((await up({ color: 'green' })).code, 0)
    t.equal(await plan(), 0)
    t.equal((await project.run(['scale', 'web=3', '--yes'], { env })).code, 0)
    t.same(await answers(), ['green', 'green', 'green'])
    const back = await project.run(['rollback', 'web', '--yes'], { env })
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
    const status = await project.run(['status'], { env })
    t.equal(status.code, 4)
    t.match(status.stdout, /node n1 {2}manager, down/)
  })

  await t.test('with too few managers left nothing is decided, and nothing that would lead there is begun', async t => {
    project.write('longshore.yaml', file({ color: 'black', delay: '6s', managers: '[n1, n3]' }))
    const refused = await project.run(['plan'], { env })
    t.match(refused.stderr, /would lose its quorum: without n2 as a manager, 1 of 2 managers would be up/)
    // Its address must stay: a host of the lab that is stopped may get another one.
    await n3?.sh('systemctl stop docker.socket docker')
    for (let tries = 0; tries < 60; tries++) {
      if ((await n2?.sh('docker node ls'))?.code !== 0) break
      await pause(250)
    }
    project.write('longshore.yaml', file({ color: 'white', delay: '6s' }))
    const ran = await project.run(['plan'], { env })
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
      const { stdout } = await project.run(['status'], { env })
      if (/3 of 3 managers answer/.test(stdout)) break
      await pause(500)
    }
    t.match((await project.run(['status'], { env })).stdout, /3 of 3 managers answer/)
    t.equal(await plan(), 0)
  })

  await t.test('a host is drained, made a worker, and leaves', async t => {
    const wish = { color: 'black', delay: '6s' }
    const host = (words: string): string => file({ ...wish, managers: 'n2' }).replace('  n3: {', `  n3: { ${words},`)
    project.write('longshore.yaml', host('engine: { swarm: { availability: drain } }'))
    const drained = await project.run(['up', '--yes'], { env })
    t.equal(drained.code, 0, drained.stdout + drained.stderr)
    t.equal((await n3?.sh('docker ps -q'))?.stdout, '', 'nothing runs there any more')
    project.write('longshore.yaml', host('engine: { swarm: { role: none } }'))
    const left = await project.run(['up', '--yes'], { env })
    t.equal(left.code, 0, left.stdout + left.stderr)
    t.match(await n3?.sh(`docker info -f '{{.Swarm.LocalNodeState}}'`), { stdout: /inactive/ })
    t.equal(await plan(), 0)
  })

  await t.test('down takes all of it away, and leaves the swarm', async t => {
    const ran = await project.run(['down', '--yes', '--images'], { env })
    t.equal(ran.code, 0, ran.stdout + ran.stderr)
    const left = await n2?.sh(
      'docker service ls -q; docker config ls -q -f label=longshore.project; docker secret ls -q; docker ps -aq; docker images -q lsswarm-web',
    )
    t.equal(left?.stdout, '')
    t.match(await n2?.sh(`docker info -f '{{.Swarm.LocalNodeState}}'`), { stdout: /^active/ })
  })
})
