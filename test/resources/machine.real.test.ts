// Users, groups and services on the machine of the tests, with throw-away names; needs root.
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { Secret } from '../../core/secret.js'
import { apply, converge, kindOf, plan, run, type Shell, shells } from './shells.js'

all.setTimeout(600_000)

/** The shell where no systemd is to be seen: on a machine that runs one, in a view of its own that hides it. */
const withoutSystemd = (shell: Shell): Shell =>
  existsSync('/run/systemd/system')
    ? ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /run/systemd && exec "$@"', 'sh', ...shell]
    : shell

for (const [index, shell] of shells.entries()) {
  const bare = withoutSystemd(shell)

  test(`users and groups, in ${shell.join(' ')}`, async t => {
    const name = `lst${process.pid}x${index}`
    const group = `${name}g`
    t.teardown(() => run({ sh: `userdel -r ${name}; userdel ${name}2; groupdel ${group}; groupdel ${name}` }))
    const hash = new Secret('hash', '$6$salt$KqJWpanXZHKq2BOB43TSaYhEWsQ1Lr5QNyPCDH/Tp.6')
    const rows: [string, object, number][] = [
      ['group', { name: group, system: true }, 1],
      ['group', { name: group, gid: 64000 + index }, 1],
      ['group', { name }, 1],
      ['user', { name, groups: [group], comment: `it's "him"`, password_hash: hash }, 1],
      ['user', { name, groups: [group], password_hash: new Secret('hash', '!') }, 1],
      ['user', { name, shell: '/bin/sh', groups: ['games'] }, 2],
      ['user', { name, groups: ['games'], append: false }, 1],
      ['user', { name: `${name}2`, group, system: true, create_home: false }, 1],
      ['user', { name: `${name}2`, state: 'absent' }, 1],
      ['user', { name, state: 'absent', remove: true }, 1],
      ['group', { name: group, state: 'absent' }, 1],
    ]
    for (const [kind, yaml, count] of rows) {
      const row = `${kind} ${JSON.stringify(yaml)}`
      const { ended, changes, left } = await converge(kind, yaml, shell)
      // whether the shell differs depends on the distribution's default for new users
      if (!('shell' in yaml)) t.equal(changes.length, count, row)
      t.same([ended.code, left], [0, []], `${row} ${ended.stderr}`)
      if (row.includes("it's")) {
        t.match(readFileSync('/etc/shadow', 'utf8'), `${name}:${hash.reveal()}:`)
        const look = await plan(kind, yaml, shell)
        t.notMatch(JSON.stringify([look.seen, ...kindOf(kind).apply(look.want, look.seen)]), 'KqJWpan')
        t.ok(existsSync(`/home/${name}`))
      }
    }
    t.notOk(existsSync(`/home/${name}`))
    const alone = await plan('user', { name, groups: ['nosuchgroup'] }, shell)
    t.match((await apply('user', alone, shell)).stderr, 'there is no group nosuchgroup on this host')
    t.equal((await plan('user', { name }, shell)).changes.length, 1, 'nothing was made')
  })

  test(`a service without init script, in ${shell.join(' ')}`, async t => {
    const name = `longshore-test-${process.pid}-${index}`
    const here = t.testdir({})
    const up = join(here, 'up')
    const program = `trap 'rm ${up}; exit' TERM; trap 'echo again >>${up}' HUP; echo I run; sleep 1; : >${up}; while :; do sleep 0.2; done`
    const daemon = { argv: ['/bin/sh', '-c', program], ready: `[ -e ${up} ]`, log: join(here, 'log') }
    const yaml = (state: string) => ({ name, state, enabled: true, daemon })
    t.teardown(async () => apply('service', await plan('service', yaml('stopped'), bare), bare))

    const start = await converge('service', yaml('started'), bare)
    t.match(start, { changes: [{ from: 'stopped', to: 'running' }], left: [], ended: { code: 0 } }, start.ended.stderr)
    t.equal(start.ended.stdout, 'started by start-stop-daemon\n')
    t.equal(readFileSync(join(here, 'log'), 'utf8'), 'I run\n')
    const pid = readFileSync(`/run/longshore/${name}.pid`, 'utf8')

    await converge('service', yaml('reloaded'), bare)
    await new Promise(done => setTimeout(done, 500))
    t.equal(readFileSync(up, 'utf8'), 'again\n', 'reloading sends HUP')

    t.equal((await converge('service', yaml('restarted'), bare)).ended.code, 0)
    t.not(readFileSync(`/run/longshore/${name}.pid`, 'utf8'), pid, 'another process')

    t.match(await converge('service', yaml('stopped'), bare), { left: [], ended: { code: 0 } })
    t.notOk(existsSync(up))

    const broken = { name, state: 'started', daemon: { ...daemon, argv: ['/bin/sh', '-c', 'echo it hurts; exit 1'] } }
    const failed = await converge('service', broken, bare)
    t.equal(failed.ended.code, 1)
    t.match(failed.ended.stderr, /did not come up.*\n.*it hurts/s, 'the end of the log is shown')
    const nothing = await converge('service', { name, state: 'started' }, bare)
    t.match(nothing.ended, { code: 1, stderr: /no systemd, no init script/ })
  })

  test(`an init script that fails, in ${shell.join(' ')}`, async t => {
    const name = `longshore-script-${process.pid}-${index}`
    const here = t.testdir({})
    const script = `/etc/init.d/${name}`
    t.teardown(async () => {
      await run({ sh: `update-rc.d -f ${name} remove; rm -f ${script}` })
    })
    const up = join(here, 'up')
    const header = `#!/bin/sh\n### BEGIN INIT INFO\n# Provides: ${name}\n# Required-Start:\n# Required-Stop:\n# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n### END INIT INFO\n`
    const write = (limit: string): void => {
      writeFileSync(
        script,
        `${header}set -e\ncase $1 in start) ${limit}; : >${up};; stop) rm -f ${up};; status) [ -e ${up} ];; *) exit 2;; esac\n`,
      )
      chmodSync(script, 0o755)
    }
    write('true')
    const byScript = await converge('service', { name, state: 'started', enabled: true }, bare)
    t.same([byScript.ended.code, byScript.left], [0, []], byScript.ended.stderr)
    t.match(byScript.ended.stdout, 'started by its init script')
    t.same((await converge('service', { name, state: 'stopped', enabled: false }, bare)).left, [])
    t.notOk(existsSync(up))

    write('ulimit -n 99999999')
    const program = `trap 'rm ${up}; exit' TERM; : >${up}; while :; do sleep 0.2; done`
    const yaml = {
      name,
      state: 'started',
      daemon: { argv: ['/bin/sh', '-c', program], log: join(here, 'log'), ready: `[ -e ${up} ]` },
    }
    const byDaemon = await converge('service', yaml, bare)
    t.same([byDaemon.ended.code, byDaemon.left], [0, []], byDaemon.ended.stderr)
    t.match(byDaemon.ended.stdout, /its init script did not start it:[\s\S]*\nstarted by start-stop-daemon\n/)
    t.same((await converge('service', { ...yaml, state: 'stopped' }, bare)).left, [])
  })
}

test('a daemon without start-stop-daemon', async t => {
  const here = t.testdir({ bin: {} })
  for (const tool of ['sh', 'cat', 'tr', 'sleep', 'mkdir', 'rm', 'tail', 'mktemp', 'setsid'])
    symlinkSync((await run({ sh: `command -v ${tool}` })).stdout.trim(), join(here, 'bin', tool))
  const shell = withoutSystemd(['/usr/bin/env', `PATH=${join(here, 'bin')}`, '/usr/bin/dash'])
  const name = `longshore-bare-${process.pid}`
  const yaml = { name, state: 'started', daemon: { argv: ['sleep', '1000'], log: join(here, 'log') } }
  const start = await converge('service', yaml, shell)
  t.same([start.ended.code, start.ended.stdout, start.left], [0, 'started by setsid\n', []], start.ended.stderr)
  t.same((await converge('service', { ...yaml, state: 'stopped' }, shell)).left, [])
})
