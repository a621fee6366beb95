// The engine_config kind where nothing starts services: the engine goes on as it was started, by hand or by its init script.
import { t as all, test } from 'tap'
import { rolledBackCode } from '../../../resources/daemon/run-script.js'
import { labHost } from '../../lab/index.js'
import { apply, converge, plan, type Shell } from '../shells.js'

all.setTimeout(600_000)

const kind = 'engine_config'

test('an engine without systemd', async t => {
  const host = await labHost({ release: 'bookworm', engine: true, init: 'none' })
  t.teardown(() => host.remove())
  const shell: Shell = ['docker', 'exec', '-i', '-e', 'LC_ALL=C', host.container, 'sh']
  const said = async (script: string): Promise<string> => (await host.sh(script)).stdout.trim()
  const stopped = await converge(kind, { daemon: { mtu: 1400 } }, shell)
  t.match(stopped.changes.at(-1), { what: 'engine', from: 'not running', to: 'running' })
  t.same([stopped.ended.code, stopped.left], [0, []], stopped.ended.stdout + stopped.ended.stderr)
  await host.sh('kill $(cat /run/docker.pid); while [ -e /run/docker.pid ]; do sleep 0.1; done')
  t.same((await converge(kind, {}, shell)).left, [])

  const bad = await plan(
    kind,
    { daemon: { mtu: 1400, 'default-address-pools': [{ base: '10.0.0.0/8', size: 4 }] } },
    shell,
  )
  await host.sh('kill $(cat /run/docker.pid); while [ -e /run/docker.pid ]; do sleep 0.1; done')
  const never = await apply(kind, bad, shell)
  t.match(never, { code: rolledBackCode, stdout: /invalid pools size: 4[\s\S]*does not run, as before/ })
  t.equal(await said('ls /etc/docker/daemon.json /run/docker.pid'), '')

  await host.sh(
    'setsid dockerd --shutdown-timeout 9 </dev/null >>/var/log/docker.log 2>&1 & until docker version; do sleep 0.2; done',
  )
  t.rejects(plan(kind, { daemon: { 'shutdown-timeout': 8 } }, shell), /started with it as a flag/)
  const pid = await said('cat /run/docker.pid')
  const reloaded = await converge(kind, { daemon: { debug: true } }, shell)
  t.same([reloaded.ended.code, reloaded.left, await said('cat /run/docker.pid')], [0, [], pid])

  const listen = ['unix', 'unix:///run/second.sock', 'tcp://127.0.0.1:2375']
  const wider = await converge(kind, { daemon: { debug: true, 'log-driver': 'local' }, listen }, shell)
  t.same([wider.ended.code, wider.left], [0, []], wider.ended.stdout + wider.ended.stderr)
  t.equal(
    await said(
      "for h in unix:///run/second.sock tcp://127.0.0.1:2375; do docker -H $h info -f '{{.LoggingDriver}}'; done",
    ),
    'local\nlocal',
  )
  t.match(
    await said('tr "\\0" " " </proc/$(cat /run/docker.pid)/cmdline'),
    '--shutdown-timeout 9',
    'its flags are kept',
  )

  const taken = await plan(kind, { daemon: { debug: true }, listen: ['unix', 'tcp://127.0.0.1:22'] }, shell)
  const from = performance.now()
  t.match(await apply(kind, taken, shell), { code: rolledBackCode, stdout: /address already in use[\s\S]*rolled back/ })
  t.ok(performance.now() - from < 30_000)
  t.equal(await said("docker -H tcp://127.0.0.1:2375 info -f '{{.LoggingDriver}}'"), 'local')

  const gone = await converge(kind, {}, shell)
  t.same([gone.ended.code, gone.left, await said('ls /etc/docker/daemon.json /run/second.sock')], [0, [], ''])
  t.equal(await said('docker info -f {{.LoggingDriver}}'), 'json-file')
})
