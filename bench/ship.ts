// An image of 200 MB that is built here and brought to three hosts: for the first time, and after 10 kB of it have changed, beside docker save and ssh.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostEntry } from '../test/e2e/command.js'
import { busyboxTarball, docker, ensureEngine, type LabHost, labHost, tryDocker } from '../test/lab/index.js'
import { pages } from '../test/providers/ship/ship-pages.js'
import { type Contender, measure, printTable, spawnOnce } from './measure.js'
import { launcher } from './paths.js'
import { knownHostsText, sshArgs } from './ssh.js'

const layers = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8']
const layerBytes = 6144 * 4096

const large = `lsbench-${process.pid}-large`
const app = `lsbench-${process.pid}-app`
const base = `lsbench-${process.pid}-base`
/** All that is built here has it from the base image. */
const label = `lsbench=${process.pid}`

/** Builds the image that does not change: eight layers of 25 MB, which shrink to about a quarter. */
async function buildLarge(folder: string): Promise<void> {
  await docker(['import', '-c', `LABEL ${label}`, await busyboxTarball(), base])
  const context = join(folder, 'large')
  mkdirSync(context)
  for (const name of layers) writeFileSync(join(context, name), pages(layerBytes))
  const copies = layers.map(name => `COPY ${name} /${name}\n`).join('')
  writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\n${copies}`)
  await docker(['build', '-q', '-t', large, context])
  rmSync(context, { recursive: true })
}

/** Nothing of it is left on the hosts. */
const forget = async (hosts: readonly LabHost[]): Promise<void> =>
  void (await Promise.all(hosts.map(host => host.sh('docker image prune -af', { check: true }))))

/** Prints two tables and how many bytes went. Each contender has three hosts of its own. */
export async function benchShip(rounds = 3): Promise<void> {
  await ensureEngine()
  const folder = mkdtempSync(join(tmpdir(), 'longshore-bench-'))
  const names = ['ship1', 'ship2', 'ship3']
  const [ours, theirs] = await Promise.all([
    Promise.all(names.map(name => labHost({ name, engine: true }))),
    Promise.all(names.map(name => labHost({ name: `${name}-ssh`, engine: true }))),
  ])
  const knownHosts = join(folder, 'known_hosts')
  const counted = join(folder, 'counted')
  const context = join(folder, 'app')
  const change = async (): Promise<void> => writeFileSync(join(context, 'small'), randomBytes(10_000))
  let told = ''
  const longshore = async (): Promise<void> => {
    const { stderr } = await spawnOnce(process.execPath, [launcher, 'build', '--yes'], { cwd: folder })
    told = stderr
  }
  /** To all hosts at the same time, `through` a program on both ends. */
  const piped = async (here: string, there: string): Promise<void> => {
    await spawnOnce('docker', ['build', '-q', '-t', app, context])
    writeFileSync(counted, '')
    const script = `set -e; docker save "$0" ${here} | dd bs=64k 2>>"$1" | (shift; ssh "$@")`
    await Promise.all(
      theirs.map(host =>
        spawnOnce('bash', ['-o', 'pipefail', '-c', script, app, counted, ...sshArgs(host, knownHosts, there)]),
      ),
    )
  }
  const contenders = (prepare: (hosts: readonly LabHost[]) => Promise<void>): Contender[] => [
    {
      name: 'docker save | ssh docker load',
      prepare: () => prepare(theirs),
      run: () => piped('', 'docker load'),
    },
    {
      name: 'docker save | gzip -1 | ssh',
      prepare: () => prepare(theirs),
      run: () => piped('| gzip -1', 'docker load'),
    },
    { name: 'longshore build', prepare: () => prepare(ours), run: longshore },
  ]
  const bytes = (): string | undefined =>
    readFileSync(counted, 'utf8')
      .match(/\d+ bytes/g)
      ?.at(-1)
  try {
    mkdirSync(context)
    await buildLarge(folder)
    writeFileSync(join(context, 'Dockerfile'), `FROM ${large}\nCOPY small /small\n`)
    await change()
    writeFileSync(knownHosts, knownHostsText(theirs))
    const entries = ours.map(host => `  ${host.name}: ${hostEntry(host)}\n`)
    writeFileSync(
      join(folder, 'longshore.yaml'),
      `project: lsbench${process.pid}\nhosts:\n${entries.join('')}  here: { connection: local }\n` +
        `containers: { app: { build: { context: ./app, at: here }, on: "ship*" } }\n`,
    )
    const report = (): void => {
      console.log(`to each host, in the last round: gzip -1 ${bytes()}`)
      console.log(told.trim())
    }
    const title = `200 MB to three hosts, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`
    printTable(
      `${title}, for the first time`,
      await measure(contenders(forget), rounds),
      'docker save | ssh docker load',
    )
    report()
    printTable(`${title}, 10 kB changed`, await measure(contenders(change), rounds), 'docker save | ssh docker load')
    report()
  } finally {
    await spawnOnce(process.execPath, [launcher, 'down', '--images', '--yes'], { cwd: folder }).catch(() => undefined)
    await Promise.all([...ours, ...theirs].map(host => host.remove()))
    await tryDocker(['rmi', '-f', app, large, base])
    await tryDocker(['image', 'prune', '-f', '--filter', `label=${label}`])
    rmSync(folder, { recursive: true, force: true })
  }
}
