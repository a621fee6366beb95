// The engine_config kind on real engines with systemd: what comes into force, what keeps running, and what goes back.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { Secret } from '../../../core/secret.js'
import { rolledBackCode } from '../../../resources/daemon/run-script.js'
import type { LabHost } from '../../lab/index.js'
import { apply, converge, type Ended, type Look, plan, type Shell } from '../shells.js'
import { engineHost } from './engine-host.js'

all.setTimeout(600_000)
// Much of it is waiting for engines to come up or to give up.
all.jobs = 2

const kind = 'engine_config'

const words = ({ changes }: Pick<Look, 'changes'>): string[] => changes.map(({ what }) => what)

/** Plans and applies, and tells how long the change took in milliseconds. */
async function timed(yaml: unknown, shell: Shell): Promise<Ended & { ms: number }> {
  const look = await plan(kind, yaml, shell)
  const from = performance.now()
  return { ...(await apply(kind, look, shell)), ms: performance.now() - from }
}

for (const [release, program] of [
  ['bookworm', ['sh']],
  ['trixie', ['bash', '--posix']],
] as const)
  test(`daemon.json of ${release}'s engine`, async t => {
    const { host, shell, said, file, life, pid } = await engineHost(t, release, program)
    await host.sh(`echo '{ "shutdown-timeout": 20 }' >/etc/docker/daemon.json; kill -HUP $(cat /run/docker.pid)`)
    const daemon = { debug: true, labels: ['zone=a'], 'max-concurrent-downloads': 4 }
    const before = [await life(), await pid()]
    const reloaded = await converge(kind, { daemon }, shell)
    t.same([reloaded.ended.code, reloaded.left], [0, []], reloaded.ended.stderr)
    t.same([await life(), await pid()], before, 'reloadable keys keep the container and the engine')
    t.same(JSON.parse(await file()), { 'shutdown-timeout': 20, ...daemon }, 'a key of others stays')
    t.equal(await said("docker info -f '{{.Debug}} {{.Labels}}'"), 'true [zone=a]')

    const twofold = await timed({ daemon: { ...daemon, labels: ['zone=a', 'zone=b'] } }, shell)
    t.match(
      twofold,
      { code: release === 'bookworm' ? rolledBackCode : 1, stdout: /conflict labels for zone/ },
      'a refused reload',
    )
    t.same([await life(), await pid(), (await plan(kind, { daemon }, shell)).changes], [...before, []])

    const loses = 'a restart of the engine stops 1 container: web'
    const restarted = await converge(kind, { daemon: { ...daemon, 'log-driver': 'local' } }, shell)
    t.equal(restarted.changes.at(-1)?.loses, loses)
    t.same([restarted.ended.code, restarted.left], [0, []], restarted.ended.stderr)
    t.not(await life(), before[0], 'it was stopped, as was said')

    const restarts = await life()
    const first = { ...daemon, 'live-restore': true, 'log-driver': 'json-file' }
    const switched = await converge(kind, { daemon: first }, shell)
    t.match(
      switched.changes.at(-1),
      { to: /^restarted.*live-restore/, loses: undefined },
      'it is on before the restart',
    )
    t.same([switched.ended.code, switched.left, await life()], [0, [], restarts], switched.ended.stderr)

    const lives = await life()
    const kept = { ...daemon, 'live-restore': true, 'log-driver': 'local' }
    const more = await converge(kind, { daemon: { ...kept, mtu: 1400 } }, shell)
    t.match(more.changes.at(-1), { what: 'engine', to: /live-restore/, loses: undefined })
    t.same([more.ended.code, more.left, await life()], [0, [], lives], 'live-restore keeps it over a restart')

    const [fine, atFine] = [await file(), await pid()]
    const pools = { ...kept, mtu: 1400, 'default-address-pools': [{ base: '10.0.0.0/8', size: 4 }] }
    const bad = await timed({ daemon: pools }, shell)
    t.match(bad, { code: rolledBackCode, stdout: /invalid pools size: 4[\s\S]*rolled back/ })
    t.ok(bad.ms < 30_000, `${bad.ms} ms`)
    t.not(await pid(), atFine, 'it was tried')
    const taken = await timed({ daemon: { ...kept, mtu: 1400 }, listen: ['unix', 'tcp://127.0.0.1:22'] }, shell)
    t.match(taken, { code: rolledBackCode, stdout: /address already in use[\s\S]*rolled back/ })
    t.same(
      [await file(), await life(), await said('docker info -f {{.Debug}}')],
      [fine, lives, 'true'],
      'all as before',
    )
    t.equal(
      await said('ls /etc/systemd/system/docker.service.d; ls /var/lib/longshore/engine'),
      'config.json\nlast\nlast.log',
    )
    t.same((await plan(kind, { daemon: { ...kept, mtu: 1400 } }, shell)).changes, [])
    t.rejects(plan(kind, { daemon: { 'log-driver': 'bogus' } }, shell), /has no log driver bogus/)
    t.rejects(plan(kind, { daemon: { 'data-root': '/srv/docker' } }, shell), /holds 1 container, 1 image/)
    const late = kind && release === 'bookworm' ? { proxies: {} } : { 'bridge-accept-fwmark': '1' }
    t.rejects(plan(kind, { daemon: late }, shell), /it is known since 2[39]\.0/)

    const less = await converge(kind, {}, shell)
    t.equal(less.changes.at(-1)?.loses, loses, 'an engine that starts without live-restore ends what runs')
    t.not(await life(), lives)
    t.same(
      [less.ended.code, less.left, JSON.parse(await file())],
      [0, [], { 'shutdown-timeout': 20 }],
      less.ended.stderr,
    )
    const own = await converge(kind, { daemon: { 'live-restore': true }, daemon_file: 'own' }, shell)
    t.same([own.ended.code, own.left, JSON.parse(await file())], [0, [], { 'live-restore': true }], own.ended.stderr)
    const none = await converge(kind, {}, shell)
    t.same([none.ended.code, none.left, await said('ls /etc/docker/daemon.json')], [0, [], ''])

    const password = 'p4-s/s'
    const login = new Secret('PROXY', `http://ann:${encodeURIComponent(password)}@192.0.2.1:3128`)
    const proxied = await converge(kind, { proxy: { http: login, no: ['.corp', '127.0.0.1'] } }, shell)
    t.same([proxied.ended.code, proxied.left], [0, []], proxied.ended.stderr)
    t.notMatch(JSON.stringify([proxied.changes, proxied.ended]), /p4-s/)
    t.match(
      await said("docker info -f '{{.HTTPProxy}} {{.NoProxy}}'"),
      /http:\/\/x+:x+@192.0.2.1:3128 \.corp,127\.0\.0\.1/,
    )
    t.equal(await said(`grep -rl p4-s /etc/docker /etc/systemd /var/lib/longshore | xargs stat -c %a`), '600')
    t.equal(await said('systemctl show docker | grep -c p4-s'), '0', 'the unit does not tell it to everybody')
    t.same((await converge(kind, {}, shell)).left, [])
    t.equal(await said("docker info -f '{{.HTTPProxy}}'"), '')
  })

/** An authority with certificates for a server at `ip` and for a client, made by openssl. */
function certificates(folder: string, ip: string) {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca', '-subj', '/CN=test', '-days', '2')
  for (const [name, usage] of [
    ['server', 'serverAuth'],
    ['client', 'clientAuth'],
  ] as const) {
    writeFileSync(join(folder, `${name}.ext`), `extendedKeyUsage=${usage}\nsubjectAltName=IP:${ip}\n`)
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-out',
      name,
      '-extfile',
      `${name}.ext`,
    )
  }
  return (name: string): string => readFileSync(join(folder, name), 'utf8')
}

/** What an engine answers to a ping over TLS, or why not. */
const ping = (host: LabHost, pair: { ca: string; cert?: string; key?: string }): Promise<string> =>
  new Promise(resolve => {
    const asked = request({ host: host.ip, port: 2376, path: '/_ping', agent: false, ...pair }, answer => {
      answer
        .setEncoding('utf8')
        .on('data', resolve)
        .on('error', (error: Error) => resolve(error.message))
    })
    asked.on('error', error => resolve(error.message)).end()
  })

for (const release of ['bookworm', 'trixie'] as const)
  test(`sockets and certificates of ${release}'s engine`, async t => {
    const { host, shell, said } = await engineHost(t, release, ['sh'])
    const folder = t.testdir({ a: {}, b: {} })
    const [ours, others] = [certificates(join(folder, 'a'), host.ip), certificates(join(folder, 'b'), host.ip)]
    const tls = { ca: ours('ca'), cert: ours('server'), key: new Secret('KEY', ours('server.key')) }
    const yaml = { listen: ['unix', 'unix:///run/second.sock', 'tcp://0.0.0.0:2376'], tls }
    const made = await converge(kind, yaml, shell)
    t.same([made.ended.code, made.left], [0, []], made.ended.stdout + made.ended.stderr)
    t.match(words(made), [
      'daemon.tlsverify',
      'daemon.tlscacert',
      'daemon.tlscert',
      'daemon.tlskey',
      'listen',
      'tls.ca',
    ])
    const client = { cert: ours('client'), key: ours('client.key') }
    t.equal(await ping(host, { ca: ours('ca'), ...client }), 'OK')
    t.match(await ping(host, { ca: ours('ca') }), /certificate|ECONNRESET|socket/, 'none without a certificate')
    const foreign = { cert: others('client'), key: others('client.key') }
    t.match(await ping(host, { ca: ours('ca'), ...foreign }), /certificate|ECONNRESET|unknown ca|socket/i)
    t.equal(await said('docker -H unix:///run/second.sock ps -q | wc -l; docker ps -q | wc -l'), '1\n1')
    t.equal(await said('stat -c %a /etc/docker/tls/*'), '444\n444\n400')
    t.match(
      await said('cat /proc/$(cat /run/docker.pid)/cmdline | tr "\\0" " "'),
      '-H fd:// -H unix:///run/second.sock -H tcp://0.0.0.0:2376 --containerd',
    )

    const wrong = await timed({ ...yaml, tls: { ...tls, cert: others('server') } }, shell)
    t.match(wrong.stdout, /private key does not match|refuses the configuration/)
    t.equal(wrong.code, release === 'bookworm' ? rolledBackCode : 1, 'an engine that can check it is not even stopped')
    t.equal(await ping(host, { ca: ours('ca'), ...client }), 'OK', 'the old certificate serves')
    t.notMatch(await said('cat /var/lib/longshore/engine/*'), 'PRIVATE KEY')

    const gone = await converge(kind, {}, shell)
    t.same([gone.ended.code, gone.left], [0, []], gone.ended.stderr)
    t.equal(
      await said(
        'ls -A /etc/docker /etc/systemd/system/docker.service.d /etc/docker/tls 2>/dev/null | grep -v key.json',
      ),
      '/etc/docker:',
    )
    t.match(await ping(host, { ca: ours('ca'), ...client }), 'ECONNREFUSED')
  })
