// Hosts that greet, flood, hang, lie, or have no room: a clear word, what was there stays, and Ctrl-C always works.
import type { Test } from 'tap'
import type { LabHost } from '../../lab/index.js'
import { hostEntry, testProject, told } from '../command.js'
import { ended, said } from '../trouble/trouble-told.js'

/** A login with sudo of its own, and what its shell reads when it starts. */
const giveLogin = (host: LabHost, name: string, shell: string, rc = ''): Promise<unknown> =>
  host.sh(
    `useradd -m -s ${shell} ${name} && mkdir -p /home/${name}/.ssh && cp /root/.ssh/authorized_keys /home/${name}/.ssh/ &&
    cat >/home/${name}/.bashrc && chown -R ${name} /home/${name} && echo "${name} ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/${name}`,
    { input: rc, check: true },
  )

const tricky = `x\\'; touch /tmp/pwned; '\\\\ "$HOME" !x`
const tasks = [
  { copy: { content: `${tricky}\nend\n`, dest: '/srv/written' } },
  { command: { sh: 'cat >/srv/read; printf %s "$A" >>/srv/read', stdin: tricky, environment: { A: { secret: 'T' } } } },
]

export async function testLogins(t: Test, host: LabHost): Promise<void> {
  await host.sh('apt-get update -q && apt-get install -y -q --no-install-recommends fish', { check: true })
  const file = (user: string): string =>
    `project: login\nhosts: { bad: ${hostEntry(host, { user })} }\nplaybooks: [play.yaml]\nsecrets: { T: { env: T } }\n`
  const project = testProject({ 'play.yaml': JSON.stringify([{ hosts: 'all', become: true, tasks }]) })
  t.teardown(() => project.remove())
  const runAs = (user: string, interruptAt?: RegExp) => {
    project.write('longshore.yaml', file(user))
    return project.run(['up', '--yes', '-v'], { env: { T: tricky }, ...(interruptAt ? { interruptAt } : {}) })
  }
  const good: [string, string, string][] = [
    ['greets', '/bin/bash', 'echo hello; echo oops >&2; printf "\\033]0;title\\007"\n'],
    ['babbles', '/bin/bash', 'head -c 200000 /dev/urandom; printf "\\nlongshore-0 0\\n"; echo uid=0\n'],
    ['fishes', '/usr/bin/fish', ''],
  ]
  for (const [name, shell, rc] of good) {
    await host.sh('rm -rf /srv/*')
    await giveLogin(host, name, shell, rc)
    ended(t, await runAs(name), 0)
    t.equal(await said(host, 'cat /srv/written'), `${tricky}\nend`, name)
    t.equal(await said(host, 'cat /srv/read'), tricky + tricky, name)
  }
  t.equal((await host.sh('ls /tmp/pwned')).code, 2, 'nothing ran that was data')
  const bad: [string, string, string, RegExp][] = [
    ['leaves', '/usr/sbin/nologin', '', /the login shell of leaves does not run commands[\s\S]*not available/],
    ['fails', '/bin/false', '', /the login shell of fails does not run commands/],
    ['floods', '/bin/bash', 'yes longshore\n', /more than 8 MiB/],
  ]
  for (const [name, shell, rc, says] of bad) {
    await giveLogin(host, name, shell, rc)
    ended(t, await runAs(name), 1, says)
  }
  await giveLogin(host, 'hangs', '/bin/bash', 'sleep 1000\n')
  const began = Date.now()
  ended(t, await runAs('hangs', /reading/), 130)
  t.ok(Date.now() - began < 15_000, 'it is left at once')
}

/** Programs of the host that say what they should not. */
export async function testLies(t: Test, host: LabHost): Promise<void> {
  await giveLogin(host, 'lies', '/bin/bash', 'export PATH=/home/lies/bin:$PATH\n')
  const project = testProject({
    'longshore.yaml': `project: lies\nhosts: { bad: ${hostEntry(host, { user: 'lies' })} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': JSON.stringify([
      { hosts: 'all', tasks: [{ copy: { content: 'hello', dest: '/home/lies/f' } }, { user: { name: 'root' } }] },
    ]),
  })
  t.teardown(() => project.remove())
  const lies: Record<string, string> = {
    stat: 'echo 644 root root NaN',
    sha256sum: `printf '\\033]0;x\\007'`,
    getent: 'echo x',
    id: 'yes | head -c 20000000',
    uname: `printf '\\033[31m\\nlongshore-0 0\\nuid=0\\n'`,
  }
  for (const [program, does] of Object.entries(lies)) {
    await host.sh(
      `rm -rf /home/lies/bin /home/lies/f; mkdir /home/lies/bin; cat >/home/lies/bin/${program}; chmod +x /home/lies/bin/*; echo old >/home/lies/f`,
      {
        input: `#!/bin/sh\nPATH=/usr/bin:/bin\n${does}\n`,
        check: true,
      },
    )
    const ran = await project.run(['up', '--yes', '-v'])
    ended(t, ran, program === 'uname' ? 1 : 1)
    t.notMatch(told(ran), /\u001b/, program)
    t.equal(await said(host, 'cat /home/lies/f'), 'old', `${program}: what was there stays`)
  }
}

/** No room, and read-only: what was there stays, and the place is named. */
export async function testNoRoom(t: Test, host: LabHost): Promise<void> {
  await host.sh('mkdir -p /mnt/tiny && mount -t tmpfs -o size=100k tmpfs /mnt/tiny && echo old >/mnt/tiny/f', {
    check: true,
  })
  t.teardown(() => host.sh('umount /mnt/tiny'))
  const project = testProject({
    'longshore.yaml': `project: room\nhosts: { bad: ${hostEntry(host)} }\nplaybooks: [play.yaml]\n`,
    big: 'x'.repeat(300_000),
    'two/a': '1'.repeat(200_000),
    'two/b': '2'.repeat(200_000),
  })
  t.teardown(() => project.remove())
  const fails = async (copy: object, says: RegExp): Promise<void> => {
    project.write('play.yaml', JSON.stringify([{ hosts: 'all', tasks: [{ copy }] }]))
    ended(t, await project.run(['up', '--yes']), 1, says)
    t.equal(
      await said(host, 'cat /mnt/tiny/f; find /mnt/tiny -type f'),
      'old\n/mnt/tiny/f',
      'the old content, and nothing beside it',
    )
  }
  await fails({ src: 'big', dest: '/mnt/tiny/f' }, /\/mnt\/tiny\/f is as it was/)
  await fails({ src: 'two', dest: '/mnt/tiny/' }, /No space left/)
  await host.sh('mount -t tmpfs -o size=4k tmpfs /tmp', { check: true })
  await fails({ src: 'two', dest: '/srv/' }, /nothing was written.*\/tmp/).finally(() => host.sh('umount /tmp'))
  await host.sh('mount -o remount,ro /mnt/tiny', { check: true })
  await fails({ content: 'new', dest: '/mnt/tiny/f' }, /Read-only file system/)
}

/** Prints what terminals obey, bars that move, and a line of a megabyte. */
const noise = `printf '\\033]0;title\\007\\033[2J\\033[31mred\\033[0m\\n'; i=0; while [ $i -lt 300 ]; do printf "\\r$i%%"; i=$((i+1)); done; echo; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo the end >&2; exit 7`

export async function testNoise(t: Test, host: LabHost): Promise<void> {
  const project = testProject({
    'img/Dockerfile': `FROM box:1\nRUN ${noise}\n`,
    'longshore.yaml': `project: noise\nhosts: { bad: ${hostEntry(host)} }\ncontainers: { app: { build: ./img } }\n`,
    'play.yaml': JSON.stringify([{ hosts: 'all', tasks: [{ command: { sh: noise } }] }]),
  })
  t.teardown(async () => {
    await project.run(['down', '--yes'])
    project.remove()
  })
  const runs = async (...args: string[]): Promise<void> => {
    const ran = await project.run(args)
    ended(t, ran, 1, /red/, /the end/, /code:? 7/)
    t.notMatch(told(ran), /[\u001b\u0007\r]/, 'nothing that a terminal obeys')
    t.ok(told(ran).length < 100_000, `bounded: ${told(ran).length}`)
  }
  for (const flag of ['-v', '--json']) await runs('up', '--yes', flag)
  project.write('longshore.yaml', `project: noise\nhosts: { bad: ${hostEntry(host)} }\nplaybooks: [play.yaml]\n`)
  for (const flag of ['-v', '--json']) await runs('up', '--yes', flag)
  for (const [task, says] of [
    [{ command: 'yes and again' }, /more than 8 MiB/],
    [{ command: 'trap "" TERM; while :; do sleep 1; done', timeout: 1 }, /did not end within 1 s/],
  ] as const) {
    project.write('play.yaml', JSON.stringify([{ hosts: 'all', tasks: [task] }]))
    ended(t, await project.run(['up', '--yes']), 1, says)
  }
  t.equal((await host.sh('pgrep -x yes')).code, 1, 'it was ended there')
}
