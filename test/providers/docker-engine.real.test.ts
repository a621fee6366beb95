// Containers on a real engine: made, linked, waited for, replaced, read and removed.
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { cleanLine } from '../../core/events.js'
import { Secret } from '../../core/secret.js'
import { docker } from '../../providers/docker/index.js'
import { docker as client } from '../lab/index.js'
import { health, linesOf, realProject, runIn } from './real-engine.js'
import { network, volume } from './samples.js'

test('a project comes up linked, is left alone the second time, and goes without a trace', async t => {
  const project = await realProject('lsprovlink')
  t.teardown(() => project.clean())
  const net = 'lsprovlink_default'
  const db = project.box('db', {
    command: ['sh', '-c', 'sleep 0.7; echo up >/tmp/up; exec sleep 1000'],
    healthcheck: { ...health('test -e /tmp/up'), retries: 20 },
    networks: [{ name: net, aliases: ['db'] }],
    mounts: [{ type: 'volume', source: 'lsprovlink_data', target: '/data', readOnly: false }],
  })
  const app = project.box(
    'app',
    {
      command: ['sh', '-c', 'nslookup cache >/tmp/at-start 2>&1; exec sleep 1000'],
      links: [{ container: db.name, alias: 'cache' }],
      networks: [
        { name: net, aliases: [] },
        { name: 'lsprovlink_second', aliases: ['front'] },
      ],
      environment: { TOKEN: new Secret('TOKEN', 'correct-horse') },
      extraHosts: ['other:192.0.2.9'],
    },
    { dependsOn: [{ service: 'db', condition: 'healthy', on: [{ host: 'here', container: db.name }], at: db.at }] },
  )
  const want = project.want({
    networks: [network(net), network('lsprovlink_second')],
    volumes: [volume('lsprovlink_data')],
    containers: [app, db],
  })
  const first = await project.up(want)
  t.same(Object.values(first.ends), ['done', 'done', 'done', 'done', 'done'])

  const dbAddress = await client(['inspect', '-f', `{{.NetworkSettings.Networks.${net}.IPAddress}}`, db.name])
  t.match(
    (await runIn(project, app.name, ['cat', '/tmp/at-start'])).out,
    dbAddress.trim(),
    'the alias was there at the start',
  )
  t.match(await runIn(project, app.name, ['cat', '/etc/hosts']), { code: 0, out: /192\.0\.2\.9\s+other/ })
  t.match(await runIn(project, app.name, ['sh', '-c', 'echo $TOKEN']), { out: 'correct-horse' })
  t.match(await runIn(project, app.name, ['sh', '-c', 'cat; echo end >&2; exit 3'], 'from stdin'), {
    code: 3,
    out: 'from stdin',
    err: 'end',
  })
  const screen = new PassThrough()
  const shown = text(screen)
  const size = { columns: 99, rows: 33 }
  const argv = ['sh', '-c', 'sleep 0.2; stty size; read answer; echo "got $answer"; exit 5']
  const terminal = { argv, tty: true, size, stdin: Readable.from(['yes\n']), stdout: screen, stderr: screen }
  t.equal(await docker.exec?.(project.engine, app.name, terminal), 5)
  screen.end()
  t.match(await shown, /33 99.*got yes/s, 'a terminal has its size and its input')
  await t.rejects(runIn(project, 'lsprovlink-none-1', ['true']), {
    message: 'container lsprovlink-none-1 is not there',
  })
  t.match(
    linesOf(
      await client(['inspect', '-f', '{{range $k,$v := .NetworkSettings.Networks}}{{println $k}}{{end}}', app.name]),
    ),
    [net, 'lsprovlink_second'],
  )
  t.notMatch(await client(['inspect', '-f', '{{json .Config.Labels}}', app.name]), 'correct-horse')

  const listed = await docker.list(project.engine, project.name)
  t.match(listed, [
    { name: app.name, service: 'app', number: 1, state: 'running' },
    { name: db.name, status: /healthy/ },
  ])

  const again = await project.up(want)
  t.same(again.plan, [], 'twice is nothing')

  const changed = { ...app, config: { ...app.config, environment: { TOKEN: new Secret('TOKEN', 'battery-staple') } } }
  const now = { ...want, containers: [changed, db] }
  const replaced = await project.up(now)
  t.same(replaced.plan, [`replace container ${app.name}: environment.TOKEN: secret changed; start-first`])
  t.same(replaced.ends, { [`container ${app.name}`]: 'done' })
  t.match(await runIn(project, app.name, ['sh', '-c', 'echo $TOKEN']), { out: 'battery-staple' })
  t.notMatch(JSON.stringify([replaced.plan, replaced.events]), 'battery-staple')

  // The one that is linked to is replaced: the alias follows it, and the other one is left alone.
  const moved = { ...db, config: { ...db.config, environment: { A: '1' } } }
  t.same((await project.up({ ...now, containers: [changed, moved] })).plan, [
    `replace container ${db.name}: environment.A: not set → 1; stop-first: both would write volume lsprovlink_data`,
  ])
  t.match(await runIn(project, app.name, ['nslookup', 'cache']), { code: 0 })

  await client(['stop', '-t', '0', db.name])
  t.match((await project.up({ ...now, containers: [changed, moved] })).plan, [
    /^start container lsprovlink-db-1: stopped/,
  ])

  // A network that is defined otherwise is made anew under running containers.
  const renewed = {
    ...now,
    containers: [changed, moved],
    networks: [
      network(net, { options: { 'com.docker.network.bridge.enable_icc': 'true' } }),
      network('lsprovlink_second'),
    ],
  }
  const net2 = await project.up(renewed)
  t.match(net2.plan, [/^replace network lsprovlink_default: options/])
  t.same(net2.errors, [])
  t.match(await runIn(project, app.name, ['nslookup', 'cache']), { code: 0 }, 'and the alias still leads there')
  t.same((await project.up(renewed)).plan, [])

  const orphaned = await project.up({ ...renewed, containers: [moved] })
  t.same(orphaned, { ...orphaned, plan: [], orphans: [`container ${app.name}`] })
  const pruned = await project.up({ ...renewed, containers: [moved] }, { prune: true })
  t.same(pruned.plan, [`remove container ${app.name}: no longer declared`])

  const down = await project.down()
  t.same([...new Set(Object.values(down.ends))], ['done'])
  for (const kind of [
    ['ps', '-a'],
    ['network', 'ls'],
    ['volume', 'ls'],
  ])
    t.same(
      linesOf(await client([...kind, '-q', '--filter', 'label=longshore.project=lsprovlink'])),
      [],
      `no ${kind[0]} is left`,
    )
  t.same((await project.down()).plan, [])
})

test('logs: both streams, the last lines, and following until told to stop', async t => {
  const project = await realProject('lsprovlogs')
  t.teardown(() => project.clean())
  const talk = 'i=0; while true; do i=$((i+1)); echo "out $i"; echo "err $i" >&2; sleep 0.3; done'
  const box = project.box('talk', { command: ['sh', '-c', talk] })
  const tty = project.box('tty', {
    command: ['sh', '-c', 'printf "\\033[31mred\\033[0m\\n"; exec sleep 1000'],
    tty: true,
  })
  t.same((await project.up(project.want({ containers: [box, tty] }))).errors, [])
  const read = async (name: string, tail: number | 'all', followMs = 0): Promise<string[]> => {
    const stop = new AbortController()
    const lines: string[] = []
    if (followMs > 0) setTimeout(() => stop.abort(), followMs)
    const options = { follow: followMs > 0, tail, signal: stop.signal }
    for await (const { stream, text } of docker.logs?.(project.engine, name, options) ?? [])
      lines.push(`${stream}: ${cleanLine(text)}`)
    return lines
  }
  const all = await read(box.name, 'all')
  t.ok(all.includes('stdout: out 1') && all.includes('stderr: err 1'))
  t.equal((await read(box.name, 1)).length, 1)
  const followed = await read(box.name, 0, 1500)
  t.ok(followed.length >= 4, `${followed.length} lines came while following`)
  t.same(await read(tty.name, 'all'), ['stdout: red'])
  await t.rejects(read('lsprovlogs-none-1', 1), { message: 'container lsprovlogs-none-1 is not there' })
})
