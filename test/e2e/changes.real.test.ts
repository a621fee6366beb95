// What a change comes to: an edit of the file, of a build's context or of the host touches just the containers that it concerns.
import tap, { type Test, test } from 'tap'
import { type LabHost, labHost } from '../lab/index.js'
import { hostEntry, type Ran, type TestProject, testProject, told } from './command.js'
import { containersOn, giveRootfs, idsOn, thingsOn } from './host-state.js'

// Hosts boot and packages are installed: more than the usual half minute.
tap.setTimeout(600_000)

const green = `  green: { image: base, init: true, command: [sleep, "3000"], on: one }
`

const services = `  red:
    image: base
    init: true
    command: [sleep, "3000"]
    environment: { COLOUR: red, SHADE: light, TOKEN: { secret: TOKEN } }
    on: one
  blue:
    build: ./blue
    init: true
    command: [sleep, "3000"]
    volumes: ["data:/data"]
    on: one
`

const rest = `secrets: { TOKEN: { env: EDITS_TOKEN } }
images: { base: { import: { dir: /opt/rootfs, at: host } } }
volumes: { data: {} }
`

interface PlannedStep {
  thing: string
  verb: string
  cause: string
  changes?: { what: string; from: string; to: string }[]
}

const stepsOf = (ran: Ran): PlannedStep[] =>
  (ran.events() as { type: string; steps: PlannedStep[] }[])
    .filter(one => one.type === 'plan')
    .flatMap(one => one.steps)

const summed = (ran: Ran): string[] => stepsOf(ran).map(({ verb, thing }) => `${verb} ${thing}`)

/** Names of the containers that are not the ones they were. */
async function replaced(host: LabHost, before: Record<string, string>): Promise<string[]> {
  const now = await idsOn(host)
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
  return names.filter(name => now[name] !== before[name])
}

test('a change touches what it concerns and nothing else', async t => {
  const [one, two] = await Promise.all([labHost({ name: 'one', engine: true }), labHost({ name: 'two', engine: true })])
  t.teardown(() => Promise.all([one.remove(), two.remove()]))
  await Promise.all([giveRootfs(one), giveRootfs(two)])
  const head = `project: edits\nhosts:\n  one: ${hostEntry(one)}\n  two: ${hostEntry(two)}\n`
  const project: TestProject = testProject({
    'blue/Dockerfile': 'FROM base\nCOPY word /word\n',
    'blue/word': 'first\n',
  })
  t.teardown(() => project.remove())
  const write = (containers: string): void =>
    project.write('longshore.yaml', `${head}${rest}containers:\n${containers}`)
  let token = 'hunter-one-4711'
  const run = (...args: string[]): Promise<Ran> => project.run(args, { env: { EDITS_TOKEN: token } })
  const inspect = async (name: string, format: string): Promise<string> =>
    (await one.sh(`docker inspect -f '${format}' ${name}`, { check: true })).stdout.trim()

  /** Plans, does and repeats a change, and says which steps and containers it came to. */
  const change = async (t: Test): Promise<{ plan: Ran; up: Ran; steps: string[]; replaced: string[] }> => {
    const before = await idsOn(one)
    const plan = await run('--json', 'plan')
    t.same(await replaced(one, before), [], 'the plan changes nothing')
    const up = await run('--json', 'up', '--yes')
    t.equal(up.code, 0, told(up))
    t.same(summed(up), summed(plan))
    const changed = await replaced(one, before)
    const ids = await idsOn(one)
    const again = await run('up', '--yes')
    t.same(await replaced(one, ids), [], 'a second time nothing is touched')
    t.equal(again.code, 0, told(again))
    t.match(again.stdout, 'Nothing to do.')
    return { plan, up, steps: summed(plan), replaced: changed }
  }

  write(services + green)
  await change(t)
  t.same((await thingsOn(one)).containers, ['edits-blue-1', 'edits-green-1', 'edits-red-1'])
  t.same((await thingsOn(two)).containers, [])

  await t.test('an edited variable replaces its container, and the cause names it', async t => {
    write(services.replace('COLOUR: red', 'COLOUR: crimson') + green)
    const { plan, ...did } = await change(t)
    t.same(did.replaced, ['edits-red-1'])
    t.match(await inspect('edits-red-1', '{{.Config.Env}}'), 'COLOUR=crimson')
    t.same(did.steps, ['replace container edits-red-1'])
    t.match(stepsOf(plan)[0]?.cause, 'environment.COLOUR')
    t.same(stepsOf(plan)[0]?.changes, [{ what: 'environment.COLOUR', from: 'red', to: 'crimson' }])
    write(services + green)
    t.same((await change(t)).replaced, ['edits-red-1'])
  })

  await t.test('a changed secret is told without its value', async t => {
    const old = token
    token = 'hunter-two-0815'
    const { plan, up, ...did } = await change(t)
    t.same(did.replaced, ['edits-red-1'])
    t.match(await inspect('edits-red-1', '{{.Config.Env}}'), `TOKEN=${token}`)
    t.match(stepsOf(plan)[0]?.cause, 'environment.TOKEN')
    const verbose = await run('-v', 'plan')
    const shown = told(plan) + told(up) + told(verbose) + (await inspect('edits-red-1', '{{json .Config.Labels}}'))
    for (const value of [old, token]) t.notMatch(shown, value)
  })

  await t.test('comments, order and spelling alone are no change', async t => {
    const [red = '', blue = ''] = services.split(/(?= {2}blue:)/)
    const reordered = red
      .replace('COLOUR: red, SHADE: light,', '"SHADE": light, COLOUR: "red",')
      .replace('[sleep, "3000"]', 'sleep 3000')
    write(`# Colours.\n${green}${blue} # the deep\n${reordered}`)
    const did = await change(t)
    t.same(did.replaced, [])
    t.same(did.steps, [])
    write(services + green)
    t.same((await change(t)).steps, [])
  })

  await t.test('a changed file of a build makes its image and its containers anew', async t => {
    project.write('blue/word', 'second\n')
    const did = await change(t)
    t.same(did.replaced, ['edits-blue-1'])
    t.equal((await one.sh('docker exec edits-blue-1 cat /word')).stdout, 'second\n')
    t.same(did.steps, ['build image edits-blue', 'replace container edits-blue-1'])
  })

  await t.test('what was stopped by hand is started, what was removed is created', async t => {
    await one.sh('docker stop -t 1 edits-red-1; docker rm -f edits-green-1', { check: true })
    const did = await change(t)
    t.same(did.replaced, ['edits-green-1'], 'the stopped one is the one it was')
    t.same(
      Object.values(await containersOn(one)).map(({ state }) => state),
      ['running', 'running', 'running'],
    )
    t.same(did.steps.sort(), ['create container edits-green-1', 'start container edits-red-1'])
  })

  await t.test('a service no longer declared is shown, and removed on request', async t => {
    const before = await idsOn(one)
    write(services)
    const told = [await run('plan'), await run('up', '--yes'), await run('ps')].map(ran => ran.stdout)
    t.same(await replaced(one, before), [])
    for (const text of told) t.match(text, /edits-green-1/)
    for (const text of told) t.match(text, /no longer declared/i)
    const plan = await run('--json', 'plan', '--prune')
    t.same(summed(plan), ['remove container edits-green-1'])
    const up = await run('up', '--prune', '--yes')
    t.same(await replaced(one, before), ['edits-green-1'])
    t.notOk((await containersOn(one))['edits-green-1'])
    t.equal(up.code, 0, `${up.stdout}${up.stderr}`)
    t.notMatch(up.stdout, /left alone/)
    t.match((await run('up', '--prune', '--yes')).stdout, 'Nothing to do.')
    t.notMatch((await run('ps')).stdout, /edits-green-1/)
  })

  await t.test('a link to an unpublished port of another host is refused at its line', async t => {
    const before = await idsOn(one)
    const far = '  far: { image: base, command: [sleep, "3000"], on: two, links: [blue] }'
    write(`${services}${far}\n`)
    const line = `${head}${rest}containers:\n${services}`.split('\n').length
    const place = `longshore.yaml:${line}:${far.indexOf('blue') + 1}`
    for (const args of [['plan'], ['up', '--yes']]) {
      const ran = await run(...args)
      t.equal(ran.code, 3, told(ran))
      t.match(ran.stderr, place, told(ran))
      t.match(ran.stderr, /publish it/)
      t.match(ran.stderr, /provider: swarm/)
    }
    t.same(await replaced(one, before), [])
    t.same(await containersOn(two), {})
    write(services)
  })

  await t.test('down and up keep what is in volumes', async t => {
    await one.sh('docker exec edits-blue-1 sh -c "echo treasure >/data/chest"', { check: true })
    const down = await run('down', '--yes')
    t.same(await thingsOn(one).then(({ containers, networks, volumes }) => ({ containers, networks, volumes })), {
      containers: [],
      networks: [],
      volumes: ['edits_data'],
    })
    t.equal(down.code, 0, told(down))
    await change(t)
    t.equal((await one.sh('docker exec edits-blue-1 cat /data/chest')).stdout, 'treasure\n')
    const gone = await run('down', '--volumes', '--yes')
    t.same((await thingsOn(one)).volumes, [])
    t.match(gone.stdout, /loses the data in volume edits_data/)
  })
})
