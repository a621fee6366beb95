// Machines that cannot be made: no engine, one that is too old, ports, images, memory and disks that are not as they must be.
import { createServer } from 'node:net'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { busyboxTarball, docker, ensureEngine, labHost, tryDocker } from '../../lab/index.js'
import { freePort } from '../../lab/ports.js'
import { hostEntry, told } from '../command.js'
import { listed, machinesOf, playbook } from '../machines-project.js'
import { oldEngine } from './old-engine.js'
import { ended } from './trouble-told.js'

// The first run on a computer makes the image, which takes a minute or two.
tap.setTimeout(600_000)

const name = `machines-${process.pid}`

test('what stands in the way is told, and nothing is half made', async t => {
  await ensureEngine()
  const port = await freePort()
  const { project, run } = machinesOf(t, {})
  const old = join(project.folder, 'old.sock')
  const engine = await oldEngine(t, old)
  const plain = `${name}-plain:1`
  await docker(['import', await busyboxTarball(), plain])
  t.teardown(() => tryDocker(['rmi', plain]))
  const server = createServer()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => new Promise(resolve => server.close(resolve)))

  const rows: [string, number, ...RegExp[]][] = [
    [
      'engine: "unix:///no/such.sock"',
      4,
      /no engine to make machines on/,
      /longshore\.yaml:2:18/,
      /start a docker engine/,
    ],
    [
      `engine: "unix://${old}"`,
      1,
      /docker 1\.12\.6 is too old: it speaks API 1\.24, and 1\.40/,
      /longshore\.yaml:2:18/,
      /→ update the engine/,
    ],
    [
      'image: "no.such.registry.invalid/x:1"',
      1,
      /the image no\.such\.registry\.invalid\/x:1 is not there, and cannot be pulled/,
    ],
    [
      `image: "${plain}"`,
      1,
      /box1: the machine does not come up: its first program ended with 127/,
      /\/sbin\/init: not found\n→ an image for machines has systemd/,
    ],
    ['memory: 6m', 1, /the machine does not come up: .* its memory was used up\n→ give it more `memory`/],
    [`ports: ["${port}:80"]`, 1, new RegExp(`box1: port ${port} is taken on the host of the engine`)],
  ]
  for (const [words, code, ...says] of rows) {
    project.write('longshore.yaml', `project: ${name}\nhosts: { box1: { machine: { ${words} } } }\n`)
    const began = Date.now()
    ended(t, await run('up', '--yes'), code, ...says)
    t.ok(Date.now() - began < 60_000, `${words}: nobody waits for what cannot come`)
    t.same(await listed('ps', `project=${name}`), [], `${words}: nothing is left`)
  }
  t.same([...new Set(engine.asked)], ['GET /_ping'], 'nothing else is asked of an engine that is too old')
})

test('machines on the engine of another host, whose disk is full at first', async t => {
  const lab = await labHost({ name: 'maker', engine: true })
  t.teardown(() => lab.remove())
  const small = 'mount -t tmpfs -o size=100m none /var/lib/docker'
  await lab.sh(`systemctl stop docker.socket docker && ${small} && systemctl start docker`, { check: true })
  const files = {
    'longshore.yaml': `project: ${name}-on
vars: { whose: ${name} }
hosts:
  maker: ${hostEntry(lab)}
  inner: { machine: { engine: maker, ports: ["80"] } }
playbooks: [{ play: base.yaml, on: inner }]
`,
    'base.yaml': playbook,
  }
  const { run, ssh } = machinesOf(t, files)
  ended(
    t,
    await run('up', '--yes'),
    1,
    /inner: there is no space left on maker, where the engine keeps its images \(\/var\/lib\/docker\)/,
    /→ `longshore snapshot delete` removes snapshots/,
  )
  const kept = 'docker ps -aq; docker images -aq'
  t.equal((await lab.sh(kept)).stdout, '', 'nothing of it is left there')
  await lab.sh('mount -o remount,size=1g /var/lib/docker', { check: true })
  const up = await run('up', '--yes')
  t.equal(up.code, 0, told(up))
  t.equal(await ssh('inner', 'cat /etc/motd; systemctl is-system-running'), `inner of ${name}\nrunning`)
  t.match((await run('up', '--yes')).stdout, /Nothing to do\./)
  t.match((await run('ssh-config')).stdout, /Host inner[\s\S]*ProxyJump maker/)
  const gone = await run('destroy', '--yes')
  t.equal(gone.code, 0, told(gone))
  t.equal((await lab.sh(kept)).stdout, '', 'nothing of it is left')
})
