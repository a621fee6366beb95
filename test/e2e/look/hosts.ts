// Entering hosts: ssh, sh, the lock, and the question about a host key that nobody knows.
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { hostEntry, launcher, type TestProject, testProject, told } from '../command.js'
import { type Fleet, fileWith, nobody, talker, ticker } from './project.js'

/** `ssh` runs a command, or opens a terminal. */
export async function testSsh(t: Test, project: TestProject, { web }: Fleet): Promise<void> {
  const words = await project.run(['ssh', 'web', '--', 'sh', '-c', 'cat; echo aside >&2; exit 5'], { input: 'ahoy\n' })
  t.same([words.code, words.stdout, words.stderr], [5, 'ahoy\n', 'aside\n'])
  const text = await project.run(['ssh', 'web', '--', 'hostname; id -un'])
  t.same([text.code, text.stdout], [0, `${web.name}\nroot\n`], told(text))
  const quoted = await project.run(['ssh', 'web', '--', 'printf', '%s|', 'a b', "$HOME '"])
  t.equal(quoted.stdout, "a b|$HOME '|")
  const [sum = ''] = (await web.sh('head -c 9000000 /dev/urandom >/tmp/blob; sha256sum /tmp/blob')).stdout.split(' ')
  const blob = execFileSync(process.execPath, [launcher, 'ssh', 'web', '--', 'cat', '/tmp/blob'], {
    cwd: project.folder,
    maxBuffer: 10_000_000,
  })
  t.equal(createHash('sha256').update(blob).digest('hex'), sum, 'any bytes come whole, however many')
  const endless = await project.run(['ssh', 'web', '--', 'while echo on; do sleep 0.1; done'], {
    interruptAt: /(on\n){3}/,
  })
  t.equal(endless.code, 130, told(endless))
  const entered = await project.run(['ssh', 'web'], {
    typing: [
      [/:~# $/, 'stty size; tty; hostname\r'],
      [/\/dev\/pts\/\d+\r\n.+\r\n/, 'exit 9\r'],
    ],
  })
  t.equal(entered.code, 9, told(entered))
  t.match(entered.stdout, new RegExp(`24 100\\r\\n/dev/pts/\\d+\\r\\n${web.name}\\r\\n`))
  const command = await project.run(['ssh', 'web', '--', 'test -t 0 && echo ready && read w && echo "<$w>"'], {
    typing: [[/ready/, 'ahoy\r']],
  })
  t.match(command.stdout, /<ahoy>/, told(command))
  const unasked = await project.run(['ssh', 'web'])
  t.equal(unasked.code, 3, told(unasked))
  t.match(unasked.stderr, /there is no terminal here\n→ say what to run: longshore ssh web -- COMMAND/)
  const unknown = await project.run(['ssh', 'wbe', '--', 'true'])
  t.equal(unknown.code, 3, told(unknown))
  t.match(unknown.stderr, /no host or group "wbe"; did you mean "web"\?/)
}

/** `sh` runs on all that it names, and ends with what went worst. */
export async function testSh(t: Test, project: TestProject, fleet: Fleet): Promise<void> {
  const both = await project.run(['sh', 'all', '--', 'hostname'])
  t.equal(both.code, 0, told(both))
  t.same(both.stdout.split('\n').filter(Boolean).sort(), [`db  | ${fleet.db.name}`, `web | ${fleet.web.name}`])
  const failing = await project.run(['sh', 'all', '--', `echo here; test "$(hostname)" = ${fleet.web.name}`])
  t.equal(failing.code, 1, told(failing))
  t.match(failing.stderr, /db: ended with exit code 1/)
  t.notMatch(failing.stderr, /web: /)
  t.equal(failing.stdout.match(/here/g)?.length, 2, 'each ran')
  const wider = testProject({ 'longshore.yaml': fileWith(fleet, '', nobody).replace('containers:\n', '') })
  t.teardown(() => wider.remove())
  const unreachable = await wider.run(['sh', 'all', '--', 'hostname'])
  t.equal(unreachable.code, 4, told(unreachable))
  t.match(unreachable.stderr, /gone: /)
  t.match(unreachable.stdout, /^db {3}\| .*\n?/m, 'the others ran')
  t.match(unreachable.stdout, /^web {2}\| /m, 'the others ran')
  const json = await project.run(['--json', 'sh', 'role=web', '--', 'echo ahoy; exit 3'])
  t.match(json.events().slice(0, 2), [
    { type: 'line', host: 'web', text: 'ahoy' },
    { type: 'result', host: 'web', code: 3 },
  ])
  t.equal(json.code, 1)
}

/** `lock` tells who works on a host, and releases what a killed run has left. */
export async function testLock(t: Test, project: TestProject, fleet: Fleet): Promise<void> {
  const free = await project.run(['lock'])
  t.same([free.code, free.stdout], [0, 'web  not locked\ndb  not locked\n'], told(free))
  const slow = `- hosts: db\n  tasks:\n    - name: wait\n      command: { sh: "echo waiting; sleep 600" }\n`
  const busy = testProject({
    'longshore.yaml': `${fileWith(fleet, talker + ticker())}playbooks: [slow.yaml]\n`,
    'slow.yaml': slow,
  })
  t.teardown(() => busy.remove())
  const killed = await busy.run(['-v', '--report', 'plain', 'up', '--yes', '--on', 'db'], { killAt: /\| waiting/ })
  t.equal(killed.code, 137, told(killed))
  await fleet.db.sh('pkill -f "sleep 600" || true')
  const held = await project.run(['lock'])
  t.equal(held.code, 5, told(held))
  t.match(held.stdout, /^web {2}not locked\ndb {2}held by root@\S+, process \d+ for up, since \d+ s\n$/)
  const json = await project.run(['--json', 'lock', '--on', 'db'])
  t.match(json.events()[0], { type: 'lock', host: 'db', lock: { reason: 'up' } })
  const unasked = await project.run(['lock', '--release'])
  t.equal(unasked.code, 3, told(unasked))
  t.match(unasked.stderr, /say --yes to answer yes/)
  const declined = await project.run(['lock', '--release'], { typing: [[/\[y\/N\]/, 'n\r']] })
  t.equal(declined.code, 5, `still held: ${told(declined)}`)
  const released = await project.run(['lock', '--release', '--yes'])
  t.equal(released.code, 0, told(released))
  const after = await project.run(['lock'])
  t.equal(after.code, 0, told(after))
}

/** A host whose key nobody knows is asked about at a terminal: yes writes it down, no leaves everything as it was. */
export async function testUnknownKey(t: Test, { web }: Fleet): Promise<void> {
  const entry = hostEntry(web, { host_key: undefined })
  const project = testProject({ 'longshore.yaml': `project: keys\nhosts:\n  web: ${entry}\n` })
  t.teardown(() => project.remove())
  const known = join(project.folder, '.home', '.ssh', 'known_hosts')
  const silent = await project.run(['ssh', 'web', '--', 'true'])
  t.equal(silent.code, 4, told(silent))
  t.match(silent.stderr, /--accept-new-host-keys/)
  const mark = `/tmp/mark-${randomBytes(4).toString('hex')}`
  const no = await project.run(['ssh', 'web', '--', `touch ${mark}`], { typing: [[/\[y\/N\]/, 'no\r']] })
  t.equal(no.code, 4, told(no))
  t.match(no.stdout, /web \(\[127\.0\.0\.1\]:\d+\) is not known yet\. Its ssh-ed25519 key is SHA256:\S+/)
  t.notOk(existsSync(known), 'nothing was written')
  t.equal((await web.sh(`test -e ${mark}`)).code, 1, 'and nothing was run')
  const yes = await project.run(['ssh', 'web', '--', `touch ${mark}`], { typing: [[/\[y\/N\]/, 'yes\r']] })
  t.equal(yes.code, 0, told(yes))
  t.equal(readFileSync(known, 'utf8'), `[127.0.0.1]:${web.port} ${web.hostKey}\n`)
  t.equal((await web.sh(`test -e ${mark}`)).code, 0)
  const again = await project.run(['ssh', 'web', '--', 'echo known'])
  t.same([again.code, again.stdout, again.stderr], [0, 'known\n', ''], told(again))
}
