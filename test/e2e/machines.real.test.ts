// Machines as people use them: made, entered, provisioned, halted, kept, changed, brought back, packed, broken off, and gone without a trace.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { docker, ensureEngine, pause, run as runProgram, tryDocker } from '../lab/index.js'
import { freePort } from '../lab/ports.js'
import { told } from './command.js'
import { cache, listed, machinesOf, playbook } from './machines-project.js'

// The first run on a computer makes the image, which takes a minute or two.
tap.setTimeout(600_000)

const name = `machines-${process.pid}`

const volumesOf = async (container: string): Promise<string[]> => {
  const mounts = JSON.parse(await docker(['inspect', '--format', '{{json .Mounts}}', container])) as {
    Type: string
    Name: string
  }[]
  return mounts.filter(({ Type }) => Type === 'volume').map(({ Name }) => Name)
}

test('machines from their first minute to their last', async t => {
  await ensureEngine()
  const port = await freePort()
  const file = (more = '') => `project: ${name}
vars: { whose: ${name} }
hosts:
  box1:
    machine: { memory: 1g, cpus: 1, ports: ["8080", "${port}:81"], synced_folders: [{ from: shared, to: /shared }] }
  box2: { machine: { image: bookworm } }
${more}playbooks: [base.yaml]
`
  const files = { 'longshore.yaml': file(), 'base.yaml': playbook, 'shared/here': 'from here\n' }
  const { project, run, ssh } = machinesOf(t, files)
  const newer = `project: ${name}\nhosts: { box1: { machine: { image: debian-13 } } }\n`
  const other = machinesOf(t, { 'longshore.yaml': newer })
  const ports: string[] = []
  const containerOf = (host: string): string =>
    `longshore-${name}-${host}-${readFileSync(join(project.folder, '.longshore', 'id'), 'utf8').trim()}`

  await t.test('a plan makes nothing, and says that it cannot know more', async t => {
    const plan = await run('plan', '--exit-code')
    t.equal(plan.code, 2, told(plan))
    t.match(plan.stdout, /\+ create machine box1 {2}\(not there; debian-12, 1 cpus, memory 1g\)/)
    t.match(plan.stdout, /\? do everything else on box2 {2}\(known when it is there\)/)
    const refused = await run('ssh', 'box1', '--', 'true')
    t.equal(refused.code, 4)
    t.match(refused.stderr, /box1: the machine is not there[\s\S]*`longshore up` makes it/)
    t.same(await listed('ps', `project=${name}`), [])
  })

  await t.test('up makes them side by side and provisions them; another folder has its own', async t => {
    const [up, theirs] = await Promise.all([run('up', '--yes'), other.run('up', '--yes')])
    t.equal(up.code, 0, told(up))
    t.equal(theirs.code, 0, told(theirs))
    t.match(up.stdout, /create machine box1[\s\S]*write file \/etc\/motd/)
    t.equal((await listed('ps', `project=${name}`)).length, 3)
    t.equal(
      await ssh('box1', 'cat /etc/motd /shared/here; hostname; systemctl is-system-running'),
      `box1 of ${name}\nfrom here\nbox1\nrunning`,
    )
    t.equal(
      await other.ssh(
        'box1',
        '. /etc/os-release; echo $VERSION_CODENAME; test -e /shared; systemctl is-system-running',
      ),
      'trixie\nrunning',
    )
    const again = await run('up', '--yes')
    t.match(again.stdout, /Nothing to do\./, told(again))
    const keys = join(project.folder, '.longshore', 'machines', 'box1')
    t.equal(statSync(keys).mode & 0o777, 0o700)
    t.equal(statSync(join(keys, 'id_ed25519')).mode & 0o777, 0o600)
  })

  await t.test('halted they are known as such, and come back where they were', async t => {
    ports.push((await run('port')).stdout)
    t.match(ports[0], new RegExp(`box1 8080/tcp -> 127\\.0\\.0\\.1:\\d+\\nbox1 81/tcp -> 127\\.0\\.0\\.1:${port}`))
    await ssh('box1', 'echo kept >/root/kept')
    const halted = await run('halt')
    t.equal(halted.code, 0, told(halted))
    t.match((await run('status')).stdout, /box1 {2}machine, halted.*\nbox2 {2}machine, halted/)
    t.match((await run('halt')).stdout, /Nothing to do/)
    t.match((await run('ssh', 'box1', '--', 'true')).stderr, /`longshore up` starts a machine that was halted/)
    const up = await run('up', '--yes')
    t.equal(up.code, 0, told(up))
    t.equal((await run('port')).stdout, ports[0])
    t.equal(await ssh('box1', 'cat /root/kept'), 'kept')
    const started = 'systemctl show -p UserspaceTimestampMonotonic'
    const before = await ssh('box2', started)
    const reload = await run('reload', 'box2')
    t.equal(reload.code, 0, told(reload))
    t.match(told(reload), /halt machine box2[\s\S]*start machine box2/)
    t.not(await ssh('box2', started), before, 'it has booted anew')
    const config = join(project.folder, 'ssh.conf')
    project.write('ssh.conf', (await run('ssh-config')).stdout)
    const stock = await runProgram('ssh', ['-F', config, 'box2', 'hostname'])
    t.equal(stock.stdout, 'box2\n', stock.stderr)
  })

  await t.test('a snapshot holds all of a machine, also the stores of its engines', async t => {
    await ssh(
      'box1',
      'cd /var/lib/docker && echo one >data && mknod whiteout c 0 0 && setfattr -n trusted.overlay.opaque -v y . 2>/dev/null; sync',
    )
    const save = await run('snapshot', 'save', 'before', 'box1')
    t.equal(save.code, 0, told(save))
    t.match((await run('snapshot', 'save', 'before', 'box1')).stderr, /has a snapshot "before" already/)
    t.match((await run('snapshot', 'list')).stdout, /^MACHINE +SNAPSHOT[^\n]*\nbox1 +before/)
    await ssh(
      'box1',
      'rm /root/kept; echo two >/var/lib/docker/data; touch /var/lib/docker/later; rm /var/lib/docker/whiteout',
    )
    const restore = await run('snapshot', 'restore', 'before', 'box1', '--yes')
    t.equal(restore.code, 0, told(restore))
    t.match(restore.stdout, /loses what was done on box1 since/)
    t.equal(
      await ssh('box1', 'cd /var/lib/docker; cat /root/kept data; ls; stat -c %F whiteout'),
      'kept\none\ndata\nwhiteout\ncharacter special file',
    )
    t.equal((await run('port')).stdout, ports[0], 'its ports are as before')
    t.match(
      (await run('snapshot', 'restore', 'wrong', 'box1', '--yes')).stderr,
      /no snapshot "wrong"[\s\S]*it has before/,
    )
    t.equal((await run('snapshot', 'save', 'later', 'box1')).code, 0)
    t.match(told(await run('snapshot', 'delete', 'later')), /box1 {2}delete snapshot later … done/)
    t.match(told(await run('snapshot', 'delete', 'later')), /Nothing to do[\s\S]*No machine has a snapshot "later"/)
    t.notMatch((await run('snapshot', 'list')).stdout, 'later')
  })

  await t.test('limits change as it runs; what cannot is said', async t => {
    project.write('longshore.yaml', file().replace('memory: 1g', 'memory: 2g').replace('"8080", ', ''))
    const up = await run('up', '--yes')
    t.equal(up.code, 0, told(up))
    t.match(up.stdout, /change machine box1 {2}\(memory: 1g → 2g\)/)
    t.match(up.stderr, /ports differs from what the machine was made with/)
    t.equal(
      (await docker(['inspect', '--format', '{{.HostConfig.Memory}}', containerOf('box1')])).trim(),
      String(2 ** 31),
    )
  })

  await t.test(
    'a machine that was packed is the image of another one; a killed run is finished by the next one',
    async t => {
      t.match(await run('package', 'box1', '--output', 'none/box.tar'), {
        code: 3,
        stderr: /there is no folder .*none/,
      })
      const packed = await run('package', 'box1', '--output', 'box.tar')
      t.equal(packed.code, 0, told(packed))
      project.write(
        'longshore.yaml',
        file('  box3: { machine: { image: ./box.tar } }\n').replace('memory: 1g', 'memory: 2g'),
      )
      t.equal((await run('destroy', 'box2', '--yes')).code, 0)
      const appears = async (): Promise<void> => {
        while (!(await listed('ps', `project=${name}`)).some(one => one.includes('-box2-'))) await pause(10)
      }
      const killed = await project.run(['up', '--yes'], { env: cache, killWhen: appears() })
      t.equal(killed.code, 137, told(killed))
      const up = await run('up', '--yes')
      t.equal(up.code, 0, told(up))
      t.equal(await ssh('box2', 'cat /etc/motd'), `box2 of ${name}`)
      t.equal(await ssh('box3', 'cat /root/kept /var/lib/docker/data /etc/motd'), `kept\none\nbox3 of ${name}`)
      const ids = await Promise.all(['box1', 'box3'].map(host => ssh(host, 'cat /etc/machine-id')))
      t.not(ids[0], ids[1])
      // A snapshot that was broken off has left a machine that stands still.
      await docker(['pause', containerOf('box2')])
      const woken = await run('up', '--yes')
      t.equal(woken.code, 0, told(woken))
      t.match(woken.stdout, /start machine box2 {2}\(paused by an interrupted run\)/)
    },
  )

  await t.test('destroyed, nothing of them is left', async t => {
    const containers = await listed('ps', `project=${name}`)
    const volumes = (await Promise.all(containers.map(volumesOf))).flat()
    t.equal(volumes.length, 12, 'three stores for each of four machines')
    t.match((await run('destroy')).stderr, /say --yes/)
    const gone = await run('destroy', '--yes')
    t.equal(gone.code, 0, told(gone))
    t.equal((await listed('ps', `project=${name}`)).length, 1, 'the other folder keeps its own')
    t.match(gone.stdout, /loses all that is on it, and its snapshots before/)
    t.equal((await other.run('destroy', '--yes')).code, 0)
    t.same(await listed('ps', `project=${name}`), [])
    t.same(await listed('images', `project=${name}`), [])
    t.same(
      (await listed('images', '')).filter(one => one.includes(name)),
      [],
    )
    for (const volume of volumes) t.not((await tryDocker(['volume', 'inspect', volume])).code, 0, volume)
    t.same(readdirSync(join(project.folder, '.longshore', 'machines')), [])
    t.notOk(existsSync(join(project.folder, '.longshore', 'machines', 'box1')))
    t.match((await run('destroy', '--yes')).stdout, /Nothing to do/)
  })
})
