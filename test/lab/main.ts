// The lab by hand, `npm run lab -- up|list|down|prepare`: hosts to try the product on, and the images for them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  attach,
  cacheDir,
  ensureImage,
  type LabHost,
  labDown,
  labHost,
  labList,
  type Release,
  releases,
} from './index.js'

const usage = `usage: npm run lab -- up [COUNT] [--engine] [--python] [--no-init] [--release ${releases.join('|')}]
       npm run lab -- list
       npm run lab -- down
       npm run lab -- prepare

up       starts hosts lab1, lab2, ... and writes a project file for them; hosts that run are kept as they are
list     shows the lab hosts on this machine, those of running tests too
down     removes them all with their volumes (with LONGSHORE_LAB_OWNER only that owner's); images stay in the cache
prepare  installs what the lab needs on this machine and builds all images
`

/** Hosts started by hand belong to nobody's process; who shares the machine says LONGSHORE_LAB_OWNER. */
const owner = process.env.LONGSHORE_LAB_OWNER ?? 'hand'

const projectFile = (hosts: LabHost[]): string => {
  const line = ({ name, address, port, identity, hostKey }: LabHost): string =>
    `  ${name}: { address: ${address}, port: ${port}, user: root, identity: ${JSON.stringify(identity)}, host_key: "${hostKey}" }\n`
  return `# Written by the lab (npm run lab -- up); the next run overwrites it.\nproject: lab\nhosts:\n${hosts.map(line).join('')}`
}

const up = async (count: number, options: Parameters<typeof labHost>[0]): Promise<void> => {
  const running = new Map((await labList(owner)).map(entry => [entry.name, entry]))
  const names = Array.from({ length: count }, (_, index) => `lab${index + 1}`)
  for (const name of running.keys()) if (!names.includes(name)) names.push(name)
  const hosts = await Promise.all(
    names.map(async name => {
      const found = running.get(name)
      if (found?.state === 'running') return attach(found.container)
      if (found) throw new Error(`${name} is ${found.state}: run "npm run lab -- down" first`)
      return labHost({ ...options, name, owner, keep: true })
    }),
  )
  const file = join(cacheDir(), 'longshore.yaml')
  writeFileSync(file, projectFile(hosts))
  for (const host of hosts) process.stdout.write(`${host.name}  127.0.0.1:${host.port}  ${host.ip}\n`)
  process.stdout.write(`\nproject file: ${file}\nenter one:    longshore -f ${file} ssh ${names[0]}\n`)
}

const list = async (): Promise<void> => {
  const found = await labList()
  if (found.length === 0) process.stdout.write('no lab hosts\n')
  for (const { name, owner, state, port, image } of found)
    process.stdout.write(`${name}  ${state}  127.0.0.1:${port}  ${image}  owner ${owner}\n`)
}

const prepare = async (): Promise<void> => {
  const build = async (release: Release, engine: boolean, python: boolean): Promise<void> => {
    const start = Date.now()
    const image = await ensureImage({ release, engine, python })
    process.stdout.write(`${image}  ${((Date.now() - start) / 1000).toFixed(1)} s\n`)
  }
  for (const release of releases) for (const engine of [false, true]) await build(release, engine, false)
  await build('bookworm', false, true)
}

const parse = () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      engine: { type: 'boolean', default: false },
      python: { type: 'boolean', default: false },
      'no-init': { type: 'boolean', default: false },
      release: { type: 'string', default: 'bookworm' },
    },
  })
  const [command = '', count = '1', ...more] = positionals
  const release = releases.find(name => name === values.release)
  if (!release) throw new Error(`no release ${values.release}`)
  if (!['up', 'list', 'down', 'prepare'].includes(command))
    throw new Error(command ? `no command ${command}` : 'no command')
  if (!/^[1-9]\d?$/.test(count) || more.length > 0) throw new Error('COUNT is one number from 1 to 99')
  const init = values['no-init'] ? ('none' as const) : ('systemd' as const)
  return { command, count: Number(count), host: { release, engine: values.engine, python: values.python, init } }
}

const main = async (): Promise<number> => {
  let asked: ReturnType<typeof parse>
  try {
    asked = parse()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return 2
  }
  if (asked.command === 'up') await up(asked.count, asked.host)
  else if (asked.command === 'list') await list()
  else if (asked.command === 'down')
    process.stdout.write(`${await labDown(process.env.LONGSHORE_LAB_OWNER)} hosts removed\n`)
  else await prepare()
  return 0
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  return 1
})
