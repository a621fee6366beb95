// The example of redis, a job, workers and a page on two bare hosts, as it stands: up, twice nothing, changes, rollback, scale, down, and its data all the while.
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { type LabHost, labHost } from '../../lab/index.js'
import { packageRoot, type Ran, testProject, told } from '../command.js'
import { containersOn, idsOn, page, thingsOn } from '../host-state.js'

// Hosts boot, packages are installed, and seven changes are rolled out.
tap.setTimeout(480_000)

const example = join(packageRoot, 'examples', 'counter')
const password = 'pw-4711-counter'

const sshConfig = (hosts: readonly LabHost[]): string =>
  hosts
    .map(
      ({ name, address, port, identity }) =>
        `Host ${name}\n  HostName ${address}\n  Port ${port}\n  User root\n  IdentityFile ${identity}\n`,
    )
    .join('\n')

test('redis, a job, workers and a page on two hosts', async t => {
  const [web, db] = await Promise.all([labHost({ name: 'web' }), labHost({ name: 'db' })])
  t.teardown(() => Promise.all([web.remove(), db.remove()]))
  const hosts = [web, db]
  const project = testProject({ '.home/.ssh/config': sshConfig(hosts) })
  t.teardown(() => project.remove())
  cpSync(example, project.folder, { recursive: true })
  let asked = ''
  const run = async (...args: string[]): Promise<Ran> => {
    const ran = await project.run(args, { env: { COUNTER_PASSWORD: password } })
    asked += ran.stdout + ran.stderr
    return ran
  }
  const good = async (...args: string[]): Promise<Ran> => {
    const ran = await run(...args)
    t.equal(ran.code, 0, `${args.join(' ')}: ${told(ran)}`)
    return ran
  }
  const edit = (path: string, from: string, to: string): void =>
    project.write(path, readFileSync(join(example, path), 'utf8').replace(from, to))
  const names = async (): Promise<string[][]> =>
    (await Promise.all(hosts.map(containersOn))).map(found =>
      Object.keys(found).map(name => name.replace('counter-', '')),
    )
  const ids = async (): Promise<Record<string, string>> => Object.assign({}, ...(await Promise.all(hosts.map(idsOn))))
  /** Names of containers that are others than they were. */
  const replaced = (before: Record<string, string>, after: Record<string, string>): string[] =>
    Object.keys(after).filter(name => before[name] !== after[name])
  const seen = async (): Promise<number> => Number(/seen (\d+) times/.exec(await page(web, 8080))?.[1])
  const settings = async (): Promise<string> =>
    (await db.sh('docker exec counter-redis-1 cat /etc/redis.conf', { check: true })).stdout
  /** Asks for the page, and waits until the workers have done what is left for them: as much as the page was seen. */
  const isWorkDone = async (): Promise<boolean> => {
    const count = await seen()
    const ask = `docker exec counter-redis-1 sh -c 'REDISCLI_AUTH=$(cat /run/secrets/REDIS_PASSWORD) redis-cli get done'`
    for (let left = 50; left > 0; left--) {
      if (Number((await db.sh(ask)).stdout) === count) return true
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    return false
  }
  let count = 0
  const next = async (what: string): Promise<void> => {
    count++
    t.equal(await seen(), count, what)
  }

  await t.test('hosts that nobody has vouched for are refused', async t => {
    const ran = await run('up', '--yes')
    for (const host of hosts) t.not((await host.sh('command -v docker')).code, 0, `${host.name} is as it was`)
    t.equal(ran.code, 4, told(ran))
    t.match(ran.stderr, /web[\s\S]*--accept-new-host-keys/, told(ran))
  })

  await t.test('trusted once, they are set up; the job first, then what waits for it', async t => {
    const up = await good('--accept-new-host-keys', 'up', '--yes')
    const known = readFileSync(join(project.folder, '.home/.ssh/known_hosts'), 'utf8')
    for (const { port, hostKey } of hosts) t.ok(known.includes(`[127.0.0.1]:${port} ${hostKey}`), known)
    t.same(await names(), [
      ['web-1', 'worker-2'],
      ['prepare-1', 'redis-1', 'worker-1', 'worker-3'],
    ])
    const ends = ['redis-1', 'prepare-1', 'worker-2'].map(name => up.stderr.indexOf(`create container counter-${name}`))
    t.same(
      ends,
      [...ends].sort((one, other) => one - other),
      'across hosts, too',
    )
    const state = await db.sh('docker inspect -f "{{.State.Status}} {{.State.ExitCode}}" counter-prepare-1')
    t.equal(state.stdout.trim(), 'exited 0')
    const linked = await web.sh('docker exec counter-web-1 cat /etc/hosts')
    t.match(linked.stdout, new RegExp(`${db.ip}\\s+redis`), 'the link leads to the other host')
    t.match(await page(web, 8080), /Two hosts run\.[\s\S]*seen 1 times/, 'what the job has prepared is there')
    count = 1
    await next('it counts')
    t.ok(await isWorkDone(), 'the workers do what the page leaves for them')
    count++
  })

  await t.test('a second time there is nothing to do', async t => {
    const before = await ids()
    const up = await good('-v', 'up', '--yes')
    t.match(up.stdout, 'Nothing to do.')
    t.same(await ids(), before)
    t.equal([...up.stderr.matchAll(/1 connection, 1 exec,/g)].length, 2, 'at the price of one exec a host')
    t.equal((await run('plan', '--exit-code')).code, 0)
  })

  await t.test('what has changed is done, and nothing else', async t => {
    const before = await ids()
    edit('web/index.cgi', '<h1>', '<h1>New: ')
    edit('redis.conf', '64mb', '48mb')
    edit('longshore.yaml', 'PAUSE: "0"', 'PAUSE: "0.1"')
    const plan = await run('plan', '--exit-code')
    t.equal(plan.code, 2, told(plan))
    t.match(plan.stdout, /build image counter-web {2}\(files changed\)/)
    t.match(plan.stdout, /restart container counter-redis-1 {2}\(file \.\/redis\.conf changed\)/)
    t.match(plan.stdout, /replace container counter-worker-2 {2}\(environment\.PAUSE: 0 → 0\.1; start-first\)/)
    await good('up', '--yes')
    t.same(
      replaced(before, await ids()).sort(),
      ['web-1', 'worker-1', 'worker-2', 'worker-3'].map(name => `counter-${name}`),
    )
    t.match(await settings(), '48mb')
    t.match(await page(web, 8080), '<h1>New: Two')
    count++
    await next('the count outlives the restart of redis')
    t.match((await good('up', '--yes')).stdout, 'Nothing to do.')
  })

  await t.test('a rollback brings back images, settings and mounted files, on both hosts', async t => {
    await good('rollback', '--yes')
    t.match(await settings(), '64mb')
    t.match(await page(web, 8080), '<h1>Two')
    count++
    t.match((await good('rollback', '--yes')).stdout, 'Nothing to do.')
    const history = (await good('--json', 'history')).events() as { host: string; number: number; reason: string }[]
    const lines = history.map(({ number, host, reason }) => `${number} ${host} ${reason}`).sort()
    const runs = ['1 db up', '1 web up', '2 db up', '2 web up', '3 db rollback to 1', '3 web rollback to 1']
    t.same(lines, runs)
    t.equal((await run('plan', '--exit-code')).code, 2, 'the file wins at the next up')
    for (const path of ['web/index.cgi', 'redis.conf', 'longshore.yaml']) edit(path, '', '')
  })

  await t.test('more and fewer workers are dealt over both hosts', async t => {
    await good('up', '--yes')
    const before = await ids()
    t.match((await good('scale', 'worker=5', '--yes')).stderr, /the file says scale: 3 for worker/)
    t.same(await names(), [
      ['web-1', 'worker-2', 'worker-4'],
      ['prepare-1', 'redis-1', 'worker-1', 'worker-3', 'worker-5'],
    ])
    t.same(replaced(before, await ids()), ['counter-worker-4', 'counter-worker-5'])
    await good('up', '--yes')
    t.same(await ids(), before, 'the highest numbers have gone')
  })

  await t.test('one host alone can be worked on', async t => {
    const before = await idsOn(db)
    await web.sh('docker rm -f counter-web-1', { check: true })
    await db.sh('docker stop -t 1 counter-worker-3', { check: true })
    await good('--on', 'db', 'up', '--yes')
    t.equal((await containersOn(db))['counter-worker-3']?.state, 'running')
    t.same(await idsOn(db), before)
    t.same((await names())[0], ['worker-2'], 'the other host was left alone')
    await good('up', '--yes')
    t.same((await names())[0], ['web-1', 'worker-2'])
    t.same(await idsOn(db), before)
    await next('and it counts on')
  })

  await t.test('down takes away first what stands on others, and leaves the data', async t => {
    const down = await good('down', '--yes')
    const gone = [...down.stderr.matchAll(/remove container counter-([a-z]+)-\d+ … done/g)].map(
      ([, service]) => service,
    )
    t.same(gone.slice(-2), ['prepare', 'redis'], told(down))
    t.equal(gone.length, 6)
    t.same(await names(), [[], []])
    t.same([(await thingsOn(web)).networks, (await thingsOn(db)).networks], [[], []])
    t.same((await thingsOn(db)).volumes, ['counter_data'])
    await good('up', '--yes')
    await next('the count goes on where it was')
  })

  await t.test('down with volumes and images leaves nothing', async t => {
    const down = await good('down', '--volumes', '--images', '--yes')
    t.match(down.stdout, /remove volume counter_data .*\n +loses the data in volume counter_data/)
    const nothing = { containers: [], images: [], networks: [], volumes: [] }
    for (const host of hosts) t.same(await thingsOn(host), nothing, host.name)
    t.match((await good('down', '--volumes', '--images', '--yes')).stdout, 'Nothing to do.')
  })

  t.notMatch(asked, password, 'its password was never shown')
})
