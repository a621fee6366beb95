// Engines that are closed to us, stopped, without their socket, full or too old: what is said, that its hint helps, and that nothing is half made.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { busyboxTarball, labHost } from '../../lab/index.js'
import { hostEntry, type TestProject, testProject } from '../command.js'
import { oldEngine } from './old-engine.js'
import { ended, said } from './trouble-told.js'

tap.setTimeout(600_000)

const web = await labHost({ name: 'shut', engine: true })
tap.teardown(() => web.remove())
const box = readFileSync(await busyboxTarball())
const bring = (): Promise<unknown> => web.sh('docker import - box:1', { input: box, check: true })
await bring()
await said(
  web,
  `for u in deploy ops; do
     useradd -m $u && mkdir -p -m 700 /home/$u/.ssh && cp /root/.ssh/authorized_keys /home/$u/.ssh/ && chown -R $u /home/$u/.ssh
   done
   echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops`,
)

const file = (
  more: { host?: Record<string, unknown>; engine?: string; seconds?: number } = {},
): string => `project: shut
hosts: { shut: ${hostEntry(web, more.host ?? {})} }
engine: ${more.engine ?? '{ source: none }'}
containers: { page: { image: "box:1", command: [sleep, "${more.seconds ?? 1000}"], init: true } }
`
const project: TestProject = testProject({ 'longshore.yaml': file() })
tap.teardown(project.remove)
const run = (...args: string[]) => project.run(args)
const write = (more: Parameters<typeof file>[0] = {}): void => project.write('longshore.yaml', file(more))

/** All containers and networks of the project, and whoever has locked it. */
const things = (): Promise<string> =>
  said(
    web,
    `docker ps -a --filter label=longshore.project=shut --format '{{.Names}}'
     docker network ls --filter label=longshore.project=shut --format '{{.Name}}'
     ls -d /var/lib/longshore/*/lock 2>/dev/null; true`,
  )

test('who may not use the socket is told his group; in it, it works', async t => {
  write({ host: { user: 'deploy' } })
  const why = /docker\.sock may not be used: deploy is not in the group docker, and there is no way to become root/
  const out = /give hosts\.shut\.become, or put deploy into its group there: `usermod -aG docker deploy`/
  for (const line of [['up', '--yes'], ['doctor']]) ended(t, await run(...line), 1, why, out)
  const status = await run('status')
  ended(t, status, 1, /shut {2}in trouble, Debian/, out)
  t.notMatch(status.stdout, /not reached/, 'a host that has answered was reached')
  t.equal(await things(), '')
  await said(web, 'usermod -aG docker deploy')
  ended(t, await run('up', '--yes'), 0)
  ended(t, await run('down', '--yes'), 0)
})

test('where root may, and cannot pass the socket on, a user of the engine is what helps', async t => {
  await said(web, 'mv /usr/bin/docker /usr/bin/docker.away')
  write({ host: { user: 'ops', become: 'sudo' } })
  const ran = await run('up', '--yes')
  ended(t, ran, 1, /only root may use .*: ops is not in the group docker; and without the docker client/)
  t.match(ran.stderr, /→ name the login user in engine\.users, or install the client there/)
  write({ host: { user: 'ops', become: 'sudo' }, engine: '{ source: none, users: [ops] }' })
  ended(t, await run('up', '--yes'), 0)
  await said(web, 'mv /usr/bin/docker.away /usr/bin/docker')
  t.equal(await things(), 'shut-page-1\nshut_default')
})

test('an engine that was stopped, and one whose socket is gone', async t => {
  write()
  ended(t, await run('up', '--yes'), 0)
  await said(web, 'systemctl stop docker.socket docker')
  const stopped = await run('up', '--yes')
  ended(t, stopped, 1, /dockerd is installed but does not listen at .*nothing in this run would change that/)
  t.match(stopped.stderr, /longshore\.yaml:3:1[\s\S]*→ start it on the host, leave out `source: none`/)
  ended(t, await run('logs', 'page'), 1, /`longshore up` starts it; `longshore doctor` tells/)
  write({ engine: '{}' })
  ended(t, await run('up', '--yes'), 0)

  await said(web, 'rm /run/docker.sock')
  const why = /dockerd runs, and its socket \/var\/run\/docker\.sock is not there/
  const out = /→ `systemctl restart docker\.socket docker` on the host makes it again/
  for (const line of [['up', '--yes'], ['ps'], ['doctor']]) ended(t, await run(...line), 1, why, out)
  await said(web, 'systemctl restart docker.socket docker')
  ended(t, await run('up', '--yes'), 0)
  ended(t, await run('plan', '--exit-code'), 0)
})

test('a full disk of the engine, and one of our own folder', async t => {
  write()
  await said(web, 'mount -t tmpfs -o size=4k,mode=755 none /var/lib/longshore')
  await web.sh('dd if=/dev/zero of=/var/lib/longshore/fill bs=1k')
  write({ seconds: 1001 })
  const ours = await run('up', '--yes')
  ended(t, ours, 1, /shut: cannot write our folder on the host/, /No space left on device/)
  t.match(ours.stderr, /→ make room there: `longshore sh shut -- df -h` shows which disk is full/)
  t.equal((await web.sh('ls /var/lib/longshore/shut/lock')).code, 2, 'no lock that is nobody’s is left')
  await said(web, 'umount /var/lib/longshore')
  ended(t, await run('down', '--yes'), 0)

  await said(
    web,
    'systemctl stop docker.socket docker; mount -t tmpfs -o size=20m none /var/lib/docker; systemctl start docker',
  )
  await bring()
  await web.sh('dd if=/dev/zero of=/var/lib/docker/fill bs=1k')
  ended(
    t,
    await run('up', '--yes'),
    1,
    /shut, create network shut_default: there is no space left on shut, where the engine keeps its images \(\/var\/lib\/docker\)/,
    /skipped.*waits for network shut_default/,
    /`longshore prune` removes images/,
  )
  t.equal(await things(), '', 'nothing is half made')
  await said(web, 'rm /var/lib/docker/fill')
  ended(t, await run('up', '--yes'), 0)
  const before = await said(web, 'docker ps -q --no-trunc')
  await web.sh('dd if=/dev/zero of=/var/lib/docker/fill bs=1k')
  write({ seconds: 1002 })
  ended(
    t,
    await run('up', '--yes'),
    6,
    /replace container shut-page-1: there is no space left on shut/,
    /the old one serves on/,
  )
  t.equal(await said(web, 'docker ps -q --no-trunc'), before, 'what served serves on')
})

test('an engine without a shell that is too old, or not there', async t => {
  const old = join(project.folder, 'old.sock')
  const { asked } = await oldEngine(t, old)
  const alone = (socket: string): void =>
    project.write(
      'longshore.yaml',
      `project: shut\nhosts:\n  alone: { connection: engine, url: "unix://${socket}" }\ncontainers: { page: { image: "box:1" } }\n`,
    )
  alone(old)
  for (const line of [['up', '--yes'], ['ps'], ['doctor']])
    ended(t, await run(...line), 1, /docker 1\.12\.6 is too old: it speaks API 1\.24, and 1\.40/, /→ update the engine/)
  t.same([...new Set(asked)], ['GET /_ping'], 'nothing else is asked of it')
  alone(`${old}.none`)
  for (const line of [['up', '--yes'], ['ps']])
    ended(
      t,
      await run(...line),
      4,
      /there is no such socket/,
      /longshore\.yaml:3:\d+/,
      /→ start the engine there, or say/,
    )
})
