// Playbooks on real hosts: what an earlier task changes is true for later ones, what is listed is done, and a second run does nothing.
import tap, { test } from 'tap'
import { type LabHost, labHost } from '../../lab/index.js'
import { hostEntry, type Ran, testProject, told } from '../command.js'
import { changedFacts, hostState } from '../host-state.js'
import { ends, planned } from '../run-events.js'

// Hosts boot and packages are installed: more than the usual half minute.
tap.setTimeout(600_000)

const base = `- name: base
  hosts: all
  become: true
  vars: { folders: [in, out] }
  tasks:
    - name: the package makes a user
      package: { name: uuid-runtime }
    - name: which a later file belongs to
      file: { path: /srv/uuid, state: directory, owner: uuidd, group: uuidd, mode: "0750" }
    - name: folders
      file: { path: "/srv/{{ item }}", state: directory }
      loop: folders
    - name: look at the host
      command: { sh: "cat /etc/colour 2>/dev/null || echo none" }
      read_only: true
      register: colour
    - name: only where nothing was there
      copy: { dest: /etc/first-colour, content: "{{ vars.colour_wanted }}\\n" }
      when: colour.stdout == "none"
    - name: the settings
      template: { src: settings.hbs, dest: /etc/app.conf, mode: "0644" }
      notify: reload
    - name: more settings
      copy: { dest: /etc/app.extra, content: "depth={{ vars.depth }}\\n" }
      notify: reload
    - name: on Debian 12 alone
      file: { path: /srv/bookworm, state: directory }
      when: facts.os.codename == "bookworm"
    - name: on Debian 13 alone
      file: { path: /srv/trixie, state: directory }
      when: facts.os.codename == "trixie"
    - name: never anywhere
      file: { path: /srv/never, state: directory }
      when: facts.os.family == "redhat"
  handlers:
    - name: reload
      command: { sh: "echo reloaded >>/var/log/app-reloads" }
`

const settings =
  '# {{ host.name }}\nname={{ host.name }}\ncolour={{ vars.colour_wanted }}\ncodename={{ facts.os.codename }}\n'

const project = (hosts: Record<string, LabHost>): string => `project: truth
vars: { colour_wanted: grey, depth: 1 }
hosts:
${Object.entries(hosts)
  .map(([name, host]) => `  ${name}: ${hostEntry(host)}\n`)
  .join('')}groups:
  warm: { hosts: [red], vars: { colour_wanted: scarlet } }
playbooks: [base.yaml]
`

const cat = async (host: LabHost, path: string): Promise<string> => (await host.sh(`cat ${path}`)).stdout

test('playbooks tell the truth before, and hold to it', async t => {
  const [red, blue] = await Promise.all([labHost({ name: 'red' }), labHost({ name: 'blue', release: 'trixie' })])
  const hosts = [red, blue]
  t.teardown(() => Promise.all(hosts.map(host => host.remove())))
  const there = testProject({
    'longshore.yaml': project({ red, blue }),
    'base.yaml': base,
    'templates/settings.hbs': settings,
  })
  t.teardown(() => there.remove())

  const untouched = async (work: () => Promise<Ran>): Promise<Ran> => {
    const before = await Promise.all(hosts.map(hostState))
    const ran = await work()
    const after = await Promise.all(hosts.map(hostState))
    for (const [index, state] of before.entries()) t.same(changedFacts(state, after[index] ?? new Set()), [])
    return ran
  }

  await t.test('the plan lists what will be done, each step with its cause', async t => {
    const plan = await untouched(() => there.run(['--json', 'plan']))
    t.equal(plan.code, 0, told(plan))
    const titles = planned(plan)
      .filter(({ id }) => id.startsWith('red/'))
      .map(({ id, certainty }) => `${certainty} ${id.replace('red/base/', '')}`)
    t.same(titles, [
      'will the package makes a user',
      'will which a later file belongs to',
      'will folders #1',
      'will folders #2',
      'unknown only where nothing was there',
      'will the settings',
      'will more settings',
      'will on Debian 12 alone',
      'will handler reload',
    ])
    const handlers = planned(plan).filter(({ id }) => id === 'red/base/handler reload')
    t.match(handlers[0]?.cause, 'notified by', 'the handler says who notified it')
    const blues = planned(plan).map(({ id }) => id)
    t.ok(blues.includes('blue/base/on Debian 13 alone'))
    t.notOk(blues.includes('blue/base/on Debian 12 alone'))
  })

  await t.test('up does just that: users, loops, registers, group variables, and each handler once', async t => {
    const up = await there.run(['--json', 'up', '--yes'])
    t.equal((await red.sh('stat -c "%U:%G %a" /srv/uuid')).stdout, 'uuidd:uuidd 750\n')
    t.equal((await red.sh('ls -d /srv/*')).stdout, '/srv/bookworm\n/srv/in\n/srv/out\n/srv/uuid\n')
    t.equal((await blue.sh('ls -d /srv/*')).stdout, '/srv/in\n/srv/out\n/srv/trixie\n/srv/uuid\n')
    t.equal(await cat(red, '/etc/first-colour'), 'scarlet\n', 'a group is stronger than the project')
    t.equal(await cat(blue, '/etc/first-colour'), 'grey\n')
    t.equal(await cat(red, '/etc/app.conf'), '# red\nname=red\ncolour=scarlet\ncodename=bookworm\n')
    t.equal(await cat(blue, '/etc/app.conf'), '# blue\nname=blue\ncolour=grey\ncodename=trixie\n')
    for (const host of hosts) t.equal(await cat(host, '/var/log/app-reloads'), 'reloaded\n', 'once for two notices')
    t.equal(up.code, 0, told(up))
    const wrong = Object.entries(ends(up)).filter(([, state]) => state !== 'done' && state !== 'already')
    t.same(wrong, [])
    t.same(
      Object.keys(ends(up)).sort(),
      planned(up)
        .map(({ id }) => id)
        .sort(),
    )
  })

  await t.test('a second time nothing is done', async t => {
    const again = await untouched(() => there.run(['up', '--yes']))
    t.equal(again.code, 0, told(again))
    t.match(again.stdout, 'Nothing to do.')
  })

  await t.test('a register decides by what the host says now', async t => {
    await red.sh('echo green >/etc/colour; rm /etc/first-colour', { check: true })
    const up = await there.run(['up', '--yes'])
    t.not((await red.sh('test -e /etc/first-colour')).code, 0, 'its condition was false')
    t.equal(up.code, 0, told(up))
    t.match(up.stdout, 'Nothing to do.')
  })

  await t.test('one notice runs the handler once more, and a variable of the command line is strongest', async t => {
    const up = await there.run(['--json', '--on', 'red', '--var', 'depth=7', 'up', '--yes'])
    t.equal(await cat(red, '/etc/app.extra'), 'depth=7\n')
    t.equal(await cat(blue, '/etc/app.extra'), 'depth=1\n')
    t.equal(await cat(red, '/var/log/app-reloads'), 'reloaded\nreloaded\n')
    t.equal(up.code, 0, told(up))
    t.same(ends(up), { 'red/base/more settings': 'done', 'red/base/handler reload': 'done' })
  })

  await t.test('what cannot be foretold is listed as unknown, and ends done or already so', async t => {
    there.write(
      'base.yaml',
      `- name: guess
  hosts: red
  become: true
  tasks:
    - name: no check
      command: { sh: "echo run >>/var/log/runs; cat /etc/choice" }
      register: choice
    - name: reads it
      file: { path: /srv/chosen, state: directory }
      when: choice.stdout == "yes"
    - name: checked
      command: { sh: "echo made >/etc/made" }
      check: test -e /etc/made
    - name: what it made
      file: { path: /etc/made, mode: "0600" }
`,
    )
    await red.sh('echo no >/etc/choice', { check: true })
    const plan = await untouched(() => there.run(['--json', 'plan']))
    const certainties = planned(plan).map(({ id, certainty }) => `${certainty} ${id.replace('red/guess/', '')}`)
    t.same(certainties, ['unknown no check', 'unknown reads it', 'will checked', 'will what it made'], told(plan))

    const first = await there.run(['--json', 'up', '--yes'])
    t.equal(await cat(red, '/var/log/runs'), 'run\n')
    t.equal((await red.sh('stat -c %a /etc/made')).stdout, '600\n')
    t.not((await red.sh('test -e /srv/chosen')).code, 0)
    t.equal(first.code, 0, told(first))
    const all = { 'red/guess/no check': 'done', 'red/guess/reads it': 'already' }
    t.same(ends(first), { ...all, 'red/guess/checked': 'done', 'red/guess/what it made': 'done' })

    await red.sh('echo yes >/etc/choice', { check: true })
    const second = await there.run(['--json', 'up', '--yes'])
    t.equal((await red.sh('test -d /srv/chosen')).code, 0)
    t.same(ends(second), { ...all, 'red/guess/reads it': 'done' }, told(second))
    const third = await there.run(['--json', 'up', '--yes'])
    t.same(ends(third), all, told(third))
  })

  await t.test('what an earlier step of the run changes counts for the later ones', async t => {
    there.write(
      'base.yaml',
      `- name: mood
  hosts: red
  become: true
  tasks:
    - name: set
      copy: { dest: /etc/mood, content: "{{ vars.mood }}" }
    - name: asked
      command: { sh: "cat /etc/mood || echo none" }
      read_only: true
      register: mood
    - name: repeated
      copy: { dest: /etc/repeated, content: "{{ mood.stdout }} it is" }
    - name: while there is none
      file: { path: /srv/moodless, state: directory }
      when: mood.stdout == "none"
    - name: only when merry
      file: { path: /srv/merry, state: directory }
      when: mood.stdout == "merry"
`,
    )
    const run = (...args: string[]): Promise<Ran> => there.run(['--json', '--var', 'mood=merry', ...args])
    const plan = await untouched(() => run('plan'))
    t.same(
      planned(plan).map(({ id }) => id),
      ['red/mood/set', 'red/mood/repeated', 'red/mood/while there is none'],
    )
    const first = await run('up', '--yes')
    t.equal(await cat(red, '/etc/repeated'), 'merry it is', 'not what the plan had read')
    t.equal((await red.sh('ls -d /srv/moodless /srv/merry')).stdout, '', 'neither on an old answer nor unlisted')
    const states = { 'red/mood/set': 'done', 'red/mood/repeated': 'done', 'red/mood/while there is none': 'already' }
    t.same(ends(first), states, told(first))
    t.equal(first.code, 1, 'what came up is told')
    t.match(first.stderr, /directory \/srv\/merry[\s\S]*run the command again/)
    const second = await run('up', '--yes')
    t.equal((await red.sh('test -d /srv/merry')).code, 0)
    t.equal(second.code, 0, told(second))
    t.same(planned(await run('up', '--yes')), [])
  })
})
