// Files of this machine on a host over ssh: brought once, changed in each way, cut off in the middle, removed; and beside containers here.
import { randomBytes } from 'node:crypto'
import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { busyboxRootfs, docker, labHost } from '../../lab/index.js'
import { hostEntry, testProject, told } from '../command.js'
import { filesProject } from './files-project.js'

tap.setTimeout(600_000)

const state = '/var/lib/longshore/lsfiles/files'

test('files beside the project reach a host over ssh', async t => {
  const web = await labHost({ name: 'lsfiles', engine: true })
  t.teardown(() => web.remove())
  const project = testProject(filesProject(hostEntry(web)))
  t.teardown(() => project.remove())
  const at = (path: string): string => join(project.folder, path)
  await busyboxRootfs(at('root'))
  symlinkSync('index.html', at('site/link.html'))
  chmodSync(at('conf/app.conf'), 0o640)
  const up = () => project.run(['up', '--yes'])
  const sh = async (script: string): Promise<string> => (await web.sh(script)).stdout
  const idsOf = (): Promise<string> => sh('docker ps -q --no-trunc --format "{{.Names}} {{.ID}}" | sort')
  const nothing = async (why: string): Promise<void> => {
    const ran = await project.run(['plan', '--exit-code'])
    t.equal(ran.code, 0, `${why}: ${told(ran)}`)
  }

  await t.test('they are brought, mounted, and readable for nobody else', async t => {
    const ran = await up()
    t.equal(ran.code, 0, told(ran))
    t.match(ran.stdout, /ship folder \.\/site {2}\(not there, 4 entries, /)
    t.notMatch(ran.stdout + ran.stderr, /read-only there/, '`:ro` was said')
    const page = 'docker exec lsfiles-site-1 wget -qO- http://127.0.0.1'
    t.equal(await sh(`${page}/link.html; ${page}/sub/a%20b.txt`), 'one\ndeep\n')
    t.not((await web.sh('docker exec lsfiles-site-1 touch /www/new')).code, 0, 'read-only')
    t.equal(await sh('docker exec lsfiles-told-1 stat -c "%a %u %g" /conf/app.conf'), '640 0 0\n')
    t.equal(await sh(`stat -c %a ${state}`), '700\n')
    t.equal(
      await sh('docker exec lsfiles-comp-1 stat -c "%a %u %g" /etc/plain /run/secrets/pin'),
      '440 5 6\n444 0 0\n',
      'as the file says, and as Compose lets all read',
    )
    t.equal(
      await sh('docker exec lsfiles-comp-1 cat /etc/told /run/secrets/pin'),
      'from the file\ncorrect-horse-battery\n',
    )
    const leaks = await sh('docker inspect $(docker ps -q) | grep -c correct-horse; docker logs lsfiles-comp-1 2>&1')
    t.equal(leaks, '0\n', 'a secret is in no label and no environment')
    await nothing('twice is nothing')
  })

  await t.test('a change makes another container, which the plan says', async t => {
    const before = await idsOf()
    project.write('site/index.html', 'two\n')
    const plan = await project.run(['plan'])
    t.match(plan.stdout, /ship folder \.\/site {2}\(changed, /)
    t.match(plan.stdout, /replace container lsfiles-site-1 {2}\(folder \.\/site changed/)
    t.notMatch(plan.stdout, /-one/)
    const whole = await project.run(['plan', '-v'])
    t.match(
      whole.stdout,
      /entries: 4 → 4 \(1 changed\)\n +index\.html:\n[\s\S]*\n +-one\n +\+two\n/,
      'with its difference',
    )
    const ran = await up()
    t.equal(ran.code, 0, told(ran))
    t.equal(await sh('docker exec lsfiles-site-1 wget -qO- http://127.0.0.1/'), 'two\n')
    const others = (ids: string): string[] => ids.split('\n').filter(line => !line.startsWith('lsfiles-site'))
    t.same(others(await idsOf()), others(before), 'no other one is touched')
    await nothing('twice is nothing')
  })

  await t.test('signal, restart and ignore change the files under the container', async t => {
    const [before, held] = [await idsOf(), await sh(`ls ${state} | wc -l`)]
    project.write('conf/app.conf', 'second\n')
    project.write('conf/deep/new.conf', 'new\n')
    rmSync(at('conf/old.conf'))
    project.write('one.conf', 'second and longer\n')
    project.write('free/x', 'second\n')
    project.write('plain.conf', 'other\n')
    project.write('pin', 'another-battery\n')
    const whole = await project.run(['plan', '-v'])
    t.match(whole.stdout, /folder \.\/conf [\s\S]*\(2 added, 1 removed, 1 changed\)[\s\S]*-first\n +\+second\n/)
    t.match(whole.stdout, /file \.\/one\.conf [\s\S]*-first\n +\+second and longer\n/)
    t.notMatch(whole.stdout, /battery/, 'nothing of a secret')
    project.write('pin', 'correct-horse-battery\n')
    const ran = await up()
    t.equal(ran.code, 0, told(ran))
    t.match(ran.stdout, /signal container lsfiles-told-1 {2}\(folder \.\/conf changed\)/)
    t.match(ran.stdout, /restart container lsfiles-again-1 {2}\(file \.\/one\.conf changed\)/)
    t.match(ran.stdout, /update container lsfiles-free-1 {2}\(folder \.\/free changed\)/)
    t.match(ran.stdout, /update container lsfiles-comp-1 {2}\(file \.\/plain\.conf changed\)/)
    t.equal(await idsOf(), before, 'all containers stay')
    t.notMatch(ran.stdout, /remove shipped files/, 'what was before is kept for a rollback')
    t.equal(Number(await sh(`ls ${state} | wc -l`)), Number(held) + 4)
    t.equal(await sh('sleep 0.5; docker logs lsfiles-told-1'), 'up\nHUP second\n')
    t.equal(
      await sh('docker exec lsfiles-told-1 find /conf | sort'),
      '/conf\n/conf/app.conf\n/conf/deep\n/conf/deep/new.conf\n',
    )
    t.equal(await sh('docker exec lsfiles-told-1 stat -c %a /conf/app.conf'), '640\n')
    t.equal(await sh('docker logs lsfiles-again-1'), 'start first\nstart second and longer\n')
    t.equal(
      await sh('docker exec lsfiles-free-1 cat /free/x; docker exec lsfiles-comp-1 cat /etc/plain'),
      'second\nother\n',
    )
    await nothing('twice is nothing')
    await sh(`rm -r ${state}/../history`)
    const after = await up()
    t.match(after.stdout, /remove shipped files {2}\(no container mounts them any more\)/)
    t.equal(Number(await sh(`ls ${state} | wc -l`)), Number(held) - 1, 'gone, and the first ./site with it')
    await nothing('twice is nothing')
  })

  await t.test('an interrupted run sends the signal again', async t => {
    // As if it had ended after the files were brought and before the container was told.
    await sh(`for f in ${state}/live/lsfiles-told-1-*/*.is; do echo ${'0'.repeat(64)} >$f; done`)
    const ran = await up()
    t.match(ran.stdout, /signal container lsfiles-told-1/)
    t.equal(await sh('sleep 0.5; docker logs lsfiles-told-1'), 'up\nHUP second\nHUP second\n')
    await nothing('once is enough')
  })

  await t.test('a restart that fails has its old file back', async t => {
    const text = filesProject(hostEntry(web))['longshore.yaml'] ?? ''
    const picky = text.replace('echo start $$(cat /one.conf);', 'grep -q good /one.conf && ')
    project.write('one.conf', 'good\n')
    project.write('longshore.yaml', picky)
    t.equal((await up()).code, 0)
    project.write('one.conf', 'bad\n')
    const ran = await up()
    t.equal(ran.code, 6, told(ran))
    t.match(ran.stderr, /it runs again with its old files/)
    t.equal(await sh('docker exec lsfiles-again-1 cat /one.conf'), 'good\n')
    project.write('one.conf', 'good again\n')
    const again = await up()
    t.equal(again.code, 0, told(again))
    t.match(again.stdout, /restart container lsfiles-again-1/)
    await nothing('twice is nothing')
  })

  await t.test('cut off in the middle, nothing half is left, and the next run finishes', async t => {
    for (let part = 0; part < 10; part++) writeFileSync(at(`site/big${part}`), randomBytes(10_000_000))
    const before = await idsOf()
    const held = await sh(`ls ${state}`)
    const cut = await project.run(['--json', 'up', '--yes'], {
      killAt: /folder .\/site","verb":"ship","state":"start"/,
    })
    t.equal(cut.code, 137, told(cut))
    t.equal(await sh(`sleep 2; ls -A ${state}`), held, 'neither a whole one nor half of one')
    t.equal(await idsOf(), before)
    const ran = await up()
    t.equal(ran.code, 0, told(ran))
    t.match(ran.stdout, /ship folder \.\/site/)
    t.equal(await sh('docker exec lsfiles-site-1 ls /www | grep -c big'), '10\n')
    await nothing('twice is nothing')
  })

  await t.test('down removes all of it', async t => {
    const ran = await project.run(['down', '--yes'])
    t.equal(ran.code, 0, told(ran))
    t.match(ran.stdout, /remove shipped files/)
    t.not((await web.sh(`ls -d ${state}`)).code, 0)
    t.match((await project.run(['down', '--yes'])).stdout, 'Nothing to do.')
  })

  await t.test('what cannot be brought is refused at its line', async t => {
    const one = (volume: string): string =>
      `project: lsfiles\nhosts: { web: ${hostEntry(web)} }\ncontainers:\n  a:\n    image: x\n    volumes: [${volume}]\n`
    for (const [volume, answer] of [
      ['"./gone:/x:ro"', /there is no .*gone to bring to web; .* for data a volume[\s\S]*6:15/],
      ['"./site:/x:rw"', /cannot be mounted writable there; say `:ro`[\s\S]*6:15/],
      [
        '{ type: bind, source: /etc, target: /x, on_change: restart }',
        /`on_change` is for files and folders that lie beside/,
      ],
      ['{ type: bind, source: ./site, target: /x, on_change: { signal: hangup } }', /must be a signal such as SIGHUP/],
    ] as const) {
      project.write('longshore.yaml', one(volume))
      const ran = await project.run(['plan'])
      t.equal(ran.code, 3, told(ran))
      t.match(ran.stderr, answer)
    }
    project.write('longshore.yaml', one('"./site:/x"'))
    t.match(
      (await project.run(['plan'])).stderr,
      /\.\/site lies on this machine and is brought to web, where it is mounted read-only/,
    )
  })
})

test('on this machine they are mounted live, unless on_change is said', async t => {
  const base = 'lsfileshere'
  const project = testProject({
    'longshore.yaml': `project: ${base}
hosts: { here: { connection: local } }
images: { ${base}-base: { import: { dir: ./root, at: here } } }
containers:
  live: { image: ${base}-base, init: true, stop_grace_period: 1s, command: [sleep, "1000"], volumes: ["./live:/live"] }
  told:
    image: ${base}-base
    init: true
    command: [sh, -c, "trap 'echo USR1 $$(cat /conf/a)' USR1; while :; do sleep 0.1; done"]
    volumes: [{ type: bind, source: ./conf, target: /conf, read_only: true, on_change: { signal: USR1 } }]
`,
    'live/a': 'one\n',
    'conf/a': 'one\n',
  })
  t.teardown(async () => {
    await project.run(['down', '--images', '--yes'])
    project.remove()
    rmSync(`/var/lib/longshore/${base}`, { recursive: true, force: true })
  })
  await busyboxRootfs(join(project.folder, 'root'))
  const first = await project.run(['up', '--yes'])
  t.equal(first.code, 0, told(first))
  project.write('live/a', 'two\n')
  project.write('conf/a', 'two\n')
  const inside = (name: string, path: string): Promise<string> => docker(['exec', `${base}-${name}-1`, 'cat', path])
  t.match(await inside('live', '/live/a'), 'two')
  t.match(await inside('told', '/conf/a'), 'one', 'not before it is brought')
  const second = await project.run(['up', '--yes'])
  t.match(second.stdout, new RegExp(`signal container ${base}-told-1`))
  t.match(await inside('told', '/conf/a'), 'two')
  const third = await project.run(['-v', 'plan', '--exit-code'])
  t.equal(third.code, 0, told(third))
  t.match(third.stderr, /1 connection, 1 exec, .* in 2 waves/, 'all is asked at once, limits in force too')
  const down = await project.run(['down', '--images', '--yes'])
  t.equal(down.code, 0, told(down))
})
