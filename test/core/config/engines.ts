// The `engine:` block: defaults, layers over one another, secrets read when they are used, and where a value stands.
import type { Test } from 'tap'
import { resolveSecrets } from '../../../core/config/index.js'
import { load, mistakes } from './project-in-memory.js'

const text = `project: shop
engine:
  daemon: { debug: true, log-opts: { max-size: 10m } }
  registries: { "r.example:5000": { username: ci, password: { secret: R } } }
  tls: { sans: [docker.example], passphrase: { secret: CA } }
  proxy: { http: "http://p:1", https: { secret: P } }
hosts: { a: , b: { engine: { daemon: { debug: false }, listen: [unix], version: "20.10.*" } } }
groups: { g: { hosts: a, engine: { tls: { ca: keys, days: 10, renew_before: 3d, clients: [ci] }, daemon_file: own } } }
secrets: { R: { env: R }, CA: { env: C }, P: { env: P } }
`

/** Layers, defaults, secrets and places. */
export async function testEngines(t: Test): Promise<void> {
  const project = await load(text, {}, { environment: { R: 'r-secret', C: 'c-secret', P: 'p-secret' } })
  const [a, b] = project.hosts.map(host => host.engine)
  t.match(a, { daemon: { debug: true, 'log-opts': { 'max-size': '10m' } }, daemonFile: 'own', replace: false })
  t.match(a?.tls, { folder: '/p/keys', days: 10, renewBefore: 3, sans: ['docker.example'], clients: ['ci'] })
  t.match(b?.tls, { folder: '/p/pki', days: 90, renewBefore: 30, clients: [] })
  t.match(b, { daemon: { debug: false }, listen: ['unix'], version: '20.10.*', daemonFile: 'merge' })
  t.throws(
    () => a?.registries['r.example:5000']?.password,
    /before secrets were fetched/,
    'nothing is fetched by reading',
  )
  await resolveSecrets(project)
  t.equal(a?.registries['r.example:5000']?.password?.reveal(), 'r-secret')
  t.equal(a?.tls?.passphrase?.reveal(), 'c-secret')
  t.equal(a?.proxy?.http, 'http://p:1')
  t.equal(String(a?.proxy?.https), '(secret P)')
  t.match(a?.places(['tls', 'days']), { line: 8 }, 'a value stands in the strongest block that has it')
  t.match(a?.places(['daemon', 'debug']), { line: 3 })
  t.match(b?.places(['daemon', 'debug']), { line: 7 })
  t.same(
    await mistakes(() =>
      load('project: a\nengine: { tls: { passphrase: { secret: X } }, registries: { r: { password: plain } } }\n'),
    ),
    [
      'exit 3',
      'longshore.yaml:2:76: engine.registries.r.password must be { secret: NAME }; plain text is not taken, say where to fetch it under `secrets:`',
    ],
  )
  t.same(await mistakes(() => load('project: a\nengine: { tls: { passphrase: { secret: X } } }\n')), [
    'exit 3',
    'longshore.yaml:2:40: there is no secret "X"',
  ])
}
