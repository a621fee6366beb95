// The engine_config kind over recorded engines: what a plan shows, what it refuses, and that nothing secret is in it.
import { test } from 'tap'
import { Secret } from '../../../core/secret.js'
import type { Source } from '../../../core/sh.js'
import { engineWarnings } from '../../../resources/daemon/engine_config.js'
import type { EngineSeen } from '../../../resources/daemon/seen.js'
import type { EngineWant } from '../../../resources/daemon/want.js'
import { recorded } from '../recorded.js'
import { kindOf } from '../shells.js'

const kind = kindOf('engine_config')

const see = (yaml: unknown, fixture: string, change: (out: string) => string = out => out) => {
  const want = kind.schema.parse(yaml)
  const seen = kind.read(change(recorded(fixture)), want)
  return { want, seen, changes: kind.diff(want, seen), scripts: kind.apply(want, seen) }
}

test('decisions over recorded engines', t => {
  const reload = see({ daemon: { debug: true } }, 'engine-26.1')
  t.match(reload.changes, [
    { what: 'daemon.debug', from: 'not set', to: 'true', diff: /\+ {2}"debug": true/ },
    { what: 'engine', to: 'reloaded; containers keep running', loses: undefined },
  ])
  const restart = see({ daemon: { 'log-driver': 'journald' } }, 'engine-26.1')
  t.equal(restart.changes.at(-1)?.loses, 'a restart of the engine stops 2 containers: db, web')
  const live = see({ daemon: { 'log-driver': 'journald', 'live-restore': true } }, 'engine-26.1', out =>
    out.replace(
      /^info=(.*)$/m,
      (_, info: string) =>
        `info=${Buffer.from(Buffer.from(info, 'base64').toString().replace('"LiveRestoreEnabled":false', '"LiveRestoreEnabled":true')).toString('base64')}`,
    ),
  )
  t.match(live.changes.at(-1), { to: /live-restore/, loses: undefined })
  const first = { 'log-driver': 'journald', 'live-restore': true }
  t.match(
    see({ daemon: first }, 'engine-26.1').changes.at(-1),
    { to: /live-restore/, loses: undefined },
    'switched on first',
  )
  t.match(see({ daemon: { ...first, bip: '10.9.0.1/24' } }, 'engine-26.1').changes.at(-1)?.loses, /2 containers/)
  t.strictSame(see({}, 'engine-26.1').changes, [], 'nothing is wanted')
  t.strictSame(see({}, 'engine-26.1').scripts, [])
  t.match(
    see({ listen: ['unix', 'tcp://127.0.0.1:2375'] }, 'engine-20.10', out => out.replace(/^daemon.*\n/gm, '')).changes,
    [
      {
        what: 'listen',
        from: 'fd://',
        to: 'fd:// tcp://127.0.0.1:2375',
        diff: /ExecStart=\/usr\/sbin\/dockerd -H fd:\/\/ -H tcp/,
      },
      { what: 'engine', to: 'restarted' },
    ],
  )
  t.throws(() => see({ daemon: { debug: true } }, 'engine-20.10'), /proxies-x/, 'a key of others would stop it')
  t.throws(() => see({ daemon: { proxies: {} } }, 'engine-20.10'), {
    message: /20\.10\.24\+dfsg1 refuses to start/,
    exit: 3,
  })
  t.throws(() => see({ daemon: { 'data-root': '/srv' } }, 'engine-26.1'), /holds 2 containers, 1 image, 1 volume/)
  t.strictSame(
    see({ daemon: { 'data-root': '/var/lib/docker/' } }, 'engine-26.1').changes.map(({ loses }) => loses === undefined),
    [true, false],
  )
  t.match(see({ daemon: { 'userns-remap': 'default' } }, 'engine-26.1').changes[0]?.loses, /no longer sees/)
  t.throws(() => see({ daemon: { 'log-driver': 'loki' } }, 'engine-26.1'), /no log driver loki/)
  t.equal(
    see({ daemon: { 'log-driver': 'loki' } }, 'engine-26.1', out => out.replace(/^plugins=$/m, 'plugins=loki:latest '))
      .changes.length,
    2,
  )
  t.throws(
    () => see({ daemon: { debug: true } }, 'engine-26.1', out => out.replace(/^daemon=.*$/m, 'daemon=e2E=')),
    /is no JSON map/,
  )
  t.throws(() => see({}, 'engine-26.1', out => `pending=running\n${out}`), /still runs/)
  t.throws(() => see({}, 'engine-26.1', out => out.replace(/end\n$/, '')), /did not say/)
  t.match(see({}, 'engine-26.1', out => `pending=cut\n${out}`).changes, [{ what: 'interrupted change' }])

  const old = see({ daemon: { 'api-cors-header': '*' } }, 'engine-26.1')
  t.match(old.changes[0]?.to, /^\* \(`api-cors-header` works with engine 26\.1.*from 29\.0 on/)
  t.match(engineWarnings(old.want as EngineWant, old.seen as EngineSeen), [/from 29\.0 on the engine refuses/])

  const absent = () => see({ daemon: { debug: true }, listen: ['unix', 'tcp://127.0.0.1:1'] }, 'engine-absent')
  t.throws(absent, /no engine on this host/)
  const want = kind.schema.parse({ daemon: { debug: true }, listen: ['unix', 'tcp://127.0.0.1:1'] })
  const seen = kind.read(recorded('engine-absent'), want)
  t.match(
    kind.diff(want, seen).map(({ what }) => what),
    ['daemon.debug', 'listen', 'engine'],
  )
  t.throws(
    () => see({ daemon: { proxies: {} } }, 'engine-absent'),
    /20\.10\.24.*since 23\.0/,
    'judged by the version that would come',
  )
  t.end()
})

/** The payload's files, as they arrive. */
const sent = (source: Source | undefined): string =>
  typeof source === 'object' && 'secret' in source
    ? source.secret.reveal().replace(/^(\S+) (\S+)$/gm, (_, name, data) => `${name} ${Buffer.from(data, 'base64')}`)
    : ''

test('secrets and mistakes', t => {
  const login = new Secret('PROXY', 'http://ann:hunter22@192.0.2.1:3128')
  const key = new Secret('KEY', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n')
  const tls = {
    ca: '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n',
    cert: '-----BEGIN CERTIFICATE-----\nYg==\n-----END CERTIFICATE-----\n',
    key,
  }
  const { changes, scripts, want } = see(
    {
      proxy: { http: login },
      tls,
      daemon: { 'log-driver': 'splunk', 'log-opts': { 'splunk-token': new Secret('T', 'tok-123456') } },
    },
    'engine-26.1',
  )
  t.match(
    changes.map(({ what }) => what),
    ['daemon.log-driver', 'daemon.log-opts', 'daemon.tlsverify', 'daemon.tlscacert'],
  )
  const shown = JSON.stringify(changes) + scripts.map(({ sh }) => sh).join('')
  t.notMatch(shown, /hunter22|c2VjcmV0|tok-123456/)
  t.strictSame(
    kind.secrets?.(want).map(({ name }) => name),
    ['T', 'PROXY', 'KEY'],
  )
  t.match(sent(scripts[0]?.stdin), /hunter22[\s\S]*c2VjcmV0/, 'they travel as the payload')

  const mistakes: [unknown, RegExp][] = [
    [{ listen: ['unix', 'tcp://0.0.0.0:2375'] }, /give `tls`, a loopback address, or `insecure: true`/],
    [{ listen: ['tcp://127.0.0.1:2375'] }, /must name unix/],
    [{ listen: ['unix', 'fd://'] }, /twice/],
    [{ listen: ['unix', 'ssh://x'] }, /must be unix/],
    [{ daemon: { hosts: ['fd://'] } }, /use `listen`/],
    [{ daemon: { tlsverify: true }, tls }, /comes from `tls`/],
    [{ daemon: { proxies: {} }, proxy: {} }, /comes from `proxy`/],
    [{ tls: { ...tls, key: 'x' } }, /private key/],
    [{ deadline: 1 }, /5/],
    [{ sockets: [] }, /sockets/],
  ]
  for (const [yaml, message] of mistakes)
    t.match(kind.schema.safeParse(yaml).error?.message, message, JSON.stringify(yaml))
  for (const yaml of [
    { listen: ['unix', 'tcp://0.0.0.0:1'], insecure: true },
    { listen: ['unix', 'tcp://0.0.0.0:1'], tls },
  ])
    t.ok(kind.schema.safeParse(yaml).success)
  t.end()
})
