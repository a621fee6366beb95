// Registries without an engine: which one an image comes from, who is lent which login, what hosts need for them, and what refusals mean.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { anyEngine, type EngineWant, type RegistryWant } from '../../core/engine-want.js'
import { UserError } from '../../core/errors.js'
import { Secret } from '../../core/secret.js'
import { registryDaemonKeys } from '../../providers/docker/config.js'
import { docker } from '../../providers/docker/index.js'
import {
  authHeader,
  buildAuthHeader,
  credentialsFor,
  registryName,
  registryOf,
  strangersTo,
} from '../../providers/docker/registries/credentials.js'
import { explainPull } from '../../providers/docker/registries/refusal.js'
import { packageRoot } from '../e2e/command.js'
import { at, seen as seenEngine, wanted } from './samples.js'

const password = new Secret('REGISTRY', 'pass+word/with?odd>bytes~')
const registry = (part: Partial<RegistryWant> = {}): RegistryWant => ({ insecure: false, login: false, ...part })
const login = { username: 'ci', password }

/** A header's content, read as the engine reads it. */
const decoded = (header: string | undefined): unknown => {
  const text = header ?? ''
  if (text.length % 4 !== 0 || /[+/]/.test(text)) throw new Error(`not padded URL-safe base64: ${text}`)
  return JSON.parse(Buffer.from(text, 'base64url').toString())
}

test('an image leads to one registry, and a registry has one name', t => {
  for (const [ref, name] of [
    ['redis', 'docker.io'],
    ['redis:7', 'docker.io'],
    ['team/app:1', 'docker.io'],
    ['docker.io/team/app', 'docker.io'],
    ['index.docker.io/library/redis', 'docker.io'],
    ['registry.example/team/app:1', 'registry.example'],
    ['registry.example:5000/app@sha256:00', 'registry.example:5000'],
    ['localhost/app', 'localhost'],
    ['LOCALHOST/app', 'localhost'],
    ['registry:5000/app', 'registry:5000'],
    ['[::1]:5000/app', '[::1]:5000'],
    // A port without a path is a tag.
    ['registry:5000', 'docker.io'],
  ] as const)
    t.equal(registryOf(ref), name, ref)
  for (const given of ['docker.io', 'https://index.docker.io/v1/', 'index.docker.io', 'registry-1.docker.io'])
    t.equal(registryName(given), 'docker.io', given)
  t.equal(registryName('https://Registry.example:5000/'), 'registry.example:5000')
  t.equal(registryName('registry.example/team'), 'registry.example/team', 'a path stays, and is refused elsewhere')
  t.end()
})

test('a login goes to its own registry and to no other', t => {
  const registries = {
    'https://index.docker.io/v1/': registry({ username: 'hubber', password }),
    'r.example:5000': registry(login),
    'open.example': registry(),
  }
  const of = (ref: string) => credentialsFor(registries, ref)
  t.same(decoded(authHeader(of('r.example:5000/team/app'))['x-registry-auth']), {
    username: 'ci',
    password: password.reveal(),
    serveraddress: 'r.example:5000',
  })
  t.match(decoded(authHeader(of('redis'))['x-registry-auth']), {
    username: 'hubber',
    serveraddress: 'https://index.docker.io/v1/',
  })
  for (const ref of ['open.example/a', 'r.example/a', 'r.example:5001/a', 'other.r.example:5000/a'])
    t.same(authHeader(of(ref)), {}, ref)
  t.same(authHeader(credentialsFor(undefined, 'redis')), {})

  const logins = ['r.example:5000/base', 'redis', 'open.example/x'].flatMap(ref => of(ref) ?? [])
  const sent = decoded(buildAuthHeader(logins)['x-registry-config']) as object
  t.same(Object.keys(sent).sort(), ['https://index.docker.io/v1/', 'r.example:5000'])
  t.same(buildAuthHeader([]), {})

  const hubLogin = of('redis')
  t.same(strangersTo(hubLogin, registries, ['http://mirror:5000/']), ['mirror:5000'], 'a mirror would be shown it')
  t.same(strangersTo(hubLogin, registries, ['http://r.example:5000']), ['r.example:5000'], 'its own login is another')
  t.same(
    strangersTo(of('r.example:5000/a'), registries, ['http://mirror:5000']),
    [],
    'mirrors are for Docker Hub alone',
  )
  const shared = { ...registries, 'mirror:5000': registry({ username: 'hubber', password }) }
  t.same(strangersTo(hubLogin, shared, ['http://mirror:5000/']), [], 'the file gives it the very same login')
  t.same(strangersTo(hubLogin, registries, []), [])
  t.end()
})

test('what an engine says of a failed pull becomes the line that helps', t => {
  const file = readFileSync(join(packageRoot, 'test/providers/fixtures/pull-refusals.txt'), 'utf8')
  const said = file
    .split('\n')
    .slice(1)
    .filter(Boolean)
    .map(line => /^(\S+) (\d+) (.*)$/.exec(line)?.slice(1) ?? [])
  const place = '172.17.0.8:5443'
  const known = { [place]: registry(login) }
  const certified = { [place]: registry({ ...login, ca: '/p/ca.crt' }) }
  const rows: [string, Record<string, RegistryWant>, RegExp, RegExp][] = [
    ['authority', known, /5443 has a certificate of an authority that the engine does not know/, /\{ ca: PATH \}/],
    ['authority', certified, /does not know/, /\/p\/ca\.crt is not that authority's/],
    ['plain', known, /speaks plain HTTP/, /\{ insecure: true \}/],
    ['no-login', {}, /5443 wants a login/, /"172\.17\.0\.8:5443": \{ username: NAME, password: \{ secret: NAME \} \}/],
    ['wrong-login', known, /5443 refuses the login of ci/, /are the username and the secret REGISTRY right/],
    ['wrong-login', {}, /^unauthorized/, /A private image needs a login/],
    ['missing', known, /manifest unknown/, /^is the name right, and may ci read it/],
    ['missing', {}, /manifest unknown/, /A private image needs a login/],
    ['silent', known, /connection refused/, /can the host reach its registry/],
  ]
  for (const [name, registries, text, hint] of rows) {
    const messages = said.filter(([what]) => what === name)
    t.equal(messages.length, 2, `${name}: of both engines`)
    for (const [, engine, message = ''] of messages) {
      const told = explainPull({ ref: `${place}/team/app:1`, registries, keptFrom: [] }, message)
      t.match(told.text, text, `${name} ${engine}`)
      t.ok(told.text.includes(message), 'the engine is quoted')
      t.match(told.hint, hint, `${name} ${engine}`)
      t.notMatch(JSON.stringify(told), /odd>bytes/)
    }
  }
  const kept = explainPull(
    { ref: 'team/app', registries: { 'docker.io': registry(login) }, keptFrom: ['m:1'] },
    'denied',
  )
  t.match(kept.hint, /login of ci was not sent.*mirror m:1/)
  t.end()
})

test('what hosts need for registries', t => {
  const engine = (part: Partial<EngineWant>): EngineWant => ({
    ...anyEngine(),
    at,
    places: () => at,
    source: 'none',
    ...part,
  })
  const uses = (part: Partial<EngineWant>) => docker.needs(engine(part))
  const registries = {
    'https://index.docker.io/v1/': registry({ ...login, login: true }),
    'R.example:5000': registry({ ca: '/p/ca.crt', insecure: true }),
    'a.example': registry({ insecure: true }),
  }
  const [config, ...others] = uses({ registries })
  t.match(config, {
    playbook: 'docker-config',
    settings: { value: { daemon: { 'insecure-registries': ['a.example', 'r.example:5000'] } } },
  })
  t.same(others, [
    {
      playbook: 'docker-registries',
      vars: {
        certificates: { 'r.example:5000': '/p/ca.crt' },
        logins: { 'https://index.docker.io/v1/': login },
        wanted: true,
      },
    },
  ])
  t.same(uses({}), [])
  const forgets = (kind: string) => docker.forgets?.(engine({}), kind)
  t.match(
    forgets('engine_registries'),
    [{ playbook: 'docker-registries', vars: { wanted: false } }],
    'what was brought before goes',
  )
  t.match(forgets('engine_config'), [{ playbook: 'docker-config', settings: { value: { project: '{{ project }}' } } }])
  t.same(docker.needs({ ...anyEngine(), source: 'none' }), [], 'nothing without an engine block')
  t.same(
    uses({ source: 'distro', users: ['ann'] }).map(({ playbook }) => playbook),
    ['docker', 'docker-users'],
  )
  t.same(registryDaemonKeys(registries), { 'insecure-registries': ['a.example', 'r.example:5000'] })
  t.same(registryDaemonKeys({ r: registry() }), {})

  for (const [wrong, text] of [
    [{ 'r.example/team': registry() }, /"r\.example\/team" is no registry/],
    [{ '../../etc': registry({ ca: '/x' }) }, /is no registry/],
    [{ 'r.example': registry({ username: 'ci' }) }, /a username and no password/],
    [{ 'r.example': registry({ password }) }, /a password and no username/],
    [{ 'r.example': registry({ login: true }) }, /says login, and has no username/],
    [{ 'docker.io': registry(), 'index.docker.io': registry() }, /is the same registry as "docker\.io"/],
  ] as const)
    t.throws(() => uses({ registries: wrong }), { exit: 3, at, message: text }, String(text))
  t.end()
})

test('a plan tells of a login that cannot be had, or that can be read on its way', t => {
  const scopeWith = (registries: Record<string, RegistryWant>) => ({ name: 'web1', hosts: ['web1'], registries })
  const want = wanted({ images: [{ ref: 'r.example/app', at, from: 'pull' }] })
  const seen = seenEngine({ images: [] })
  const plan = (registries: Record<string, RegistryWant>) =>
    docker.diff(scopeWith(registries), want, seen, { prune: false })
  const absent = Object.defineProperty(registry({ username: 'ci' }), 'password', {
    enumerable: true,
    get: () => {
      throw new UserError('cannot fetch the secret REGISTRY')
    },
  })
  t.throws(() => plan({ 'r.example': absent }), /cannot fetch the secret REGISTRY/)
  t.same(plan({ 'other.example': absent }).warnings, [], 'the login of another registry is not asked for')
  t.match(plan({ 'r.example': registry({ ...login, insecure: true }) }).warnings, [/can read the password of ci/])
  t.same(plan({ 'r.example': registry(login) }).warnings, [])
  t.end()
})
