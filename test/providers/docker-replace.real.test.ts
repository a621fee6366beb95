// Replacing containers on a real engine: nobody who asks for the service by name is let down, and what is cut off anywhere is mended.
import tap, { test } from 'tap'
import type { UserError } from '../../core/errors.js'
import type { ContainerWant } from '../../core/wanted.js'
import { docker as client } from '../lab/index.js'
import { health, linesOf, type RealProject, realProject, runIn } from './real-engine.js'
import { network, volume } from './samples.js'

const state = async (name: string, format: string): Promise<string> =>
  (await client(['inspect', '-f', format, name])).trim()

/** A web server that says which version it is, once it has thought for a while; and keeps a connection to another service. */
const server = (project: RealProject, version: string, part: Partial<ContainerWant['config']> = {}): ContainerWant => {
  const serve = `mkdir -p /www; echo ${version} >/www/v; sleep 1; touch /www/ready; exec httpd -f -p 80 -h /www`
  const net = `${project.name}_default`
  return project.box('web', {
    command: ['sh', '-c', serve],
    networks: [{ name: net, aliases: ['web'] }],
    healthcheck: { ...health('wget -qO- http://127.0.0.1/v'), retries: 20 },
    ...part,
  })
}

tap.setTimeout(600_000)

test('containers take the place of others', async t => {
  const project = await realProject('lsprovrepl')
  t.teardown(() => project.clean())
  const net = `${project.name}_default`
  const want = (...containers: ContainerWant[]) =>
    project.want({ networks: [network(net)], volumes: [volume(`${project.name}_data`)], containers })
  const ids = async (): Promise<string[]> =>
    linesOf(await client(['ps', '-aq', '--no-trunc', '--filter', `label=longshore.project=${project.name}`]))
  const link = { container: `${project.name}-web-1`, alias: 'linked' }
  const asker = project.box('asker', {
    command: [
      'sh',
      '-c',
      'while usleep 20000; do for n in web linked; do wget -qO- http://$n/v >>/tmp/got 2>/dev/null || echo failed $n >>/tmp/got; done; done',
    ],
    networks: [{ name: net, aliases: ['asker'] }],
    links: [link],
  })

  await t.test(
    'start-first: a client that asks all the time is always answered, by the alias and by a link',
    async t => {
      t.same((await project.up(want(server(project, 'one'), asker))).errors, [])
      const old = await state(link.container, '{{.Id}}')
      await runIn(project, asker.name, ['sh', '-c', ': >/tmp/got'])
      const ran = await project.up(want(server(project, 'two', { environment: { V: '2' } }), asker))
      t.same(ran.errors, [])
      t.equal(ran.plan.length, 1)
      t.match(ran.plan[0], /^replace container lsprovrepl-web-1: .*environment\.V: not set → 2; start-first$/)
      await runIn(project, asker.name, ['sleep', '1'])
      const got = linesOf((await runIn(project, asker.name, ['cat', '/tmp/got'])).out)
      t.ok(got.length > 10, `it has asked ${got.length} times`)
      t.same(
        got.filter(line => line.startsWith('failed')),
        [],
      )
      t.equal(got[0], 'one')
      t.equal(got.at(-1), 'two')
      t.not(await state(link.container, '{{.Id}}'), old)
      t.equal((await ids()).length, 2, 'nothing is left behind')
      t.same((await project.up(want(server(project, 'two', { environment: { V: '2' } }), asker))).plan, [])
    },
  )

  const good = server(project, 'two', { environment: { V: '2' } })
  await t.test(
    'one that never gets good is removed, with its last words; the old one has served all the while',
    async t => {
      const before = await state(link.container, '{{.Id}} {{.State.StartedAt}}')
      const bad = server(project, 'three', {
        command: ['sh', '-c', 'echo about to fail; exec sleep 1000'],
        healthcheck: health('echo no luck; false'),
      })
      const { errors, ends } = await project.up(want(bad, asker))
      t.match(errors, [{ exit: 6, message: 'container lsprovrepl-web-1 is unhealthy; the old one serves on' }])
      t.match((errors[0] as UserError).output, /about to fail[\s\S]*health check \(exit code 1\):\nno luck/)
      t.same(Object.keys(ends), ['container lsprovrepl-web-1'])
      t.equal(await state(link.container, '{{.Id}} {{.State.StartedAt}}'), before)
      t.equal((await ids()).length, 2)
      t.same((await project.up(want(good, asker))).plan, [])
    },
  )

  await t.test('a gate: by http, tcp and a command; what does not pass is not let in', async t => {
    const gated = (ask: NonNullable<ContainerWant['gate']>['ask'], timeoutMs = 5000): ContainerWant => ({
      ...server(project, 'two', { environment: { V: JSON.stringify(ask) }, healthcheck: { test: ['NONE'] } }),
      gate: { ask, timeoutMs, intervalMs: 200 },
    })
    const passes = async (what: string, gate: ContainerWant): Promise<void> => {
      const ran = await project.up(want(gate, asker))
      t.same(ran.errors, [], what)
      t.ok(
        ran.events.some(event => event.type === 'output' && /waiting for its gate/.test(event.text)),
        what,
      )
    }
    await passes('http', gated({ kind: 'http', port: 80, path: '/ready', status: [200, 200] }))
    await passes('tcp', gated({ kind: 'tcp', port: 80 }))
    await passes('command', gated({ kind: 'command', argv: ['test', '-e', '/www/ready'] }))
    // As over a way that forwards no connection: the host's shell asks.
    const { connection } = project
    const { dialTcp } = connection
    delete connection.dialTcp
    try {
      await passes('http by the shell', gated({ kind: 'http', port: 80, path: '/v', status: [200, 200] }))
    } finally {
      if (dialTcp) connection.dialTcp = dialTcp
    }
    const hangs = gated({ kind: 'command', argv: ['sleep', '100'] }, 1000)
    t.match((await project.up(want(hangs, asker))).errors, [
      { exit: 6, message: /command sleep 100: does not end within 1 s; the old one serves on/ },
    ])
    const missing = gated({ kind: 'http', port: 80, path: '/missing', status: [200, 399] }, 2500)
    t.match((await project.up(want(missing, asker))).errors, [
      { exit: 6, message: /does not pass its gate, http :80\/missing: answers with status 404; the old one serves on/ },
    ])
  })

  await t.test('killed between any two calls of a replacement, the next run mends it', async t => {
    t.same((await project.up(want(good, asker))).errors, [])
    const name = link.container
    const aside = async (): Promise<string> => `${name}-old-${(await state(name, '{{.Id}}')).slice(0, 12)}`
    const trial = async (): Promise<void> => {
      const labels = JSON.parse(await state(name, '{{json .Config.Labels}}')) as Record<string, string>
      const told = Object.entries({ ...labels, 'longshore.trial': `${name}-new` }).flatMap(([key, value]) => [
        '--label',
        `${key}=${value}`,
      ])
      await client([
        'run',
        '-d',
        '--init',
        '--name',
        `${name}-new`,
        '--network',
        net,
        ...told,
        project.image,
        'httpd',
        '-f',
      ])
    }
    const isMended = async (plan: RegExp[]): Promise<void> => {
      const ran = await project.up(want(good, asker))
      t.same(ran.errors, [])
      t.match(ran.plan, plan)
      t.equal(ran.plan.length, plan.length)
      t.equal((await ids()).length, 2)
      t.equal((await runIn(project, asker.name, ['wget', '-qO-', 'http://web/v'])).out, 'two')
      t.same((await project.up(want(good, asker))).plan, [])
    }
    await trial()
    await isMended([/^remove container lsprovrepl-web-1-new: an interrupted run left it behind$/])
    await trial()
    await client(['rename', name, await aside()])
    await isMended([
      /^remove container lsprovrepl-web-1-new/,
      /^replace container lsprovrepl-web-1: an interrupted run left it half replaced; start-first$/,
    ])
    const old = await aside()
    await client(['rename', name, old])
    await client(['network', 'disconnect', net, old])
    await client(['network', 'connect', net, old])
    await isMended([/^replace container lsprovrepl-web-1: an interrupted run left it half replaced/])
  })

  await t.test('limits change on the running container; what cannot be taken away makes another one', async t => {
    const id = await state(link.container, '{{.Id}}')
    const limited = (part: Partial<ContainerWant['config']>): ContainerWant =>
      server(project, 'two', { environment: { V: '2' }, ...part })
    const mib = 1024 ** 2
    const first = limited({ cpus: 0.5, memory: 64 * mib, restart: { name: 'on-failure', max: 3 } })
    const ran = await project.up(want(first, asker))
    t.same(ran.errors, [])
    t.match(ran.plan, [
      'update container lsprovrepl-web-1: cpus: not set → 0.5, mem_limit: not set → 67108864, restart: not set → on-failure:3',
    ])
    t.same((await project.up(want(first, asker))).plan, [], 'the second time nothing is to be done')
    const more = limited({ cpus: 0.75, memory: 128 * mib, pidsLimit: 50 })
    t.match((await project.up(want(more, asker))).plan, [/^update container .*mem_limit: 67108864 → 134217728/])
    t.same((await project.up(want(more, asker))).plan, [])
    const told = await state(
      link.container,
      '{{.Id}} {{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}',
    )
    t.equal(told, `${id} 750000000 ${128 * mib} 50 no`)
    const tight = await project.up(want(limited({ cpus: 0.75, memory: 6 * mib, pidsLimit: 50 }), asker))
    t.same(tight.errors, [], 'what is in use fits')
    t.match((await project.up(want(good, asker))).plan, [/^replace container .*cpus: 0\.75 → not set.*start-first$/])
    t.same((await project.up(want(good, asker))).plan, [])
  })

  await t.test(
    'stop-first where both would write, and where a port is held; the file may insist on volumes',
    async t => {
      const mounts = [{ type: 'volume' as const, source: `${project.name}_data`, target: '/data', readOnly: false }]
      const keeper = (version: string, more: Partial<ContainerWant> = {}): ContainerWant => ({
        ...project.box('keeper', { mounts, environment: { V: version } }),
        ...more,
      })
      t.same((await project.up(want(good, asker, keeper('1')))).errors, [])
      const second = await project.up(want(good, asker, keeper('2')))
      t.match(second.plan, [/stop-first: both would write volume lsprovrepl_data$/])
      t.same(second.errors, [])
      const rules = { parallelism: 1, delayMs: 0, monitorMs: 300, maxFailureRatio: 0 }
      const rollout = { ...rules, order: 'start-first', failureAction: 'pause', back: rules } as const
      const third = await project.up(want(good, asker, keeper('3', { rollout })))
      t.match(third.plan, [/start-first$/])
      t.same(third.errors, [])
    },
  )
})
