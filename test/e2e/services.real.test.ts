// The commands for services as people call them, on this machine's engine beside a lab host: what they show and do is so on the engines.
import { readFileSync } from 'node:fs'
import tap, { test } from 'tap'
import { busyboxTarball, docker, ensureEngine, labHost, tryDocker } from '../lab/index.js'
import { hostEntry, testProject, told } from './command.js'
import { attached, copies } from './services/entering.js'
import { follow, logs, look } from './services/looking.js'
import { type Call, env, fileWith, image } from './services/project.js'

tap.setTimeout(600_000)

test('services on two hosts', async t => {
  await ensureEngine()
  const there = await labHost({ engine: true })
  t.teardown(() => there.remove())
  await Promise.all([
    docker(['import', await busyboxTarball(), image]),
    there.sh(`docker import - ${image}`, { input: readFileSync(await busyboxTarball()), check: true }),
  ])
  const project = testProject({ 'longshore.yaml': fileWith(hostEntry(there)) })
  const call: Call = (args, options = {}) => project.run(args, { env, ...options })
  t.teardown(async () => {
    await call(['down', '--volumes', '--yes', '--on', 'here'])
    await tryDocker(['rmi', '-f', image])
    project.remove()
  })
  const up = await call(['up', '--yes'])
  t.equal(up.code, 0, told(up))
  const inspected = async (name: string, format: string): Promise<string> =>
    (await docker(['inspect', '-f', format, name])).trim()

  await t.test('logs are merged by time over services and hosts', t => logs(t, call))
  await t.test('what follows goes on past a restart', t => follow(t, call))
  await t.test('top, stats, port, inspect, ps', t => look(t, project, call))
  await t.test('cp keeps to the rules of docker cp', t => copies(t, project, call))
  await t.test('attach joins streams and signals; a terminal its keys and its size', t => attached(t, project, call))
  await t.test('stop, start, restart, kill, pause: in order, with the lock held, told as events', async t => {
    const state = (name: string): Promise<string> =>
      inspected(`lssvc-${name}-1`, '{{.State.Status}} {{.State.StartedAt}}')
    const before = await state('web')
    const restarted = await call(['--json', 'restart', '-t', '1', 'db'])
    t.equal(restarted.code, 0, told(restarted))
    const done = restarted.events().filter(event => event.type === 'step' && event.state === 'done')
    t.equal(done.length, 3, 'both of db, and web that is restarted with it')
    t.match(
      done.at(-1),
      { thing: 'container lssvc-web-1', verb: 'restart', host: 'here' },
      'what stands on it comes last',
    )
    t.not(await state('web'), before)
    const alone = await call(['--json', 'restart', '-t', '1', '--no-deps', '--host', 'there', 'db'])
    t.equal(alone.events().filter(event => event.type === 'step' && event.state === 'done').length, 1, told(alone))

    const stopped = await call(['--json', 'stop', '-t', '1', 'db', 'web'])
    t.equal(stopped.code, 0, told(stopped))
    const ends = stopped.events().filter(event => event.type === 'step' && event.state === 'done')
    t.match(ends[0], { thing: 'container lssvc-web-1', verb: 'stop' }, 'what stands on others goes first')
    t.match(await state('web'), /^exited/)
    const again = await call(['stop', 'db', 'web'])
    t.match(again, { code: 0, stdout: 'Nothing to do: it is so already.\n' })
    const plan = await call(['plan'])
    t.match(plan.stdout, /start container lssvc-web-1 {2}\(stopped/, told(plan))
    t.match(
      (await call(['exec', 'web', '--', 'true'])).stderr,
      /the service "web" is not running\n {2}\| here lssvc-web-1: exited/,
    )
    const started = await call(['--json', 'start'])
    const starts = started.events().filter(event => event.type === 'step' && event.state === 'done')
    t.same(starts.map(({ thing }) => thing).at(-1), 'container lssvc-web-1', told(started))
    t.equal(starts.length, 4, 'and the terminal that was left to its end')
    t.equal((await call(['plan', '--exit-code'])).code, 0, 'nothing is left to do')

    t.equal((await call(['pause', 'web'])).code, 0)
    t.match(await state('web'), /^paused/)
    t.match(await call(['pause', 'web']), { code: 0, stdout: /Nothing to do/ })
    t.equal((await call(['unpause', 'web'])).code, 0)
    t.match(await state('web'), /^running/)
    t.equal((await call(['kill', '-s', 'USR1', 'reader'])).code, 0)
    await docker(['wait', 'lssvc-reader-1'])
    t.match(await inspected('lssvc-reader-1', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 9')

    await there.sh('mkdir -p /var/lib/longshore/lssvc/lock && echo me >/var/lib/longshore/lssvc/lock/owner', {
      check: true,
    })
    const locked = await call(['restart', 'web', 'db'])
    await there.sh('rm -rf /var/lib/longshore/lssvc/lock', { check: true })
    t.equal(locked.code, 5, told(locked))
    for (const [args, message] of [
      [['stop', 'wbe'], /there is no service "wbe"; did you mean "web"\?/],
      [['stop', '-t', 'long'], /--timeout takes whole seconds/],
      [['kill', '-s', 'no signal'], /--signal takes a name/],
      [['restart', '--host', 'heer'], /there is no host "heer"; did you mean "here"\?/],
    ] as const) {
      const wrong = await call(args)
      t.equal(wrong.code, 3, told(wrong))
      t.match(wrong.stderr, message)
    }
  })
  await t.test('wait ends with the exit code of the first that ends', async t => {
    await call(['start', 'reader'])
    const waiting = call(['wait', 'reader', 'web'])
    await new Promise(resolve => setTimeout(resolve, 1500))
    await docker(['kill', '-s', 'USR1', 'lssvc-reader-1'])
    t.match(await waiting, { code: 9, stdout: 'here lssvc-reader-1: exit code 9\n' })
    t.equal((await call(['wait', '--all', 'reader'])).code, 9, 'at once, where it has ended already')
  })
  await t.test('events of all hosts', async t => {
    const since = new Date(Date.now() - 120_000).toISOString()
    const args = ['events', '--since', since, '--until', new Date().toISOString(), '--filter', 'event=die']
    const shown = await call(['--json', ...args])
    t.equal(shown.code, 0, told(shown))
    const events = shown.events()
    t.same([...new Set(events.map(({ host }) => host))].sort(), ['here', 'there'])
    t.match(
      events.find(({ service }) => service === 'reader'),
      { action: 'die', attributes: { exitCode: '9' } },
    )
    const times = events.map(({ time }) => String(time))
    t.same(times, [...times].sort(), 'in order of time')
    t.notMatch(shown.stdout, /longshore\.spec/)
    t.match(
      (await call([...args, 'reader'])).stdout,
      /^\S+Z here lssvc-reader-1 die \(image=lssvc-busybox, .*exitCode=9.*\)$/m,
    )
    let isWatched = true
    const watched = call(['events', 'web'], { interruptAt: / pause [\s\S]* unpause / }).finally(() => {
      isWatched = false
    })
    // Nothing tells when it has begun to listen.
    while (isWatched) {
      await docker(['pause', 'lssvc-web-1'])
      await docker(['unpause', 'lssvc-web-1'])
      await new Promise(resolve => setTimeout(resolve, 1000))
    }
    t.match(await watched, { code: 130, stdout: /here lssvc-web-1 pause .*\n.* here lssvc-web-1 unpause / })
  })
})
