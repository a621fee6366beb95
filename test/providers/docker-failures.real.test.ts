// When things go wrong on a real engine: what is undone, what is said, and what an interrupted run leaves to the next.
import { test } from 'tap'
import { UserError } from '../../core/errors.js'
import { docker as client, tryDocker } from '../lab/index.js'
import { health, linesOf, type RealProject, realProject, runIn } from './real-engine.js'

test('a replacement that is no good is undone; an interrupted one is finished', async t => {
  const project = await realProject('lsprovroll')
  t.teardown(() => project.clean())
  const good = project.box('web', {
    healthcheck: health('true'),
    mounts: [{ type: 'volume', target: '/cache', readOnly: false }],
  })
  t.same((await project.up(project.want({ containers: [good] }))).errors, [])
  await runIn(project, good.name, ['sh', '-c', 'echo kept >/cache/mark'])
  const before = (await client(['inspect', '-f', '{{.Id}}', good.name])).trim()

  const bad = {
    ...good,
    config: {
      ...good.config,
      command: ['sh', '-c', 'echo about to fail; exec sleep 1000'],
      healthcheck: health('echo no luck; false'),
    },
  }
  const failed = await project.up(project.want({ containers: [bad] }))
  t.match(failed.errors, [{ exit: 6, message: 'container lsprovroll-web-1 is unhealthy; the old one runs again' }])
  const output = (failed.errors[0] as UserError).output ?? ''
  t.match(output, /about to fail/)
  t.match(output, /no luck/)
  t.equal((await client(['inspect', '-f', '{{.Id}}', good.name])).trim(), before)
  t.equal((await client(['inspect', '-f', '{{.State.Running}}', good.name])).trim(), 'true')
  t.same((await project.up(project.want({ containers: [good] }))).plan, [], 'as if nothing had been')

  const exits = {
    ...good,
    config: { ...good.config, command: ['sh', '-c', 'echo broken >&2; exit 9'], healthcheck: { test: ['NONE'] } },
  }
  t.match((await project.up(project.want({ containers: [exits] }))).errors, [
    { exit: 6, message: /exited with code 9/, output: 'broken' },
  ])

  // Interrupted: the new one never becomes good, and then the user gives up.
  const stop = new AbortController()
  const slow = { ...good, config: { ...good.config, healthcheck: { ...health('false'), retries: 1000 } } }
  setTimeout(() => stop.abort(new Error('interrupted')), 2000)
  const interrupted = await project.up(project.want({ containers: [slow] }), { signal: stop.signal })
  t.same(interrupted.ends, { 'container lsprovroll-web-1': 'cancelled' })
  t.equal((await client(['inspect', '-f', '{{.Id}}', good.name])).trim(), before, 'the old one is back')

  // Cut off between the renaming and the new one, as by a power failure.
  await client(['rename', good.name, `${good.name}-old-${before.slice(0, 12)}`])
  const finished = await project.up(project.want({ containers: [good] }))
  t.same(finished.plan, [
    'replace container lsprovroll-web-1: an interrupted run left it half replaced; stop-first: both would write /cache',
  ])
  t.same(finished.errors, [])
  t.match(await runIn(project, good.name, ['cat', '/cache/mark']), { out: 'kept' }, 'its unnamed volume went with it')
  t.same(linesOf(await client(['ps', '-aq', '--filter', 'label=longshore.project=lsprovroll'])).length, 1)
  t.same((await project.up(project.want({ containers: [good] }))).plan, [])
  const volumes = linesOf(
    await client([
      'volume',
      'ls',
      '-q',
      '--filter',
      `name=${(await client(['inspect', '-f', '{{(index .Mounts 0).Name}}', good.name])).trim()}`,
    ]),
  )
  t.equal(volumes.length, 1)
  await project.down()
  t.equal((await tryDocker(['volume', 'inspect', volumes[0] ?? ''])).code, 1, 'and goes with down --volumes')
})

test('what cannot start says why', async t => {
  const project = await realProject('lsprovfail')
  t.teardown(() => project.clean())
  const port = 23_457
  const first = project.box('first', { ports: [{ ip: '127.0.0.1', published: port, target: 80, protocol: 'tcp' }] })
  const second = project.box('second', { ports: first.config.ports })
  t.same((await project.up(project.want({ containers: [first] }))).errors, [])
  const clash = await project.up(project.want({ containers: [first, second] }))
  t.match(clash.errors, [
    {
      exit: 1,
      message: `container lsprovfail-second-1 cannot have port ${port} of here: container lsprovfail-first-1 (of this project) holds it`,
      where: 'here, create container lsprovfail-second-1',
    },
  ])
  const names = linesOf(
    await client(['ps', '-a', '--format', '{{.Names}}', '--filter', 'label=longshore.project=lsprovfail']),
  )
  t.same(names, ['lsprovfail-first-1'], 'the failed one does not stay behind')

  const rows: [string, Parameters<RealProject['box']>[1], object][] = [
    [
      'exit',
      { command: ['sh', '-c', 'echo last words; exit 4'] },
      { message: /exited with code 4/, output: 'last words' },
    ],
    [
      'loop',
      { command: ['sh', '-c', 'exit 5'], restart: { name: 'always' } },
      { message: /keeps exiting with code 5/ },
    ],
    [
      'program',
      { command: ['no-such-program'], init: false },
      { message: /refuses container lsprovfail-program-1: .*no-such-program/ },
    ],
    ['image', { image: 'lsprov-none:1' }, { message: 'image lsprov-none:1 is not on here' }],
    ['network', { networks: [{ name: 'lsprov_none', aliases: [] }] }, { message: /network lsprov_none.*is not there/ }],
  ]
  for (const [service, part, error] of rows) {
    const ran = await project.up(project.want({ containers: [first, project.box(service, part)] }))
    t.match(ran.errors, [error], service)
    t.ok(ran.errors[0] instanceof UserError)
  }
  const on = [{ host: 'here', container: 'lsprovfail-job-1' }]
  const job = project.box('job', { command: ['sh', '-c', 'exit 0'] })
  const after = project.box('after', {}, { dependsOn: [{ service: 'job', condition: 'completed', on, at: job.at }] })
  t.same((await project.up(project.want({ containers: [first, job, after] }))).errors, [])
  t.same(
    (await project.up(project.want({ containers: [first, job, after] }))).plan,
    [],
    'a finished job is not run again',
  )
  const needy = project.box('needy', {}, { dependsOn: [{ service: 'job', condition: 'healthy', on, at: job.at }] })
  const blocked = await project.up(project.want({ containers: [first, job, after, needy] }))
  t.match(blocked.errors, [
    { message: /lsprovfail-job-1, which lsprovfail-needy-1 depends on, exited with code 0/, at: job.at },
  ])
})
