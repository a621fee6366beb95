// The front door's plans and configuration, as tables: when it is told anew and why, and what is never in it.
import { test } from 'tap'
import type { DoorWant, SiteWant } from '../../../core/containers/front-door/want.js'
import { Secret } from '../../../core/secret.js'
import type { ContainerWant } from '../../../core/wanted.js'
import type { JsonObject } from '../../../providers/docker/canonical.js'
import { doorConfig, doorFiles, doorSpec } from '../../../providers/docker/front-door/config.js'
import { shortId } from '../../../providers/docker/front-door/diff.js'
import type { SeenDoor } from '../../../providers/docker/front-door/seen.js'
import { requestsAt, servingScript } from '../../../providers/docker/front-door/traffic.js'
import { container, key, planOf, redisImage, running, seen, wanted } from '../samples.js'

const site = (more: Partial<SiteWant> = {}): SiteWant => ({
  host: 'shop.test',
  tls: 'auto',
  service: 'app',
  numbers: [1],
  port: 8000,
  ...more,
})

const door = (more: Partial<DoorWant> = {}): DoorWant => ({
  http: 80,
  https: 443,
  drainMs: 30_000,
  sites: [site()],
  certificates: [],
  ...more,
})

const given = (secret: string) => ({ host: 'shop.test', certificate: 'CERT', key: new Secret('key', secret) })

const atDoor = (want: DoorWant): ContainerWant => container('front-door', {}, { door: want })

const told = (want: DoorWant, app: ContainerWant): SeenDoor => ({
  spec: doorSpec(want, key),
  config: doorConfig(want, key),
  serving: { 'app/1': [shortId(running(app).id)] },
})

test('when the front door is told, and why', t => {
  const app = container('app')
  const plan = (want: DoorWant, more: Partial<SeenDoor> | undefined, found = [running(app), running(atDoor(want))]) =>
    planOf(
      wanted({ containers: [app, atDoor(want)] }),
      seen({
        images: [redisImage],
        containers: found,
        ...(more === undefined ? {} : { door: { ...told(door(), app), ...more } }),
      }),
    ).filter(line => line.startsWith('route'))
  t.same(plan(door(), {}), [])
  t.same(plan(door(), undefined), ['route front door: shop.test: not set → app:8000'])
  t.same(plan(door({ sites: [site({ port: 9000 })] }), {}), ['route front door: shop.test: app:8000 → app:9000'])
  t.same(plan(door({ sites: [site({ host: 'x.test' })] }), {}), [
    'route front door: shop.test: app:8000 → not set, x.test: not set → app:8000',
  ])
  t.same(plan(door({ email: 'a@b.test' }), {}), ['route front door: email: not set → a@b.test'])
  t.same(plan(door(), { serving: {} }), ['route front door: shop-app-1: not led to → led to'])
  t.same(plan(door(), { serving: { 'app/1': ['0123'] } }), ['route front door: shop-app-1: led to 0123 → led to'])
  t.same(plan(door(), { config: {} }), ['route front door: configuration: changed by others → as the file says'])
  t.same(plan(door(), {}, [running(app)]), ['route front door: its container starts < container shop-front-door-1'])
  t.same(plan(door(), { serving: {} }, [running(atDoor(door()))]), [], 'one that is made tells it itself')
  const first = door({ certificates: [given('one')] })
  const second = door({ certificates: [given('two')] })
  t.match(plan(second, told(first, app)), [/^route front door: certificates\.shop\.test: [0-9a-f]+ → [0-9a-f]+$/])
  t.end()
})

test('no secret is in what it is told, and its key is for its owner alone', t => {
  const want = door({ sites: [site({ tls: 'given' })], certificates: [given('PRIVATE')], caRoot: 'ROOT' })
  for (const data of [doorConfig(want, key), doorSpec(want, key)]) t.notMatch(JSON.stringify(data), 'PRIVATE')
  t.same(
    doorFiles(want, key).map(({ target, mode }) => `${target.replace(/.*\./, '')} ${mode.toString(8)}`),
    ['crt 444', 'key 400', 'root 444'],
  )
  t.end()
})

test('what is listened to, and whom certificates come from', t => {
  const at = (config: JsonObject, ...path: string[]): unknown =>
    path.reduce<unknown>((data, step) => (data as Record<string, unknown> | undefined)?.[step], config)
  const plain = doorConfig(door({ sites: [site({ tls: 'off' })] }), key)
  t.equal(at(plain, 'apps', 'tls'), undefined)
  t.equal(at(plain, 'apps', 'http', 'servers', 'https'), undefined)
  const all = doorConfig(
    door({
      acme: 'https://ca.test/dir',
      email: 'a@b.test',
      http: 8080,
      sites: [site(), site({ host: 'in.test', tls: 'internal' }), site({ host: 'own.test', tls: 'given' })],
    }),
    key,
  )
  t.same(at(all, 'apps', 'tls', 'automation', 'policies'), [
    { subjects: ['shop.test'], issuers: [{ module: 'acme', ca: 'https://ca.test/dir', email: 'a@b.test' }] },
    { subjects: ['in.test'], issuers: [{ module: 'internal' }] },
  ])
  t.same(at(all, 'apps', 'http', 'servers', 'https', 'automatic_https'), { skip_certificates: ['own.test'] })
  t.same(at(all, 'apps', 'http', 'servers', 'http', 'listen'), [':8080'])
  t.equal(at(all, 'apps', 'http', 'http_port'), 8080)
  t.end()
})

test('who serves, and who still answers', t => {
  t.match(servingScript([{ slot: 'app/1', id: 'abc' }]), ': >/front-door/state/serving/app/1/abc;')
  const out = JSON.stringify([
    { address: '10.0.0.2:8000', num_requests: 2, fails: 0 },
    { address: '10.0.0.22:8000', num_requests: 5, fails: 0 },
    { address: '[fd00::2]:8000', num_requests: 1, fails: 0 },
  ])
  const rows: [object, string[], number | undefined][] = [
    [{ code: 0, out }, ['10.0.0.2'], 2],
    [{ code: 0, out }, ['10.0.0.2', 'fd00::2'], 3],
    [{ code: 0, out }, ['10.0.0.3'], 0],
    [{ code: 0, out: '[]' }, ['10.0.0.2'], 0],
    [{ code: 0, out: 'null' }, ['10.0.0.2'], undefined],
    [{ code: 0, out: 'oops' }, ['10.0.0.2'], undefined],
    [{ code: 127, out }, ['10.0.0.2'], undefined],
  ]
  for (const [answer, addresses, count] of rows)
    t.equal(requestsAt(answer as { code: number; out: string }, addresses), count, JSON.stringify([answer, addresses]))
  t.end()
})
