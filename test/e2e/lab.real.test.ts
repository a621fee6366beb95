// examples/lab as it stands, from a copy of its folder: a swarm on machines, up, entered, halted, kept, changed, brought back, and gone without a trace.
import { cpSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import tap, { type Test, test } from 'tap'
import { docker, ensureEngine, pause, tryDocker } from '../lab/index.js'
import { freePort, isFreePort } from '../lab/ports.js'
import { packageRoot, type Ran, testProject, told } from './command.js'

// The first run on a computer makes the machines' image, which takes a minute or two.
tap.setTimeout(600_000)

/** Archives of images are kept here from one run of the tests to the next. */
const cache = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache') }

/** A copy of the examples, with the lab's own file in it, and the command to run there. */
async function labCopy() {
  const project = testProject({})
  cpSync(join(packageRoot, 'examples'), project.folder, { recursive: true })
  const path = join('lab', 'longshore.yaml')
  let text = readFileSync(join(project.folder, path), 'utf8')
  const ports: number[] = []
  for (const [said, number] of [...text.matchAll(/"(\d+):8000"/g)].map(
    ([whole, port]) => [whole, Number(port)] as const,
  )) {
    const port = (await isFreePort(number)) ? number : await freePort()
    text = text.replace(said, `"${port}:8000"`)
    ports.push(port)
  }
  project.write(path, text)
  return {
    ports,
    run: (...args: string[]): Promise<Ran> => project.run(['-f', path, ...args], { env: cache }),
    replace: (one: string, other: string): void => {
      text = text.replace(one, other)
      project.write(path, text)
    },
    folderId: (): string => readFileSync(join(project.folder, 'lab', '.longshore', 'id'), 'utf8').trim(),
    remove: project.remove,
  }
}

/** What the engine has of one folder's machines: containers, volumes and images. */
async function thingsOf(folder: string): Promise<string[]> {
  const filter = ['--filter', `label=longshore.machine.folder=${folder}`]
  const lists = await Promise.all([
    docker(['ps', '-a', '--format', 'container {{.Names}}', ...filter]),
    docker(['images', '--format', 'image {{.Repository}}:{{.Tag}}', ...filter]),
  ])
  return lists.join('\n').split('\n').filter(Boolean).sort()
}

const lines = async (...args: string[]): Promise<string[]> => (await docker(args)).split('\n').filter(Boolean)

const volumesOf = (containers: readonly string[]): Promise<string[]> =>
  lines(
    'inspect',
    '--format',
    '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name}}{{end}}{{end}}',
    ...containers,
  )

/** What a page says: its greeting, and how often it was seen. The error, where it does not answer. */
async function pageAt(port: number): Promise<{ greeting: string; seen: number }> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(10_000) })
    const [, greeting = '', seen = ''] = /<h1>(.*)<\/h1>.*seen (\d+) times/.exec(await answer.text()) ?? []
    return { greeting, seen: Number(seen) }
  } catch (error) {
    return { greeting: String(error), seen: 0 }
  }
}

test('the lab of the examples', async t => {
  await ensureEngine()
  const networks = await lines('network', 'ls', '--format', '{{.Name}}')
  const lab = await labCopy()
  const other = await labCopy()
  const { run } = lab
  t.teardown(async () => {
    for (const one of [lab, other]) {
      await one.run('destroy', '--yes')
      one.remove()
    }
  })
  let count = 0
  const isServed = async (t: Test, greeting: string, message: string): Promise<void> => {
    for (const port of lab.ports) {
      const page = await pageAt(port)
      t.same(page, { greeting, seen: count + 1 }, `${message}, at ${port}`)
      count = page.seen
    }
  }

  await t.test('up: three machines, a swarm, and a page on two of them', async t => {
    const up = await run('up', '--yes')
    t.equal(up.code, 0, told(up))
    t.match(up.stderr, /web1 +init swarm … done[\s\S]*db +join swarm … done[\s\S]*swarm +create service web … done/)
    await isServed(t, 'A swarm runs.', 'both pages count with one counter')
    const again = await run('up', '--yes')
    t.match(again.stdout, /Plan: 0 to change, \d+ unchanged\nNothing to do\./, told(again))
    const nodes = await run('ssh', 'db', '--', "docker node ls --format '{{.Hostname}} {{.Status}}'")
    t.same(nodes.stdout.trim().split('\n').sort(), ['db Ready', 'web1 Ready', 'web2 Ready'], told(nodes))
  })

  await t.test('the same project in another folder means machines of its own', async t => {
    const plan = await other.run('plan', '--exit-code')
    t.equal(plan.code, 2, told(plan))
    for (const host of ['web1', 'web2', 'db']) t.match(plan.stdout, `+ create machine ${host}`)
    t.not(other.folderId(), lab.folderId())
    t.match((await other.run('destroy', '--yes')).stdout, /Nothing to do/)
    t.equal((await thingsOf(lab.folderId())).length, 3, 'and those of the first stay')
  })

  await t.test('halted they are known as such; up again, the swarm runs and the data is there', async t => {
    const halted = await run('halt')
    t.equal(halted.code, 0, told(halted))
    const status = await run('status')
    for (const host of ['web1', 'web2', 'db']) t.match(status.stdout, `${host}  machine, halted`)
    const up = await run('up', '--yes')
    t.equal(up.code, 0, told(up))
    // What `up` waits for is there when it ends.
    await isServed(t, 'A swarm runs.', 'the counter went on')
  })

  await t.test('a snapshot of one machine, a change of the file, and back', async t => {
    const save = await run('snapshot', 'save', 'before', 'web2')
    t.equal(save.code, 0, told(save))
    lab.replace('A swarm runs.', 'It has changed.')
    const changed = await run('up', '--yes')
    t.equal(changed.code, 0, told(changed))
    await isServed(t, 'It has changed.', 'the change is out')
    const mark = await run('ssh', 'web2', '--', 'touch /root/later')
    t.equal(mark.code, 0, told(mark))
    const restore = await run('snapshot', 'restore', 'before', 'web2', '--yes')
    t.equal(restore.code, 0, told(restore))
    t.match(restore.stdout, /loses what was done on web2 since, and its place in the swarm/)
    t.equal((await run('ssh', 'web2', '--', 'test ! -e /root/later')).code, 0, 'it is as it was')
    const up = await run('up', '--yes')
    t.equal(up.code, 0, told(up))
    await isServed(t, 'It has changed.', 'and up brings it to what the file says')
    const status = await run('status')
    t.match(status.stdout, /3 of 3 managers answer, 3 nodes/, told(status))
    t.match(status.stdout, /service lab_web {2}2 of 2 run/)
  })

  await t.test('destroyed, nothing of it is left on the engine', async t => {
    const before = await thingsOf(lab.folderId())
    t.equal(before.filter(thing => thing.startsWith('container')).length, 3)
    t.equal(before.filter(thing => thing.startsWith('image')).length, 1, 'the snapshot')
    const containers = before.flatMap(thing => (thing.startsWith('container ') ? [thing.slice(10)] : []))
    const volumes = await volumesOf(containers)
    t.equal(volumes.length, 9, 'three stores for each machine')
    const gone = await run('destroy', '--yes')
    t.equal(gone.code, 0, told(gone))
    t.same(await thingsOf(lab.folderId()), [])
    for (const volume of volumes) t.not((await tryDocker(['volume', 'inspect', volume])).code, 0, volume)
    const now = await lines('network', 'ls', '--format', '{{.Name}}')
    t.same(
      now.filter(name => !networks.includes(name) && name.startsWith('lab')),
      [],
      'no network is left',
    )
    for (const port of lab.ports) {
      for (let tries = 0; tries < 20 && !(await isFreePort(port)); tries++) await pause(100)
      t.ok(await isFreePort(port), `${port} is free again`)
    }
  })
})
