// Containers as hosts: on this machine's engine, with a busybox image and a Debian one.
import { createHash } from 'node:crypto'
import t, { test } from 'tap'
import { anyEngine } from '../../core/engine-want.js'
import { messageOf } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import { sh, withStdin } from '../../core/sh.js'
import { connectInside } from '../../hosts/index.js'
import { docker } from '../../providers/docker/index.js'
import { type TestProject, testProject } from '../e2e/command.js'
import { docker as client, ensureImage, pause, tryDocker } from '../lab/index.js'
import { type RealProject, realProject } from '../providers/real-engine.js'
import { at } from '../providers/samples.js'

t.setTimeout(300_000)

const project: RealProject = await realProject('lshct')
const debian = await ensureImage({ release: 'bookworm', engine: false, python: false })
const files: TestProject[] = []

const boxes = ['lshct-box', 'lshct-debian', 'lshct-bare']
const removeAll = async (): Promise<void> => {
  await tryDocker(['rm', '-f', ...boxes])
  await tryDocker(['rmi', 'lshct-bare'])
}
await removeAll()

const runBox = (name: string, image: string): Promise<string> =>
  client(['run', '-d', '--init', '--name', name, image, 'sleep', '10000'])

const hostOf = (container: string, more: Partial<Host> = {}): Host => ({
  ...{
    name: 'c1',
    connection: 'container',
    address: container,
    container: { name: container, at },
    labels: {},
    groups: [],
  },
  ...{ vars: {}, engine: anyEngine(), at },
  ...more,
})

const enter = async (container: string, more: Partial<Host> = {}) => {
  const access = await docker.enter?.(project.engine, container)
  if (access === undefined) throw new Error('there is no way into containers')
  return connectInside(hostOf(container, more), access)
}

const inProject = (content: Record<string, string>): TestProject => {
  const made = testProject(content)
  files.push(made)
  return made
}

test('containers as hosts', async t => {
  t.setTimeout(300_000)
  await Promise.all([runBox('lshct-box', project.image), runBox('lshct-debian', debian)])
  t.teardown(async () => {
    for (const one of files) one.remove()
    await removeAll()
    await project.clean()
  })

  await t.test('commands: streams, codes, users, ends', async t => {
    const box = await enter('lshct-box')
    const told = await box.exec(sh`echo out; echo err >&2; exit 7`)
    t.same(told, { code: 7, stdout: 'out\n', stderr: 'err\n' })
    const payload = Buffer.alloc(20 * 1024 * 1024, 'twenty megabytes ')
    const sum = await box.exec(withStdin(sh`sha256sum`, payload))
    t.equal(sum.stdout.split(' ')[0], createHash('sha256').update(payload).digest('hex'), '20 MB, and then its end')
    const began = performance.now()
    t.equal((await box.exec(sh`sleep 300 & echo left`)).stdout, 'left\n')
    t.ok(performance.now() - began < 20_000, 'a daemon that holds the output is not waited for')
    await t.rejects(box.exec(sh`yes`), { message: /printed more than 8 MiB/ }, 'a flood')
    t.equal((await enter('lshct-debian', { user: 'daemon' }).then(one => one.exec(sh`id -un`))).stdout, 'daemon\n')
    t.equal((await box.exec(sh`id -un`, { as: 'root' })).stdout, 'root\n', 'the root of the container needs no sudo')
    await t.rejects(box.dial('/var/run/docker.sock'), { code: 'EDIAL' }, 'no engine in it')
    await box.close()
  })

  await t.test('an abort ends what runs, also what does not want to', async t => {
    const box = await enter('lshct-debian')
    const programs = async (): Promise<string> =>
      (await client(['top', 'lshct-debian', '-eo', 'pid,args'])).replace(/\s+/g, ' ')
    const stop = new AbortController()
    const [soft, hard] = [sh`sleep 1111`, sh`trap '' TERM; sleep 2222; sleep 2222`]
    const ends = [soft, hard].map(command => box.exec(command, { signal: stop.signal }).catch(messageOf))
    while (!/sleep 1111.*sleep 2222|sleep 2222.*sleep 1111/.test(await programs())) await pause(100)
    stop.abort(new Error('enough'))
    t.same(await Promise.all(ends), ['enough', 'enough'])
    for (let tries = 0; /sleep (1111|2222)/.test(await programs()) && tries < 50; tries++) await pause(100)
    t.notMatch(await programs(), /sleep (1111|2222)/)
    t.equal((await box.exec(sh`echo still here`)).stdout, 'still here\n')
    await box.close()
  })

  await t.test('a terminal', async t => {
    const box = await enter('lshct-debian')
    const terminal = await box.terminal(undefined, { columns: 90, rows: 30 })
    let shown = ''
    terminal.onData(data => {
      shown += Buffer.from(data).toString()
    })
    const until = async (what: RegExp): Promise<void> => {
      for (let tries = 0; !what.test(shown) && tries < 100; tries++) await pause(50)
      t.match(shown, what)
    }
    await pause(200)
    terminal.write('stty size\n')
    await until(/30 90/)
    terminal.resize({ columns: 100, rows: 40 })
    await pause(200)
    terminal.write('stty size; exit 5\n')
    await until(/40 100/)
    t.equal(await terminal.exit, 5)
    await box.close()
  })

  await t.test('what is no container to work in', async t => {
    await t.rejects(enter('lshct-none'), { message: 'there is no container lshct-none', exit: 4 })
    await client(['import', '-'], { input: Buffer.alloc(1024) }).then(id => client(['tag', id.trim(), 'lshct-bare']))
    await client(['create', '--name', 'lshct-bare', 'lshct-bare', '/none'])
    await t.rejects(enter('lshct-bare'), { message: 'the container lshct-bare does not run (created)', exit: 4 })
    await client(['pause', 'lshct-box'])
    await t.rejects(enter('lshct-box'), { message: 'the container lshct-box is paused', exit: 4 })
    await client(['unpause', 'lshct-box'])
    const box = await enter('lshct-box')
    await client(['exec', 'lshct-box', 'rm', '-f', '/bin/sh'])
    await t.rejects(box.exec(sh`true`), { message: 'there is no sh in the container lshct-box' })
    await client(['rm', '-f', 'lshct-box'])
    await t.rejects(
      box.exec(sh`true`),
      { message: 'the container lshct-box is not there any more', exit: 4 },
      'gone under us',
    )
    await box.close()
  })

  await t.test('a playbook in a container, before and after it is made by the same file', async t => {
    const inside = inProject({
      'longshore.yaml': `
project: lshct
hosts:
  here: { connection: local }
  there: { connection: container, container: lshct-debian, on: here }
  made: { connection: container, container: lshct-app-1, on: here }
playbooks: [{ play: play.yaml, on: "there,made" }]
images: { "${debian}": { pull: { image: "${debian}", policy: never } } }
containers: { app: { image: "${debian}", command: [sleep, "10000"], init: true, stop_grace_period: 1s } }
`,
      'play.yaml': `
- name: inside
  hosts: all
  tasks:
    - package: { name: sudo }
    - template: { src: told.hbs, dest: /srv/told, mode: "0640" }
      notify: tell
    - command: { argv: [test, -d, "/srv/{{ item }}"], read_only: true }
      loop: [., ..]
  handlers:
    - name: tell
      shell: echo handled >>/srv/handled
`,
      'told.hbs': '{{ facts.os.family }} {{ host.name }}\n',
    })
    const first = await inside.run(['up', '--yes'])
    t.equal(first.code, 0, first.stderr)
    t.match(first.stderr, /made +to be planned after this: `create container lshct-app-1` comes first/)
    for (const [container, name] of [
      ['lshct-debian', 'there'],
      ['lshct-app-1', 'made'],
    ] as const)
      t.equal(await client(['exec', container, 'cat', '/srv/told', '/srv/handled']), `debian ${name}\nhandled\n`)
    const second = await inside.run(['up', '--yes'])
    t.match(second.stdout, /Nothing to do/, second.stderr)
    t.equal(second.code, 0)
    t.equal((await inside.run(['down', '--yes'])).code, 0)
    t.equal((await inside.run(['plan', '--on', 'made'])).code, 4, 'away for good')
  })
})
