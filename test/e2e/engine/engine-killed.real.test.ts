// The command killed while it changes an engine, at each stage of the change: the host is left with the old state or the new one.
import { t as all, test } from 'tap'
import { type HostOptions, labHost } from '../../lab/host.js'
import { holder, type PlaceName, places } from '../../resources/daemon/hold.js'
import { hostEntry, testProject, told } from '../command.js'

all.setTimeout(600_000)

const restarts: readonly PlaceName[] = [
  'all has arrived',
  'the engine checks the file',
  'the file is written',
  'the engine is to be restarted',
  'the engine starts',
  'the engine is asked',
  'it is done',
]
const reloads: readonly PlaceName[] = ['the engine was told']

const hosts: readonly [string, HostOptions][] = [
  ['bookworm', { release: 'bookworm', engine: true }],
  ['trixie', { release: 'trixie', engine: true }],
  ['bookworm without an init', { release: 'bookworm', engine: true, init: 'none' }],
]

test('the command is killed at each stage of a change', async t => {
  const one = async ([title, options]: (typeof hosts)[number]): Promise<void> => {
    const host = await labHost(options)
    t.teardown(() => host.remove())
    const hold = await holder(host)
    const project = testProject({})
    t.teardown(() => project.remove())
    const provision = (daemon: Record<string, unknown>, killWhen?: Promise<unknown>) => {
      const engine = JSON.stringify({ source: 'distro', daemon })
      const entry = hostEntry(host, { address: host.ip, port: 22 })
      project.write('longshore.yaml', `project: killed\nhosts: { web: ${entry} }\nengine: ${engine}\n`)
      return project.run(['provision', '--yes'], killWhen === undefined ? {} : { killWhen })
    }
    const daemonFile = async (): Promise<string> => (await host.sh('cat /etc/docker/daemon.json')).stdout
    // an engine says in its account of itself what it goes by
    const inForce = async (): Promise<string> =>
      (await host.sh("docker info -f '{{.Debug}} {{json .Labels}}'")).stdout.trim()

    const cut = async (name: PlaceName, daemon: Record<string, unknown>): Promise<void> => {
      const at = `${title}, ${name}`
      const [old, before] = [await daemonFile(), await inForce()]
      await hold.arm(places[name])
      const ran = await provision(daemon, hold.reached())
      t.equal(ran.code, 137, `${at}: ${told(ran)}`)
      t.ok(await hold.letGo(), `${at}: the host ends it alone`)
      const now = await daemonFile()
      if (now === old) t.equal(await inForce(), before, `${at}: the old state`)
      else {
        t.match(JSON.parse(now), daemon, `${at}: the new file`)
        t.equal(await inForce(), `${daemon.debug} ${JSON.stringify(daemon.labels)}`, `${at}: the engine goes by it`)
      }
    }

    const daemon: Record<string, unknown> = { debug: false, labels: ['n=0'], mtu: 1400 }
    const settled = await provision(daemon)
    t.equal(settled.code, 0, `${title}: ${told(settled)}`)
    let number = 0
    // without an init the stages are the same, but for who starts the engine
    const met = options.init === 'none' ? restarts.filter(name => /starts|asked/.test(name)) : restarts
    for (const name of met)
      if (options.release === 'trixie' || name !== 'the engine checks the file')
        await cut(name, Object.assign(daemon, { labels: [`n=${++number}`], mtu: 1400 + number }))
    for (const name of reloads) await cut(name, Object.assign(daemon, { debug: !daemon.debug }))
    const mended = await provision(daemon)
    t.equal(mended.code, 0, `${title}: ${told(mended)}`)
    t.match((await provision(daemon)).stdout, 'Nothing to do', `${title}: and then nothing`)
  }
  await Promise.all(hosts.map(one))
})
