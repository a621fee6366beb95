// The engine_config kind without an engine: keys and versions, merging, addresses and command lines of units.
import { test } from 'tap'
import { checkDaemon } from '../../../resources/daemon/check.js'
import { flagConflicts } from '../../../resources/daemon/flags.js'
import { daemonKeys } from '../../../resources/daemon/keys-table.js'
import {
  execStartOf,
  isLoopback,
  readListener,
  splitHosts,
  unitWords,
  withListeners,
} from '../../../resources/daemon/listen.js'
import { daemonText, mergeDaemon, parseDaemon, shownDaemon } from '../../../resources/daemon/merge.js'
import { recorded } from '../recorded.js'

test('keys by the engine that is to take them', t => {
  /** Keys, engine, and words of the refusals and of the warnings. */
  const rows: [Record<string, unknown>, string | undefined, (string | RegExp)[], RegExp[]][] = [
    [{ debug: true, 'log-opts': { 'max-size': '10m' }, 'default-shm-size': '64M' }, '20.10.24+dfsg1', [], []],
    [{ proxies: { 'http-proxy': 'http://p:1' } }, '20.10.24', [/known since 23\.0/], []],
    [{ proxies: { 'http-proxy': 'http://p:1' } }, '5:26.1.4-1~debian', [], []],
    [{ proxies: {} }, undefined, [], []],
    [{ 'api-cors-header': '*' }, '28.5.1', [], [/from 29\.0 on the engine refuses/]],
    [{ 'api-cors-header': '*' }, '29.0.0', [/gone since 29\.0/], []],
    [{ 'oom-score-adjust': -500 }, '26.1.5', [/gone since 26\.0/], []],
    [{ 'cluster-store': 'x' }, '24.0.2', [/gone since 24\.0/], []],
    [{ 'cluster-store': 'x' }, '23.0.6', [], [/24\.0/]],
    [{ 'allow-nondistributable-artifacts': [] }, '28.1.0', [], [/ignores it/]],
    [{ 'default-stop-timeout': 3 }, '29.6.9', [/since 29\.7/], []],
    [{ hosts: ['fd://'] }, '26.1.5', [/use `listen`/], []],
    [{ containerd: '/x' }, undefined, [/started with it as a flag/], []],
    [{ 'log-drivr': 'local' }, undefined, [/did you mean `log-driver`/], []],
    [{ 'default-init': true, 'resolv-conf': '/x' }, undefined, [/no engine knows/, /no engine knows/], []],
    [{ 'containerd-plugin-namespace': 'x' }, undefined, [/did you mean `containerd-plugins-namespace`/], []],
    [{ 'log-opts': { 'max-file': 3 } }, undefined, [/`log-opts\.max-file`: must be text/], []],
    [{ debug: 'yes' }, undefined, [/`debug`: /], []],
    [{ 'registry-mirrors': ['mirror:5000'] }, undefined, [/`registry-mirrors\.0`: must be an http/], []],
    [{ 'exec-opts': ['native.umask=normal'] }, undefined, [/native\.cgroupdriver/], []],
    [{ 'host-gateway-ip': '10.0.0.1', 'host-gateway-ips': [] }, '28.0.0', [/not both/], []],
    [
      { 'default-address-pools': [{ base: '10.9.0.0/16', size: 24 }], iptables: false },
      '20.10.5',
      [],
      [/no way to close/],
    ],
    [{ 'live-restore': true }, '26.1.5', [], []],
  ]
  for (const [map, version, refusals, warnings] of rows) {
    const verdict = checkDaemon(map, version)
    const row = `${JSON.stringify(map)} ${version}`
    t.equal(verdict.refusals.length, refusals.length, row)
    t.equal(verdict.warnings.length, warnings.length, row)
    for (const [index, text] of refusals.entries()) t.match(verdict.refusals[index]?.text, text, row)
    for (const [index, text] of warnings.entries()) t.match(verdict.warnings[index]?.text, text, row)
  }
  t.match(checkDaemon({ 'live-restore': true }, '26.1.5', { swarm: true }).refusals, [{ key: 'live-restore' }])
  t.notOk('hosts' in daemonKeys || 'containerd' in daemonKeys)
  t.end()
})

test('what the file becomes', t => {
  type Row = [object, string[], object, 'merge' | 'own', object, string]
  /** Current, remembered, wanted, mode; the next file and the changes with what each needs. */
  const rows: Row[] = [
    [{ a: 1 }, [], { debug: true }, 'merge', { a: 1, debug: true }, 'debug:reload'],
    [{ a: 1, debug: true }, ['debug'], {}, 'merge', { a: 1 }, 'debug:restart'],
    [{ debug: true }, [], {}, 'merge', { debug: true }, ''],
    [{ a: 1, debug: true }, ['debug'], { debug: true }, 'own', { debug: true }, 'a:restart'],
    [{ 'max-concurrent-uploads': 3 }, ['max-concurrent-uploads'], {}, 'merge', {}, 'max-concurrent-uploads:reload'],
    [
      { 'log-opts': { a: 'b' } },
      [],
      { 'log-opts': { c: 'd' } },
      'merge',
      { 'log-opts': { c: 'd' } },
      'log-opts:restart',
    ],
    [{ dns: ['1.1.1.1'] }, [], { dns: ['1.1.1.1'] }, 'merge', { dns: ['1.1.1.1'] }, ''],
    [{}, [], { features: { buildkit: false } }, 'merge', { features: { buildkit: false } }, 'features:reload'],
    [
      { features: { buildkit: true } },
      [],
      { features: { buildkit: true, 'containerd-snapshotter': true } },
      'merge',
      { features: { buildkit: true, 'containerd-snapshotter': true } },
      'features:restart',
    ],
    [{}, [], { runtimes: { x: { path: '/x' } } }, 'merge', { runtimes: { x: { path: '/x' } } }, 'runtimes:reload'],
    [{}, [], { 'log-level': 'warn' }, 'merge', { 'log-level': 'warn' }, 'log-level:restart'],
  ]
  for (const [current, remembered, wanted, mode, next, changes] of rows) {
    const merged = mergeDaemon({ ...current }, remembered, { ...wanted }, mode)
    const row = JSON.stringify([current, wanted, mode])
    t.strictSame(merged.next, next, row)
    t.equal(merged.changes.map(({ key, needs }) => `${key}:${needs}`).join(), changes, row)
    t.equal(merged.restart, changes.includes('restart'), row)
    t.strictSame(mergeDaemon(merged.next, Object.keys(wanted), { ...wanted }, mode).changes, [], `${row} twice`)
  }
  t.equal(daemonText({ a: [1] }, '\uFEFF{\n\t"a": 1 }'), '{\n\t"a": [\n\t\t1\n\t]\n}\n', 'indented as it was')
  t.equal(daemonText({}), '{}\n')
  t.strictSame(
    [parseDaemon(''), parseDaemon('\uFEFF{"a":1}'), parseDaemon('[1]'), parseDaemon('{a')],
    [{}, { a: 1 }, undefined, undefined],
  )
  t.strictSame(shownDaemon({ k: 's', m: ['http://u:p@h/x'] }, new Set(['k'])), {
    k: '(secret)',
    m: ['http://(login)@h/x'],
  })
  t.end()
})

test('addresses and command lines', t => {
  const addresses: [string, unknown][] = [
    ['unix', { kind: 'own' }],
    ['fd://', { kind: 'own' }],
    ['unix:///var/run/docker.sock', { kind: 'own' }],
    ['unix:///run/second.sock', { kind: 'unix', path: '/run/second.sock' }],
    ['tcp://127.0.0.1:2375', { kind: 'tcp', host: '127.0.0.1', port: 2375 }],
    ['tcp://[::1]:2375', { kind: 'tcp', host: '[::1]', port: 2375 }],
    ['tcp://0.0.0.0:70000', 'must be unix, unix:///PATH or tcp://ADDRESS:PORT'],
    ['tcp://:2376', 'must be unix, unix:///PATH or tcp://ADDRESS:PORT'],
    ['unix:///a b', 'must be unix, unix:///PATH or tcp://ADDRESS:PORT'],
    ['npipe://x', 'must be unix, unix:///PATH or tcp://ADDRESS:PORT'],
  ]
  for (const [text, expected] of addresses) t.strictSame(readListener(text), expected, text)
  t.strictSame(['127.9.9.9', '[::1]', 'localhost', '10.0.0.1', '127.example'].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
  ])

  const flags = '--containerd=/run/containerd/containerd.sock'
  const ours = '/etc/systemd/system/docker.service.d/zz-longshore.conf'
  const listen = [readListener('unix'), readListener('tcp://10.0.0.1:2376')].filter(one => typeof one !== 'string')
  for (const [name, program, tail] of [
    ['unit-docker-io-20.10', '/usr/sbin/dockerd', ' $DOCKER_OPTS'],
    ['unit-docker-io-26.1', '/usr/sbin/dockerd', ' $DOCKER_OPTS'],
    ['unit-docker-ce', '/usr/bin/dockerd', ''],
  ] as const) {
    const unit = recorded(name)
    const start = execStartOf(unit, ours) ?? ''
    t.equal(start, `${program} -H fd:// ${flags}${tail}`, name)
    t.equal(withListeners(start, listen), `${program} -H fd:// -H tcp://10.0.0.1:2376 ${flags}${tail}`)
    t.equal(withListeners(start, listen.slice(0, 1)), undefined, 'it listens there already')
    const other =
      '\n# /etc/systemd/system/docker.service.d/10-machine.conf\n[Service]\nExecStart=\nExecStart=/opt/dockerd -H tcp://1.2.3.4:1 \\\n  --label a=b\n'
    const again = `\n# ${ours}\n[Service]\nExecStart=\nExecStart=/x\n`
    t.equal(execStartOf(unit + other + again, ours), '/opt/dockerd -H tcp://1.2.3.4:1  --label a=b')
    t.equal(execStartOf(unit + other + again, ''), '/x')
  }
  t.equal(
    withListeners('/usr/bin/dockerd --label="a b"', listen),
    '/usr/bin/dockerd -H unix:///var/run/docker.sock -H tcp://10.0.0.1:2376 --label="a b"',
  )
  t.strictSame(splitHosts(unitWords('d -H=fd:// --host tcp://a:1 -Hunix:///b -D')), {
    hosts: ['fd://', 'tcp://a:1', 'unix:///b'],
    others: ['d', '-D'],
  })
  t.strictSame(
    flagConflicts(
      'd --label a=b -D --add-runtime x=y',
      ['d', '--mtu=9'],
      ['labels', 'debug', 'mtu', 'dns', 'runtimes'],
    ),
    ['labels', 'debug', 'mtu'],
  )
  t.end()
})
