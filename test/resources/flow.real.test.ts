// stat, script and reboot for real: in scratch folders under every shell, and a reboot of a lab host.
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { Secret } from '../../core/secret.js'
import { labHost, pause } from '../lab/index.js'
import { apply, converge, kindOf, plan, type Shell, shells } from './shells.js'

all.setTimeout(600_000)

for (const shell of shells) {
  test(`what is at a path, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ "it's": 'hello', folder: {} })
    const file = join(here, "it's")
    chmodSync(file, 0o750)
    utimesSync(file, 1_700_000_000, 1_700_000_000)
    symlinkSync("it's", join(here, 'link'))
    symlinkSync('nowhere', join(here, 'lost'))
    const checksum = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
    const plain = { exists: true, isreg: true, islnk: false, size: 5, mode: '0750', owner: 'root', uid: 0 }
    const rows: [unknown, object][] = [
      [file, { ...plain, isdir: false, mtime: 1_700_000_000, executable: true, checksum, gr_name: 'root', nlink: 1 }],
      [
        { path: file, checksum: false },
        { ...plain, checksum: undefined },
      ],
      [join(here, 'folder'), { exists: true, isdir: true, isreg: false, checksum: undefined }],
      [join(here, 'link'), { exists: true, islnk: true, isreg: false, lnk_target: "it's", lnk_source: file }],
      [
        { path: join(here, 'link'), follow: true },
        { ...plain, lnk_target: "it's", checksum },
      ],
      [join(here, 'lost'), { exists: true, islnk: true, lnk_target: 'nowhere' }],
      [{ path: join(here, 'lost'), follow: true }, { exists: false }],
      [join(here, 'none'), { exists: false }],
      ['/dev/null', { exists: true, ischr: true, isreg: false }],
    ]
    for (const [yaml, expected] of rows) {
      const { want, seen, changes } = await plan('stat', yaml, shell)
      t.match(kindOf('stat').result?.(want, seen), { stat: expected }, JSON.stringify(yaml))
      t.same(changes, [])
    }
  })

  test(`a script of this machine, in ${shell.join(' ')}`, async t => {
    const tool = (text: string): string =>
      `${text}\necho "$0 $PWD $# $1 $2 $WORD"; cat; ls -l "$0" | cut -c1-10; echo on >&2\n`
    const here = t.testdir({
      'plain.sh': tool(':'),
      'strict.sh': tool('#! /usr/bin/env bash\nset -eu; [[ -n x ]]'),
      'fails.sh': '#!/bin/sh\nexit 7\n',
      'foreign.sh': '#!/no/such/ruby -w\n',
      'awk.sh': '#!/usr/bin/awk -f\nBEGIN { print "from awk", ARGV[1] }\n',
      temp: {},
    })
    const temp = join(here, 'temp')
    const env: Shell = ['env', `TMPDIR=${temp}`, ...shell]
    const done = await converge('script', { src: 'plain.sh', args: ["it's", '$HOME'], cwd: '/usr' }, env, here)
    t.match(
      done.ended.stdout,
      new RegExp(`^${temp}/longshore\\.\\w+ /usr 2 it's \\$HOME \\n-rwx------\\n$`),
      done.ended.stderr,
    )
    t.match(done, { ended: { code: 0, stderr: 'on\n' }, changes: [{ from: 'runs each time' }] })
    const secret = { src: 'strict.sh', args: 'a  b', environment: { WORD: new Secret('w', "s3 'cret") } }
    const look = await plan('script', secret, env, here)
    t.notMatch(kindOf('script').apply(look.want, look.seen)[0]?.sh, 's3')
    t.match((await apply('script', look, env)).stdout, / 2 a b s3 'cret\n-rwx/)
    t.match(await apply('script', await plan('script', 'awk.sh one', env, here), env), {
      code: 0,
      stdout: 'from awk one\n',
    })
    t.equal((await apply('script', await plan('script', 'fails.sh', env, here), env)).code, 7)
    const foreign = await apply('script', await plan('script', 'foreign.sh', env, here), env)
    t.match(foreign, { code: 1, stderr: /\/no\/such\/ruby, which reads this script, is not on the host: install it/ })
    const other = await plan('script', { src: 'foreign.sh', executable: '/bin/echo' }, env, here)
    t.match((await apply('script', other, env)).stdout, /longshore\./)
    const binary = readFileSync('/bin/true')
    writeFileSync(join(here, 'binary'), binary)
    t.match(await apply('script', await plan('script', 'binary', env, here), env), { code: 0, stdout: '' })
    t.same(readdirSync(temp), [], 'nothing of it stays')

    const once = { src: 'plain.sh', creates: join(here, 'made') }
    t.match((await plan('script', once, env, here)).changes, [{ from: /made does not exist/ }])
    mkdirSync(join(here, 'made'))
    t.same((await plan('script', once, env, here)).changes, [])
    t.same((await plan('script', { src: 'plain.sh', removes: join(here, 'none') }, env, here)).changes, [])
    t.same((await plan('script', { src: 'plain.sh', check: 'true' }, env, here)).changes, [])
    t.match((await plan('script', { src: 'plain.sh', check: '! true' }, env, here)).changes, [
      { from: 'its check fails' },
    ])
  })

  test(`whether a reboot is asked for, in ${shell.join(' ')}`, async t => {
    const here = t.testdir({ asked: '' })
    const { seen, changes } = await plan('reboot', undefined, shell)
    t.match(seen, { boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() })
    t.match(changes, [{ from: 'asked each time', to: 'restarted' }])
    t.match((await plan('reboot', { when_file: join(here, 'asked') }, shell)).changes, [{ from: /asked exists/ }])
    t.same((await plan('reboot', { when_file: join(here, 'none') }, shell)).changes, [])
  })
}

for (const init of ['systemd', 'none'] as const)
  test(`a reboot of a host with ${init === 'none' ? 'no init' : init}`, async t => {
    const host = await labHost({ release: 'bookworm', init, ownBootId: true })
    t.teardown(() => host.remove())
    const shell: Shell = ['docker', 'exec', '-i', '-e', 'LC_ALL=C', host.container, 'sh']
    const yaml = { when_file: '/run/reboot-required', reboot_timeout: 60, msg: "it's time" }
    t.same((await plan('reboot', yaml, shell)).changes, [])
    // Without an init there is nobody to carry out a reboot: what is called then is what we look at.
    if (init === 'none')
      await host.sh(
        'rm -f /sbin/reboot /usr/sbin/reboot; printf "#!/bin/sh\\ntouch /run/rebooted\\n" >/usr/sbin/reboot; chmod +x /usr/sbin/reboot',
      )
    await host.sh('touch /run/reboot-required')
    const look = await plan('reboot', yaml, shell)
    t.equal(kindOf('reboot').returnsWithin?.(look.want), 60)
    t.match(await apply('reboot', look, shell), { code: 0, stderr: '' }, 'answers before it goes')
    const started = Date.now()
    if (init === 'none') {
      t.not((await host.sh('ls /run/rebooted', { check: false })).code, 0, 'not at once')
      while ((await host.sh('ls /run/rebooted', { check: false })).code !== 0 && Date.now() - started < 20_000)
        await pause(200)
      t.equal((await host.sh('ls /run/rebooted')).stdout, '/run/rebooted\n')
      return
    }
    const boot = async (): Promise<string> =>
      (await host.sh('cat /proc/sys/kernel/random/boot_id', { check: false })).stdout.trim()
    const { boot: old } = look.seen as { boot: string }
    t.equal(await boot(), old, 'not at once')
    while (['', old].includes(await boot()) && Date.now() - started < 30_000) await pause(200)
    await host.start()
    const after = await plan('reboot', yaml, shell)
    t.not((after.seen as { boot: string }).boot, old, 'another boot')
    t.same(after.changes, [], 'the file went with the boot')
  })
