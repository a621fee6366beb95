// Runs that do not come to their end, and runs at the same time: interrupted, killed, cut off, locked out. The next run finishes each.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { type Test, test } from 'tap'
import { busyboxTarball, labHost, pause, run } from '../../lab/index.js'
import { hostEntry, packageRoot, type TestProject, testProject, told } from '../command.js'
import { ended, said, stateOf } from './trouble-told.js'

tap.setTimeout(600_000)

const [web, box] = await Promise.all([labHost({ name: 'web', engine: true }), labHost({ name: 'box', init: 'none' })])
await web.sh('docker import - box:1', { input: readFileSync(await busyboxTarball()), check: true })
// Ann may become root without a password, and the file does not say so.
await box.sh(
  `useradd -m ann && cp -r /root/.ssh /home/ann/ && chown -R ann: /home/ann/.ssh
   echo 'ann ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ann`,
  { check: true },
)

/** A project on `box` whose one playbook has these tasks and handlers (YAML). */
function playing(
  t: Test,
  name: string,
  tasks: string,
  { handlers = '', login = 'root' }: { handlers?: string; login?: string } = {},
): TestProject {
  const project = testProject({
    'longshore.yaml': `project: ${name}\nhosts: { box: ${hostEntry(box, { user: login })} }\nplaybooks: [play.yaml]\n`,
    'play.yaml': `- name: play\n  hosts: all\n  become: true\n  tasks:\n${tasks}${handlers === '' ? '' : `  handlers:\n${handlers}`}`,
  })
  t.teardown(project.remove)
  return project
}

const copy = (name: string, path: string, more = ''): string =>
  `    - { name: ${name}, copy: { content: "${name}\\n", dest: ${path} }${more} }\n`
/** Says its process id and takes its time, once. */
const slow = (path: string, seconds: number): string =>
  `    - { name: slow, command: { sh: "echo $$ > ${path}.pid; echo taking time; sleep ${seconds}; touch ${path}", creates: ${path} } }\n`

const isThere = async (path: string): Promise<boolean> => (await box.sh(`test -e ${path}`)).code === 0
const isLocked = (project: string): Promise<boolean> => isThere(`/var/lib/longshore/${project}/lock`)

/** Waits until something holds on the host, at most ten seconds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await pause(50)) if (await holds()) return
  throw new Error('it did not come to be so within ten seconds')
}

/** The next run finishes what is open, and the one after it has nothing to do. */
async function isFinishedByTheNext(t: Test, project: TestProject): Promise<void> {
  ended(t, await project.run(['up', '--yes']), 0)
  const before = await stateOf(box)
  ended(t, await project.run(['up', '--yes']), 0, /Nothing to do/)
  t.equal(await stateOf(box), before, 'the run after that changes nothing')
  ended(t, await project.run(['plan', '--exit-code']), 0)
}

for (const user of ['root', 'ann'])
  test(`an interrupted run of ${user} ends what runs, gives the lock back, and the next run finishes it`, async t => {
    const at = `/srv/cut-${user}`
    const tasks = copy('first', `${at}-first`) + slow(`${at}-slow`, 30) + copy('last', `${at}-last`)
    const project = playing(t, `cut-${user}`, tasks, { login: user })
    const began = Date.now()
    const ran = await project.run(['up', '--yes', '-v'], { interruptAt: /\| taking time/ })
    const seconds = (Date.now() - began) / 1000
    t.ok(await isThere(`${at}-first`), 'what was done is done')
    t.notOk(await isThere(`${at}-last`), 'nothing new was begun')
    const id = await said(box, `cat ${at}-slow.pid`)
    t.not((await box.sh(`kill -0 ${id}`)).code, 0, 'what ran on the host has been ended')
    t.notOk(await isLocked(`cut-${user}`), 'the lock is given back')
    ended(t, ran, 130, /Interrupted/)
    t.ok(seconds < 15, `it took ${seconds} s`)
    await box.sh(`touch ${at}-slow`)
    await isFinishedByTheNext(t, project)
    t.equal(await said(box, `cat ${at}-last`), 'last')
  })

test('a run killed between a change and its handler: the next takes over its lock and runs the handler once', async t => {
  const project = playing(
    t,
    'killed',
    copy('setting', '/srv/killed-setting', ', notify: tell') + slow('/srv/killed-slow', 2),
    { handlers: '    - { name: tell, command: { sh: "echo told >> /srv/killed-told" } }\n' },
  )
  const ran = await project.run(['up', '--yes', '-v'], { killAt: /\| taking time/ })
  t.equal(ran.code, 137, told(ran))
  t.ok(await isThere('/srv/killed-setting'), 'the change was made')
  t.notOk(await isThere('/srv/killed-told'), 'its handler has not run')
  t.ok(await isLocked('killed'), 'the lock was left behind')
  await until(() => isThere('/srv/killed-slow'))

  const plan = await project.run(['plan', '--json'])
  const [event] = plan.events().filter(({ type }) => type === 'plan') as [{ steps: { verb: string; cause: string }[] }]
  t.same(
    event.steps.map(({ cause }) => cause.replace(/^.*: /, '')),
    ['interrupted run'],
    'only the handler is planned, with its cause',
  )
  t.ok(await isLocked('killed'), 'a plan takes no lock away')
  await isFinishedByTheNext(t, project)
  t.equal(await said(box, 'cat /srv/killed-told'), 'told', 'the handler ran once')
  t.notOk(await isLocked('killed'))
})

test('a handler that fails is due again in the next run', async t => {
  const project = playing(t, 'due', copy('setting', '/srv/due-setting', ', notify: tell'), {
    handlers: '    - { name: tell, command: { sh: "test -e /srv/due-may && echo told >> /srv/due-told" } }\n',
  })
  ended(t, await project.run(['up', '--yes']), 1, /box, tell/)
  await box.sh('touch /srv/due-may')
  ended(t, await project.run(['up', '--yes']), 0, /interrupted run/)
  t.equal(await said(box, 'cat /srv/due-told'), 'told')
  ended(t, await project.run(['plan', '--exit-code']), 0)
})

test('of two operators the second is told who works there, and changes nothing', async t => {
  const first = playing(t, 'two', slow('/srv/two-slow', 12))
  const second = playing(t, 'two', copy('other', '/srv/two-other'))
  const running = first.run(['up', '--yes'])
  await until(() => isThere('/srv/two-slow.pid'))
  const owner = await said(box, 'cat /var/lib/longshore/two/lock/owner')
  const refused = await second.run(['up', '--yes'])
  t.notOk(await isThere('/srv/two-other'), 'the second changed nothing')
  t.equal(await said(box, 'cat /var/lib/longshore/two/lock/owner'), owner, 'the first still has the lock')
  ended(t, refused, 5, /\bbox\b/, /locked/, /for up/, /lock --release/)
  t.match(told(refused), owner, 'the owner is named')
  t.match(told(await second.run(['lock'])), owner, '`lock` names it too')
  ended(t, await running, 0)
  t.ok(await isThere('/srv/two-slow'), 'the first was not disturbed')
  ended(t, await second.run(['up', '--yes']), 0)
  t.equal(await said(box, 'cat /srv/two-other'), 'other', 'afterwards it is the second one’s turn')
})

test('a lock of another machine stays until lock --release', async t => {
  const project = playing(t, 'left', copy('page', '/srv/left-page'))
  await said(
    box,
    `d=/var/lib/longshore/left/lock; mkdir -p $d; echo 'ann@laptop, process 1' > $d/owner; echo up > $d/reason; date +%s > $d/since`,
  )
  ended(t, await project.run(['up', '--yes']), 5, /ann@laptop, process 1/)
  ended(t, await project.run(['lock']), 5, /ann@laptop, process 1/)
  ended(t, await project.run(['lock', '--release']), 3, /--yes/)
  t.ok(await isLocked('left'), 'nobody has released it')
  ended(t, await project.run(['lock', '--release', '--yes']), 0, /released/)
  t.notOk(await isLocked('left'))
  ended(t, await project.run(['lock']), 0, /not locked/)
  await isFinishedByTheNext(t, project)
})

test('two runs that race leave one whole state', async t => {
  const files = {
    'longshore.yaml': `project: race
hosts: { web: ${hostEntry(web)} }
playbooks: [play.yaml]
containers:
  one: { image: "box:1", command: [sleep, "1000"], init: true }
  two: { image: "box:1", command: [sleep, "1000"], init: true, depends_on: [one] }
`,
    'play.yaml': `- name: play
  hosts: all
  tasks:
    - { name: line, command: { sh: "echo line >> /srv/race", creates: /srv/race } }
`,
  }
  const projects = [testProject(files), testProject(files)] as const
  for (const project of projects) t.teardown(project.remove)
  const ran = await Promise.all(projects.map(project => project.run(['up', '--yes'])))
  t.equal(await said(web, 'cat /srv/race'), 'line', 'done once')
  t.equal(
    await said(web, "docker ps -a --format '{{.Names}} {{.State}}' | sort"),
    'race-one-1 running\nrace-two-1 running',
  )
  t.equal((await web.sh('test -e /var/lib/longshore/race/lock')).code, 1, 'no lock is left')
  t.ok(
    ran.some(({ code }) => code === 0),
    ran.map(told).join('\n'),
  )
  for (const one of ran) ended(t, one, one.code === 0 ? 0 : 5)
  for (const project of projects) ended(t, await project.run(['plan', '--exit-code']), 0)
  ended(t, await projects[0].run(['down', '--yes']), 0)
})

test('a connection lost half way is told as that, and the next run finishes', async t => {
  const project = playing(
    t,
    'lost',
    copy('first', '/srv/lost-first') + slow('/srv/lost-slow', 3) + copy('last', '/srv/lost-last'),
  )
  const running = project.run(['up', '--yes'])
  await until(() => isThere('/srv/lost-slow.pid'))
  // From the command up to the first sshd above it: the process that carries this connection.
  await said(
    box,
    `p=$(cat /srv/lost-slow.pid)
     until [ "$(cat /proc/$p/comm)" = sshd ]; do p=$(sed -n 's/^PPid:\\t*//p' /proc/$p/status); done
     [ "$p" -gt 1 ] && kill -9 "$p"`,
  )
  const ran = await running
  ended(t, ran, 4, /\bbox\b/, /connection was lost/, /look at the host/, /skipped/)
  t.notOk(await isThere('/srv/lost-last'), 'nothing came after it')
  await until(() => isThere('/srv/lost-slow'))
  await isFinishedByTheNext(t, project)
  t.equal(await said(box, 'cat /srv/lost-last'), 'last')
  t.notOk(await isLocked('lost'))
})

test('a reader that goes away is no trouble', async t => {
  const project = playing(
    t,
    'pipe',
    `    - { name: many, copy: { content: "{{item}}\\n", dest: "/srv/pipe-{{item}}" }, loop: [${Array.from({ length: 60 }, (_, index) => index).join(', ')}] }\n`,
  )
  const launcher = join(packageRoot, 'cli', 'longshore.cjs')
  const { NODE_EXTRA_CA_CERTS: _unused, ...env } = process.env
  const piped = (line: string): ReturnType<typeof run> =>
    run(
      'bash',
      ['-c', `cd "$1"; shift; ${line}; exit "\${PIPESTATUS[0]}"`, 'bash', project.folder, process.execPath, launcher],
      {
        env: { ...env, HOME: join(project.folder, '.home'), NO_COLOR: '1' } as Record<string, string>,
      },
    )
  for (const line of [
    '"$@" --help | head -1',
    '"$@" schema | head -1',
    '"$@" plan | head -1',
    '"$@" plan --json | true',
    '"$@" plan -v | true',
  ]) {
    const ran = await piped(line)
    t.equal(ran.code, 0, `${line}\n${ran.stdout}${ran.stderr}`)
    t.notMatch(ran.stderr, /EPIPE|Error|error|\n\s+at /, `${line}: quiet`)
  }
  const ran = await piped('"$@" up --yes --json | head -1')
  t.notMatch(ran.stderr, /EPIPE|Error|error|\n\s+at /, 'up: quiet')
  t.notOk(await isLocked('pipe'), 'no lock is left')
  ended(t, await project.run(['up', '--yes']), 0)
  t.equal(await said(box, 'ls /srv/pipe-* | wc -l'), '60', 'whether that run went on or not: the next one has it whole')
  ended(t, await project.run(['plan', '--exit-code']), 0)
})

test('hosts are removed', async () => {
  await Promise.all([web.remove(), box.remove()])
})
