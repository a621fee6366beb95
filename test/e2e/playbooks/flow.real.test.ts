// Plays over three real hosts by the real command: batches and what fails in them, another host's work and facts, a reboot.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { type LabHost, labHost } from '../../lab/index.js'
import { hostEntry, type Ran, testProject, told } from '../command.js'
import { giveRootfs } from '../host-state.js'
import { ends, planned } from '../run-events.js'

// Hosts boot, and one of them twice.
tap.setTimeout(600_000)

const names = ['web1', 'web2', 'web3'] as const

const site = (hosts: readonly LabHost[], playbooks: string): string =>
  `project: flow
hosts:
${hosts.map(host => `  ${host.name}: ${hostEntry(host)}`).join('\n')}
playbooks: [${playbooks}]
`

const rolling = `- name: roll
  hosts: all
  serial: 1
  tasks:
    - name: deploy
      block:
        - { name: note the beginning, command: { sh: "date +%s%N >/root/began", creates: /root/began } }
        - { name: out of the pool, command: { sh: "echo {{ host.name }} >>/root/pool", check: "grep -qx {{ host.name }} /root/pool" }, delegate_to: web1 }
        - { name: install, command: { sh: "test ! -e /root/broken && echo new >/root/app", creates: /root/app } }
      rescue:
        - { name: put back, copy: { dest: /root/app.old, content: old } }
        - { name: give up, command: { sh: "exit 7", check: "test -e /root/app" } }
      always:
        - { name: back in the pool, command: { sh: "echo {{ host.name }} >>/root/back", check: "grep -qx {{ host.name }} /root/back" }, delegate_to: web1 }
    - { name: tell, debug: "{{ host.name }} is done" }
`

const counts = (ran: Ran): Record<string, unknown>[] =>
  ran.events().flatMap(event => (event.type === 'summary' ? (event.hosts as Record<string, unknown>[]) : []))

test('plays over several hosts', async t => {
  const hosts = await Promise.all(names.map(name => labHost({ name, ownBootId: name === 'web2' })))
  t.teardown(() => Promise.all(hosts.map(host => host.remove())))
  const [web1, web2, web3] = hosts as [LabHost, LabHost, LabHost]
  const project = testProject({ 'longshore.yaml': site(hosts, 'roll.yaml'), 'roll.yaml': rolling })
  t.teardown(() => project.remove())
  const read = async (host: LabHost, path: string): Promise<string> => (await host.sh(`cat ${path} 2>&1`)).stdout.trim()

  await t.test('a rolling change stops at the host that fails, and goes on with those that did', async t => {
    await web2.sh('touch /root/broken', { check: true })
    const plan = await project.run(['plan'])
    t.match(plan.stdout, /\\? .*only if deploy fails/, told(plan))
    t.notMatch(plan.stdout, /is done/)
    const up = await project.run(['--json', 'up', '--yes'])
    t.equal(up.code, 1, told(up))
    t.match(ends(up), {
      'web1/roll/install': 'done',
      'web2/roll/install': 'failed',
      'web2/roll/put back': 'done',
      'web2/roll/give up': 'failed',
      'web2/roll/back in the pool': 'done',
      'web3/roll/install': 'skipped',
    })
    t.match(counts(up), [
      { host: 'web1', failed: 0 },
      { host: 'web2', failed: 1, rescued: 1 },
      { host: 'web3', changed: 0 },
    ])
    t.same((await read(web1, '/root/pool')).split('\n'), ['web1', 'web2'], 'done on the host that it is delegated to')
    t.same((await read(web1, '/root/back')).split('\n'), ['web1', 'web2'])
    t.match(await read(web3, '/root/began'), /No such file/)
    const messages = up.events().filter(event => event.type === 'message')
    t.match(messages, [{ host: 'web1', text: 'web1 is done' }])

    await web2.sh('rm /root/broken', { check: true })
    const again = await project.run(['--on', '@retry', '--json', 'up', '--yes'])
    t.equal(again.code, 0, told(again))
    t.same(
      counts(again).map(({ host }) => host),
      ['web2'],
    )
    t.equal(await read(web2, '/root/app'), 'new')
    const none = await project.run(['--on', '@retry', 'plan'])
    t.match(none, { code: 3, stderr: /nothing to try again/ })
    const rest = await project.run(['up', '--yes'])
    t.equal(rest.code, 0, told(rest))
    t.equal(await read(web3, '/root/app'), 'new')
    const began = await Promise.all(hosts.map(host => read(host, '/root/began')))
    t.same([...began].sort(), began, 'one after the other')
    const last = await project.run(['--json', 'up', '--yes'])
    t.same(planned(last), [])
    t.equal(last.events().filter(event => event.type === 'message').length, 3, 'what there is to say is said')
  })

  await t.test('facts of another host, in a run of one alone; and none where it is away', async t => {
    project.write('facts.yaml', '- hosts: web3\n  tasks:\n    - template: { src: peer.hbs, dest: /root/peer }\n')
    project.write('peer.hbs', '{{ hosts.web1.facts.hostname }} {{ hosts.web1.address }}')
    project.write('longshore.yaml', site(hosts, 'facts.yaml'))
    const up = await project.run(['--on', 'web3', 'up', '--yes'])
    t.equal(up.code, 0, told(up))
    t.equal(await read(web3, '/root/peer'), 'web1 127.0.0.1')
    await web1.stop()
    const away = await project.run(['--on', 'web3', 'plan'])
    t.equal(away.code, 4, told(away))
    t.match(away.stderr, /web1: its facts are not known[\s\S]*facts\.yaml:3:7/, told(away))
    await web1.start()
  })

  await t.test('a reboot: the host is waited for, and the play goes on', async t => {
    project.write(
      'reboot.yaml',
      `- name: boot
  hosts: web2
  tasks:
    - { name: ask for it, copy: { dest: /root/reboot-required, content: x }, when: "!facts.hostname.startsWith('x')" }
    - { name: boot anew, reboot: { when_file: /root/reboot-required } }
    - { name: served, command: { sh: "mv /root/reboot-required /root/served" , creates: /root/served } }
    - { name: after it, command: { sh: "cat /proc/sys/kernel/random/boot_id >/root/boot", creates: /root/boot } }
`,
    )
    project.write('longshore.yaml', site(hosts, 'reboot.yaml'))
    const before = await read(web2, '/proc/sys/kernel/random/boot_id')
    await web2.sh('touch /root/reboot-required')
    const up = await project.run(['--json', 'up', '--yes'])
    t.equal(up.code, 0, told(up))
    t.match(ends(up), { 'web2/boot/boot anew': 'done', 'web2/boot/after it': 'done' }, told(up))
    t.not(await read(web2, '/root/boot'), before)
  })

  await t.test('a host that does not come back in time is told, with its exit code', async t => {
    project.write(
      'reboot.yaml',
      `- name: gone
  hosts: web2
  tasks:
    - { name: go away, command: { sh: "true" }, changed_when: "false" }
    - { name: boot anew, reboot: { reboot_timeout: 10 } }
    - { name: after it, copy: { dest: /root/after, content: x } }
`,
    )
    await web2.sh('systemctl disable ssh; systemctl mask ssh', { check: true })
    const up = await project.run(['--json', 'up', '--yes'])
    t.equal(up.code, 4, told(up))
    t.match(ends(up), { 'web2/gone/boot anew': 'failed', 'web2/gone/after it': 'skipped' }, told(up))
    t.match(up.stderr, /not back after 10 s/)
  })

  await t.test('files are fetched to this machine, once', async t => {
    project.write(
      'fetch.yaml',
      '- hosts: [web1, web3]\n  tasks:\n    - { name: bring, fetch: { src: /etc/hostname, dest: "fetched/{{ host.name }}", flat: true } }\n',
    )
    project.write('longshore.yaml', site(hosts, 'fetch.yaml'))
    const up = await project.run(['--on', 'web1,web3', '--json', 'up', '--yes'])
    t.equal(up.code, 0, told(up))
    for (const name of ['web1', 'web3']) {
      const path = join(project.folder, 'fetched', name)
      t.ok(existsSync(path) && readFileSync(path, 'utf8').trim() === name, path)
    }
    t.same(planned(await project.run(['--on', 'web1,web3', '--json', 'up', '--yes'])), [])
  })
})

test('a reboot between the engine and its containers', async t => {
  const host = await labHost({ name: 'box', engine: true, ownBootId: true })
  t.teardown(() => host.remove())
  await giveRootfs(host)
  const project = testProject({
    'boot.yaml':
      '- name: boot\n  hosts: all\n  tasks:\n    - { name: reboot, reboot: { when_file: /run/reboot-required } }\n',
    'longshore.yaml': `project: flow
hosts: { box: ${hostEntry(host)} }
playbooks: [{ play: boot.yaml, stage: after-engine }]
images: { base: { import: { dir: /opt/rootfs, at: host } } }
containers: { app: { image: base, command: [sleep, infinity] } }
`,
  })
  t.teardown(() => project.remove())
  await host.sh('touch /run/reboot-required', { check: true })
  const up = await project.run(['--json', 'up', '--yes'])
  t.equal(up.code, 0, told(up))
  t.match(ends(up), { 'box/boot/reboot': 'done', 'box/container flow-app-1': 'done' }, told(up))
  t.same(planned(await project.run(['--json', 'up', '--yes'])), [])
})
