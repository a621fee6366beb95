// What the docker provider decides about containers: rows of what is wanted, what was seen, and the plan that follows.
import { test } from 'tap'
import { Secret } from '../../core/secret.js'
import type { ContainerConfig } from '../../core/wanted.js'
import { diff } from '../../providers/docker/diff/index.js'
import type { SeenContainer } from '../../providers/docker/observe/seen.js'
import { container, network, planOf, redisImage, running, scope, seen, volume, wanted } from './samples.js'

test('an empty engine gets everything, in order; the second look finds nothing to do', t => {
  const db = container('db', {
    networks: [{ name: 'shop_default', aliases: ['db'] }],
    mounts: [{ type: 'volume', source: 'shop_data', target: '/data', readOnly: false }],
  })
  const app = container(
    'app',
    { networks: [{ name: 'shop_default', aliases: [] }], links: [{ container: 'shop-db-1', alias: 'cache' }] },
    { dependsOn: [{ service: 'db', condition: 'started', on: [{ host: 'web1', container: 'shop-db-1' }], at: db.at }] },
  )
  const want = wanted({
    images: [{ ref: 'redis:7', from: 'pull', at: db.at }],
    networks: [network('shop_default')],
    volumes: [volume('shop_data')],
    containers: [app, db],
  })
  t.same(planOf(want, seen()), [
    'pull image redis:7: not there',
    'create network shop_default: not there',
    'create volume shop_data: not there',
    'create container shop-db-1: not there < image redis:7, network shop_default, volume shop_data',
    'create container shop-app-1: not there < image redis:7, network shop_default, container shop-db-1',
  ])
  const absent = seen({ absent: { absent: 'not-installed', text: 'dockerd is not installed' } })
  t.same(planOf(want, absent), planOf(want, seen()), 'without an engine the plan shows everything all the same')

  const { steps } = diff(scope, want, seen(), { prune: false })
  const labelsOf = (thing: string): Record<string, string> => {
    const work = steps.find(step => step.thing === thing)?.work as { labels: Record<string, string> } | undefined
    return work?.labels ?? {}
  }
  const there = seen({
    images: [redisImage],
    networks: [{ id: 'n1', name: 'shop_default', labels: labelsOf('network shop_default') }],
    volumes: [{ id: 'shop_data', name: 'shop_data', labels: labelsOf('volume shop_data') }],
    containers: [running(db), running(app)],
  })
  const again = diff(scope, want, there, { prune: true })
  t.same(again, { steps: [], orphans: [], unchanged: 5, warnings: [] })
  t.end()
})

test('each difference of a container is told in the words of the file', t => {
  const secret = (value: string): Secret => new Secret('TOKEN', value)
  type Part = Partial<ContainerConfig>
  const env = (name: string, value: string | Secret): Part => ({ environment: { [name]: value } })
  const bind = (readOnly: boolean): Part => ({ mounts: [{ type: 'bind', source: '/a', target: '/x', readOnly }] })
  const ports = (...targets: number[]): Part => ({ ports: targets.map(target => ({ target, protocol: 'tcp' })) })
  const joined = (...aliases: string[]): Part => ({ networks: [{ name: 'shop_default', aliases }] })
  const many: Part = { user: 'a', hostname: 'a', workingDir: '/a', stopSignal: 'A' }
  const rows: [string, Part, Part, string | undefined][] = [
    ['nothing', {}, {}, undefined],
    ['environment', env('COLOR', 'blue'), env('COLOR', 'green'), 'environment.COLOR: blue → green'],
    ['a new variable', {}, env('A', '1'), 'environment.A: not set → 1'],
    ['an empty one', env('A', '1'), env('A', ''), 'environment.A: 1 → ""'],
    ['a secret', env('T', secret('one')), env('T', secret('two')), 'environment.T: secret changed'],
    ['same secret', env('T', secret('one')), env('T', secret('one')), undefined],
    ['now a secret', env('T', 'x'), env('T', secret('x')), 'environment.T: x → (secret)'],
    ['image', { image: 'redis:6' }, {}, 'image: redis:6 → redis:7'],
    ['a port', {}, { ports: [{ published: 80, target: 8000, protocol: 'tcp' }] }, 'ports: not set → 80:8000/tcp'],
    ['ports in another order', ports(1, 2), ports(2, 1), undefined],
    ['a mount', bind(false), bind(true), 'volumes: /a:/x → /a:/x:ro'],
    ['aliases', joined(), joined('b', 'a'), 'networks: shop_default → shop_default (as a, b)'],
    ['command', { command: ['sleep', '1'] }, { command: ['sleep', '2'] }, 'command: sleep 1 → sleep 2'],
    ['an emptied entrypoint', {}, { entrypoint: [] }, 'entrypoint: not set → []'],
    [
      'health check',
      { healthcheck: { test: ['CMD', 'true'], retries: 3 } },
      { healthcheck: { test: ['CMD', 'true'], retries: 4 } },
      'healthcheck.retries: 3 → 4',
    ],
    ['many', many, {}, 'hostname: a → not set, stop_signal: A → not set, user: a → not set, and 1 more'],
  ]
  for (const [name, before, now, cause] of rows) {
    const found = seen({ images: [redisImage], containers: [running(container('c', before))] })
    const plan = planOf(wanted({ containers: [container('c', now)] }), found)
    t.same(plan, cause === undefined ? [] : [`replace container shop-c-1: ${cause}; start-first`], name)
  }
  const text = JSON.stringify(running(container('c', env('T', secret('s3cr3t-value')))).labels)
  t.notMatch(text, 's3cr3t-value', 'no secret value stands in a label')
  t.match(text, /hmac-sha256:/)
  t.end()
})

test('states of a container', t => {
  const want = container('c')
  const on = [{ host: 'web1', container: 'shop-c-1' }]
  const dependant = container('d', {}, { dependsOn: [{ service: 'c', condition: 'completed', on, at: want.at }] })
  const rows: [string, Partial<SeenContainer>, boolean, string[]][] = [
    ['stopped', { state: 'exited', exitCode: 0 }, false, ['start container shop-c-1: stopped']],
    ['failed', { state: 'exited', exitCode: 137 }, false, ['start container shop-c-1: stopped (exit code 137)']],
    ['half made', { state: 'created' }, false, ['start container shop-c-1: created, but not started']],
    ['paused', { state: 'paused' }, false, ['start container shop-c-1: paused']],
    ['dead', { state: 'dead' }, false, ['replace container shop-c-1: it is dead']],
    ['a finished job', { state: 'exited', exitCode: 0 }, true, []],
    ['a failed job', { state: 'exited', exitCode: 1 }, true, ['start container shop-c-1: stopped (exit code 1)']],
    [
      'another image',
      { imageId: 'sha256:b' },
      false,
      ['replace container shop-c-1: image redis:7 is another one now; start-first'],
    ],
  ]
  for (const [name, state, awaited, expected] of rows) {
    const containers = awaited ? [want, dependant] : [want]
    const found = seen({ images: [redisImage], containers: [running(want, state), running(dependant)] })
    const plan = planOf(wanted({ containers }), found).filter(step => step.includes(' shop-c-1:'))
    t.same(plan, expected, name)
  }
  const warned = (state: Partial<SeenContainer>): string[] =>
    diff(scope, wanted({ containers: [want] }), seen({ containers: [running(want, state)] }), { prune: false }).warnings
  t.match(warned({ health: 'unhealthy' }), [/shop-c-1 is unhealthy/])
  t.match(warned({ state: 'restarting' }), [/shop-c-1 keeps restarting/])
  t.end()
})

test('what an interrupted replacement left behind', t => {
  const want = container('c')
  const now = running(want)
  const id = 'f'.repeat(64)
  const old = running(want, { id, name: `shop-c-1-old-${id.slice(0, 12)}`, state: 'exited' })
  const plan = (...containers: SeenContainer[]): string[] =>
    planOf(wanted({ containers: [want] }), seen({ images: [redisImage], containers }), true)
  t.same(plan(now, old), ['remove container shop-c-1-old-ffffffffffff: an interrupted run left it behind'])
  const half = ['replace container shop-c-1: an interrupted run left it half replaced']
  t.same(plan(old), half, 'the new one was never made')
  t.same(plan({ ...now, state: 'created' }, old), half, 'the new one was never started')
  t.same(plan({ ...now, health: 'unhealthy' }, old), half, 'the new one is no good')
  const named = running(container('x', {}, { name: 'shop-c-1-old-timer' }))
  t.same(plan(now, named), ['remove container shop-c-1-old-timer: no longer declared'], 'a name that only looks so')
  t.end()
})

test('order: shared namespaces, links that close a circle, ports that change hands', t => {
  const linked = (service: string, to: string): ReturnType<typeof container> =>
    container(service, { links: [{ container: `shop-${to}-1`, alias: to }], networks: [{ name: 'n', aliases: [] }] })
  t.same(planOf(wanted({ containers: [linked('a', 'b'), linked('b', 'a')] }), seen()), [
    'create container shop-b-1: not there',
    'create container shop-a-1: not there < container shop-b-1',
  ])
  const side = container('side', { networkMode: 'container:shop-c-1' })
  const before = container('c', { environment: { A: '1' } })
  const found = seen({ images: [redisImage], containers: [running(side), running(before)] })
  t.same(planOf(wanted({ containers: [side, container('c', { environment: { A: '2' } })] }), found), [
    'replace container shop-c-1: environment.A: 1 → 2; start-first',
    'replace container shop-side-1: container shop-c-1 is replaced; stop-first: it shares the network of another container < container shop-c-1',
  ])
  const site = container('site', { ports: [{ published: 80, target: 80, protocol: 'tcp' }] })
  const web = running(container('web'), { ports: [{ PrivatePort: 80, PublicPort: 80, Type: 'tcp' }] })
  t.same(planOf(wanted({ containers: [site] }), seen({ containers: [web] }), true), [
    'create container shop-site-1: not there < container shop-web-1',
    'remove container shop-web-1: no longer declared',
  ])
  const anyPort = container('site', { ports: [{ target: 80, protocol: 'tcp' }] })
  const unpublished = running(container('web'), { ports: [{ PrivatePort: 80, Type: 'tcp' }] })
  t.same(planOf(wanted({ containers: [anyPort] }), seen({ containers: [unpublished] }), true), [
    'create container shop-site-1: not there',
    'remove container shop-web-1: no longer declared',
  ])
  t.end()
})
