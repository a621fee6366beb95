// The engine's configuration in a run with containers: what restarts, where mistakes are told, and how what was written leaves again.
import { existsSync, readFileSync } from 'node:fs'
import { t as all, test } from 'tap'
import { labHost } from '../../lab/index.js'
import { hostEntry, type Ran, testProject, told } from '../command.js'
import { ends } from '../run-events.js'
import { answerTo, base, type Engine, engineSite, password, spareFolder } from './engine-site.js'

all.setTimeout(600_000)
all.jobs = 2

const nothing = /Nothing to do/

test('an engine that is configured and used in one run, and what happens when the file says nothing of it any more', async t => {
  const site = await engineSite(t, 'bookworm')
  const { said, run, write } = site
  const containers = `containers:
  app: { image: "box:1", command: [sleep, "100000"], init: true }
  back: { image: "box:1", command: [sleep, "100000"], init: true, restart: always }
`
  const up = async (engine: Engine, more = containers): Promise<Ran> => {
    write(engine, more)
    const ran = await run(['up', '--yes', '--json'])
    t.equal(ran.code, 0, told(ran))
    return ran
  }
  const running = () => said("docker ps --format '{{.Names}}' | sort | tr '\\n' ' '")

  await t.test('certificates, a restart and containers in one run', async t => {
    const first = await up({ ...base, daemon: { 'log-driver': 'local' } })
    t.notMatch(first.stdout, password)
    t.equal(await running(), 'eng-app-1 eng-back-1')
    t.match(await said("docker inspect -f '{{.HostConfig.LogConfig.Type}}' eng-app-1"), 'local')
  })

  await t.test('what a restart stops is started again, as the plan says', async t => {
    const engine = { ...base, daemon: { 'log-driver': 'local', mtu: 1400 } }
    write(engine, containers)
    const plan = await run(['plan'])
    t.match(plan.stdout, /stops 2 containers: [\s\S]*start container eng-app-1 .*stopped by the change of the engine/)
    const ends_ = ends(await up(engine))
    t.match(ends_, { 'web/container eng-app-1': 'done', 'web/container eng-back-1': 'already' })
    t.equal(await running(), 'eng-app-1 eng-back-1')
    write(engine, containers)
    await said('cp /usr/sbin/dockerd /usr/sbin/d && mv /usr/sbin/d /usr/sbin/dockerd')
    t.match(
      ends(await up(engine)),
      { 'web/container eng-app-1': 'done' },
      'so it is with another version of the engine',
    )
    write({ ...engine, source: 'none' }, containers)
    const again = await run(['-v', 'up', '--yes'])
    t.match(again.stdout, nothing)
    t.match(again.stderr, /1 connection, 1 exec,/, 'to look at the configuration costs no exec of its own')
  })

  await t.test('mistakes are told at their line, and what may trouble later is warned of once', async t => {
    const mistaken = async (block: string): Promise<string> => {
      const file = readFileSync(site.folder('longshore.yaml'), 'utf8').split('\n')
      site.project.write('longshore.yaml', [...file.slice(0, 2), 'engine:', block, ''].join('\n'))
      return told(await run(['plan']))
    }
    t.match(await mistaken('  daemon:\n    debug: sure'), /`debug`[\s\S]*longshore\.yaml:5:12/)
    t.match(
      await mistaken('  listen:\n    - unix\n    - "tcp://0.0.0.0:2375"'),
      /whoever reaches it[\s\S]*longshore\.yaml:6:7/,
    )
    t.match(
      await mistaken('  daemon:\n    debug: true\n    proxies: {}'),
      /20\.10\.24\S* refuses to start with `proxies`[\s\S]*longshore\.yaml:6:14/,
    )
    t.match(
      await mistaken('  tls: { days: 10, renew_before: 10d }'),
      /cannot be renewed 10 days before its end[\s\S]*longshore\.yaml:4:\d+/,
    )
    t.equal((await mistaken('  daemon: { api-cors-header: "*" }')).match(/from 27\.\d+ on|from 29\.0 on/g)?.length, 2)
  })

  await t.test("another project says nothing of it; its own file's silence takes it back", async t => {
    const before = await said('cat /etc/docker/daemon.json')
    const other = testProject({
      'longshore.yaml': `project: other\nhosts: { web: ${hostEntry(site.host)} }\nengine: { source: distro }\n`,
    })
    t.teardown(() => other.remove())
    const theirs = await other.run(['provision', '--yes'])
    t.match(theirs.stdout, nothing, told(theirs))
    t.equal(await said('cat /etc/docker/daemon.json'), before)
    await site.settle({})
    t.equal(
      await said('ls /etc/docker/daemon.json /etc/docker/tls /etc/systemd/system/docker.service.d 2>/dev/null'),
      '',
    )
    t.match(await answerTo(site.host.ip, site.folder('pki/clients/ci'), spareFolder(t)), /refused|Cannot connect/)
    write({ source: 'none' })
    t.match((await run(['-v', 'provision', '--yes'])).stderr, /1 connection, 1 exec,/)
  })
})

test('two hosts at once, a locked authority, and an engine that no systemd starts', async t => {
  const [first, plain] = await Promise.all([labHost({ engine: true }), labHost({ engine: true, init: 'none' })])
  t.teardown(() => Promise.all([first.remove(), plain.remove()]))
  await first.sh('useradd -m -s /bin/sh deploy && mkdir -p ~deploy/.ssh && cp ~/.ssh/authorized_keys ~deploy/.ssh/', {
    check: true,
  })
  await first.sh('chown -R deploy ~deploy/.ssh; echo "deploy ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/deploy', {
    check: true,
  })
  const entries = [
    `one: ${hostEntry(first, { address: first.ip, port: 22, user: 'deploy', become: 'sudo' })}`,
    `two: ${hostEntry(plain, { address: plain.ip, port: 22 })}`,
  ]
  const passphrase = 'correct-horse-battery'
  const project = testProject({
    'longshore.yaml': `project: pair
hosts: { ${entries.join(', ')} }
engine:
  source: distro
  listen: [unix, "tcp://0.0.0.0:2376"]
  tls: { clients: [ci], passphrase: { secret: PASS } }
secrets: { PASS: { env: PKI_PASSPHRASE } }
`,
  })
  t.teardown(() => project.remove())
  const run = (args: string[], pass = passphrase): Promise<Ran> => project.run(args, { env: { PKI_PASSPHRASE: pass } })
  const made = await run(['provision', '--yes'])
  t.equal(made.code, 0, told(made))
  t.notMatch(told(made), passphrase)
  t.match((await run(['provision', '--yes'])).stdout, nothing)
  t.match(readFileSync(`${project.folder}/pki/ca.key.age`, 'utf8'), /^-----BEGIN AGE ENCRYPTED FILE-----/)
  t.equal(existsSync(`${project.folder}/pki/ca.key`), false)
  const spare = spareFolder(t)
  for (const { ip } of [first, plain]) t.match(await answerTo(ip, `${project.folder}/pki/clients/ci`, spare), /^20\.10/)
  t.match((await first.sh('stat -c "%a %U" /etc/docker/tls/key.pem')).stdout, '400 root')
  const wrong = await run(['certs', 'renew', '--yes'], 'another-passphrase')
  t.equal(wrong.code, 3, told(wrong))
  t.match(wrong.stderr, /ca\.key\.age does not open[\s\S]*is the secret PASS the passphrase/)
  const renewed = await run(['certs', 'renew', '--yes', '--on', 'two'])
  t.equal(renewed.code, 0, told(renewed))
  t.match(await answerTo(plain.ip, `${project.folder}/pki/clients/ci`, spare), /^20\.10/)
})
