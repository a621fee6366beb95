// History, rollback, scale, run and jobs on two engines: this machine's own, and that of a lab host.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import tap, { test } from 'tap'
import { busyboxTarball, docker, ensureEngine, labHost, tryDocker } from '../../lab/index.js'
import { hostEntry, type Ran, type RunOptions, testProject, told } from '../command.js'

// Hosts boot and containers come and go: more than the usual half minute.
tap.setTimeout(600_000)

const name = 'histreal'
const folder = `/var/lib/longshore/${name}/history`

const sorted = (text: string): string[] => text.trim().split('\n').filter(Boolean).sort()

const settings = 'init: true, command: [sleep, "3000"], stop_grace_period: 1s'

test('what was applied can be seen and gone back to', async t => {
  await ensureEngine()
  const tarball = await busyboxTarball()
  const lab = await labHost({ name: 'hist', engine: true })
  const project = testProject({})
  const label = `label=longshore.project=${name}`
  t.teardown(async () => {
    await project.run(['down', '--yes', '--volumes', '--images'])
    const rest = async (list: string[], gone: string[]): Promise<void> => {
      for (const id of sorted((await tryDocker(list)).stdout)) await tryDocker([...gone, id])
    }
    await rest(['ps', '-aq', '--filter', label], ['rm', '-f'])
    await rest(['images', '-q', '--no-trunc', '--filter', 'label=histreal'], ['rmi', '-f'])
    rmSync(`/var/lib/longshore/${name}`, { recursive: true, force: true })
    project.remove()
    await lab.remove()
  })
  const input = readFileSync(tarball)
  /** Makes the image anew on both engines: another id under the same name. */
  const image = async (version: string): Promise<void> => {
    await docker(['import', '--change', `LABEL histreal=${version}`, tarball, `${name}-box`])
    await lab.sh(`docker import --change 'LABEL histreal=${version}' - ${name}-box`, { input, check: true })
  }
  let colour = 'blue'
  let token = 'hunter-one-4711'
  const write = (more = ''): void =>
    project.write(
      'longshore.yaml',
      `project: ${name}
hosts: { here: { connection: local }, lab: ${hostEntry(lab)} }
secrets: { TOKEN: { env: HIST_TOKEN } }
containers:
  db: { image: ${name}-box, ${settings}, on: here }
  web:
    { image: ${name}-box, ${settings}, on: all, scale: 3, depends_on: [db], environment: { COLOUR: ${colour}, TOKEN: { secret: TOKEN } } }
  site: { image: ${name}-box, ${settings}, on: lab, volumes: ["./word:/word:ro"] }
${more}`,
    )
  const run = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    project.run(args, { ...options, env: { HIST_TOKEN: token } })
  const good = async (...args: string[]): Promise<Ran> => {
    const ran = await run(args)
    t.equal(ran.code, 0, `${args.join(' ')}: ${told(ran)}`)
    return ran
  }
  const list = ['ps', '-a', '--filter', label, '--format', '{{.Names}}']
  const here = async (): Promise<string[]> => sorted(await docker(list))
  const there = async (): Promise<string[]> =>
    sorted((await lab.sh(`docker ps -a --filter ${label} --format '{{.Names}}'`)).stdout)
  const colourOf = async (container: string): Promise<string> =>
    (await docker(['exec', container, 'sh', '-c', 'echo $COLOUR'])).trim()
  const wordOf = async (): Promise<string> => (await lab.sh(`docker exec ${name}-site-1 cat /word`)).stdout.trim()
  const imageOf = async (container: string): Promise<string> =>
    (await lab.sh(`docker inspect -f '{{.Image}}' ${container}`, { check: true })).stdout.trim()

  await image('one')
  project.write('word', 'first\n')
  write()
  await good('up', '--yes')
  const first = await imageOf(`${name}-web-2`)

  await t.test('containers are dealt like cards, in order of host name', async t => {
    t.same(await here(), [`${name}-db-1`, `${name}-web-1`, `${name}-web-3`])
    t.same(await there(), [`${name}-site-1`, `${name}-web-2`])
  })

  await t.test(
    'an up that changes containers makes one entry on each host, one that changes none makes none',
    async t => {
      t.same(readdirSync(folder), ['1.json'])
      t.equal(statSync(`${folder}/1.json`).mode & 0o777, 0o600)
      t.notMatch(readFileSync(`${folder}/1.json`, 'utf8'), /hunter/)
      const again = await good('-v', 'up', '--yes')
      t.match(again.stdout, /Nothing to do/)
      for (const [, execs] of again.stderr.matchAll(/1 connection, (\d+) execs?/g))
        t.ok(Number(execs) <= 2, told(again))
      t.same(readdirSync(folder), ['1.json'])
      const entries = (await good('--json', 'history')).events() as { host: string; number: number; reason: string }[]
      t.same(
        entries.map(({ host, number, reason }) => [host, number, reason]).sort(),
        [
          ['here', 1, 'up'],
          ['lab', 1, 'up'],
        ],
        'the same number on all hosts',
      )
    },
  )

  await t.test('a rollback brings back configuration and image; a second one changes nothing', async t => {
    await image('two')
    colour = 'green'
    project.write('word', 'second\n')
    write()
    await good('up', '--yes')
    t.equal(await colourOf(`${name}-web-1`), 'green')
    t.equal(await wordOf(), 'second')
    const second = await imageOf(`${name}-web-2`)
    t.not(second, first)
    // What a person does to have room again.
    await lab.sh('docker image prune -f', { check: true })
    const back = await good('rollback', '--yes')
    t.match(back.stdout, /rollback to 1: environment\.COLOUR: green → blue/, told(back))
    t.match(back.stderr, /the file was not changed: the next `longshore up` does what it says/)
    t.equal(await colourOf(`${name}-web-1`), 'blue')
    t.equal(await imageOf(`${name}-web-2`), first, 'the very image of that time')
    t.equal(await wordOf(), 'first', 'and the very file')
    t.match((await good('rollback', '--yes')).stdout, /Nothing to do/)
    const plan = await run(['plan', '--exit-code'])
    t.equal(plan.code, 2, 'the plan tells that the file differs')
    t.match(plan.stdout, /COLOUR: blue → green/)
    const list = await good('history', 'web')
    t.match(list.stdout, /3 .* here .*rollback to 1 +done +replace web \(2\)/)
    t.notMatch(list.stdout, /\bdb\b/, 'of one service, the others are left out')

    token = 'hunter-two-0815'
    const to = await good('rollback', 'web', '--to', '2', '--yes')
    t.match(to.stderr, /the secret TOKEN is another one than at entry 2: today's is used/)
    t.equal(await colourOf(`${name}-web-1`), 'green')
    t.match((await run(['rollback', 'wbe', '--to', '2', '--yes'])).stderr, /knows no service "wbe"; did you mean "web"/)
  })

  await t.test('scale changes the number now, and the file wins at the next up', async t => {
    await good('up', '--yes')
    const down = await good('scale', 'web=1', '--yes')
    t.match(down.stderr, /the file says scale: 3 for web: the next `longshore up` goes by that/)
    t.same(await here(), [`${name}-db-1`, `${name}-web-1`], 'the highest numbers go')
    t.same(await there(), [`${name}-site-1`])
    t.match((await good('scale', 'web=1', '--yes')).stdout, /Nothing to do/)
    await good('scale', 'web=4', '--yes')
    t.same(
      await there(),
      ['site-1', 'web-2', 'web-4'].map(end => `${name}-${end}`),
    )
    await good('up', '--yes')
    t.same(await there(), [`${name}-site-1`, `${name}-web-2`])
    t.match((await run(['scale', 'web', '--yes'])).stderr, /"web" is no SERVICE=N/)
  })

  await t.test('an image that is gone is named before anything is done', async t => {
    const before = await here()
    await lab.sh(`docker rmi -f ${first}`, { check: true })
    const ran = await run(['rollback', '--to', '1', '--yes'])
    t.equal(ran.code, 1)
    t.match(
      ran.stderr,
      /lab: entry 1 needs histreal-box \([0-9a-f]{12}\) of \w+, histreal-box \([0-9a-f]{12}\) of \w+, and that is gone from the host/,
    )
    t.same(await here(), before)
    t.equal(await colourOf(`${name}-web-1`), 'green')
  })

  await t.test('run: one command in a container of its own', async t => {
    const on = ['run', '--host', 'here']
    t.match((await run(['run', 'web', '--', 'true'])).stderr, /web runs on here, lab: say on which of them/)
    const script = 'read line; echo "$line $COLOUR $MORE $(pwd)"; echo oops >&2; exit 7'
    const ran = await run([...on, '-e', 'MORE=yes', '-w', '/tmp', 'web', '--', 'sh', '-c', script], {
      input: 'hello\n',
    })
    t.equal(ran.code, 7, told(ran))
    t.equal(ran.stdout, 'hello green yes /tmp\n')
    t.match(ran.stderr, /oops/)
    await good('run', '--host', 'lab', 'web', '--', 'hostname')
    const tty = await run([...on, 'web', '--', 'sh', '-c', 'sleep 1; stty size; read x; exit $x'], {
      typing: [[/24 100/, '5\r']],
    })
    t.equal(tty.code, 5, told(tty))
    const stopped = await run([...on, 'web', '--', 'sh', '-c', 'echo here; sleep 300'], { interruptAt: /here/ })
    t.equal(stopped.code, 130, told(stopped))
    t.same(
      (await here()).filter(container => container.includes('-run-')),
      [],
      'nothing is left',
    )

    await docker(['rm', '-f', `${name}-db-1`])
    await good(...on, '--no-deps', 'web', '--', 'true')
    t.notOk((await here()).includes(`${name}-db-1`))
    await good(...on, '--yes', '--keep', '--name', `${name}-kept`, 'web', '--', 'true')
    t.ok((await here()).includes(`${name}-db-1`), 'what it depends on is started first')
    t.match(
      (await good('up', '--yes', '--prune')).stdout,
      /Nothing to do/,
      'what runs beside the services is left alone',
    )
  })

  await t.test('a run that is killed leaves its entry, and a way back', async t => {
    colour = 'red'
    write()
    const killed = await run(['up', '--yes'], { killAt: /replace container histreal-web-\d … / })
    t.equal(killed.code, 137)
    t.match((await good('history')).stdout, / up +not finished +replace web/)
    t.match((await good('rollback', '--yes')).stdout, /rollback to \d+: /)
    t.equal(await colourOf(`${name}-web-1`), 'green')
    colour = 'green'
    write()
  })

  await t.test('jobs: what waits for one starts when it has ended well', async t => {
    const job = (script: string): void =>
      write(`  job: { image: ${name}-box, on: here, command: [sh, -c, "${script}"] }
  app:
    { image: ${name}-box, ${settings}, on: here, depends_on: { job: { condition: service_completed_successfully } } }
`)
    job('sleep 1; echo no such table >&2; exit 3')
    const failed = await run(['up', '--yes'])
    t.equal(failed.code, 1)
    t.match(failed.stderr, /job.*exited with code 3/s, told(failed))
    t.match(failed.stderr, /no such table/, 'with its last words')
    t.notOk((await here()).includes(`${name}-app-1`))
    job('sleep 1; echo fine')
    await good('up', '--yes')
    t.ok((await here()).includes(`${name}-app-1`))
    t.match((await good('up', '--yes')).stdout, /Nothing to do/)
    job('sleep 1; echo finer')
    t.match((await good('up', '--yes')).stdout, /replace.*container histreal-job-1/)
    await docker(['wait', `${name}-job-1`])
    t.match(await docker(['logs', `${name}-job-1`]), /finer/)
  })

  await t.test('down removes what run has left, and with --images what was kept for a rollback', async t => {
    const before = await here()
    await good('down', '--yes')
    t.same(await here(), [])
    await good('rollback', '--yes')
    t.same([...(await here()), `${name}-kept`].sort(), before, 'a rollback brings back what there was')
    await good('down', '--yes', '--images')
    t.same(await here(), [])
    t.same(await there(), [])
    const names = (await lab.sh(`docker images --format '{{.Repository}}'`)).stdout
    t.notMatch(names, /longshore\.local/)
  })
})
