// What one engine's plan makes of numbers, of pinned images and of containers beside the services; and what `run` makes of a service.
import { test } from 'tap'
import { forOneOff, type OneOffWish, oneOffWant } from '../../../cli/one-off/want.js'
import type { Project } from '../../../core/project.js'
import { diff } from '../../../providers/docker/diff/index.js'
import { downSteps } from '../../../providers/docker/diff/removal.js'
import type { SeenContainer } from '../../../providers/docker/observe/seen.js'
import { container, redisImage, running, scope, seen, wanted } from '../../providers/samples.js'

const numbered = (service: string, number: number, more: Partial<SeenContainer> = {}): SeenContainer =>
  running(container(service, {}, { number, name: `shop-${service}-${number}` }), more)

const oneOff = (): SeenContainer => {
  const labels = { 'longshore.oneoff': 'True' }
  return running(container('web', { labels }, { number: 0, name: 'shop-web-run-0123456789ab' }))
}

test('containers beyond the number go, those of others and of `run` stay', t => {
  const web = container('web')
  const plan = (dealt: string[], ...found: SeenContainer[]) => {
    const want = wanted({ containers: [web], dealt })
    const { steps, orphans } = diff(scope, want, seen({ images: [redisImage], containers: found }), { prune: false })
    return { steps: steps.map(({ verb, thing, cause }) => `${verb} ${thing}: ${cause}`), orphans }
  }
  const [one, two] = [numbered('web', 1), numbered('web', 2)]
  t.same(plan(['web'], one, two), { steps: ['remove container shop-web-2: 1 of web is wanted here'], orphans: [] })
  t.same(plan(['web', 'old'], one, numbered('old', 1)).steps, [
    'remove container shop-old-1: none of old is wanted here',
  ])
  t.same(plan([], one, two), { steps: [], orphans: ['container shop-web-2'] }, 'where the number is not known')
  t.same(plan(['web'], one, numbered('gone', 1)), { steps: [], orphans: ['container shop-gone-1'] })
  t.same(plan(['web'], one, oneOff()), { steps: [], orphans: [] }, 'what runs beside the services is no surplus')
  const down = downSteps(scope, 'shop', seen({ containers: [one, oneOff()] }), { volumes: false, images: false })
  t.same(
    down.map(({ thing }) => thing),
    ['container shop-web-1', 'container shop-web-run-0123456789ab'],
    'down removes both',
  )
  t.end()
})

test('a pinned image is held against the container, wherever the name leads', t => {
  const causes = (imageId: string | undefined, of: string): string[] => {
    const want = container('web', {}, imageId === undefined ? {} : { imageId })
    const found = seen({ images: [redisImage], containers: [running(want, { imageId: of })] })
    return diff(scope, wanted({ containers: [want] }), found, { prune: false }).steps.map(({ cause }) => cause)
  }
  t.same(causes('sha256:old', 'sha256:old'), [])
  t.match(causes('sha256:old', redisImage.id), [/image redis:7 is another one now/])
  t.match(causes(undefined, 'sha256:old'), [/image redis:7 is another one now/])
  t.end()
})

test('down --images takes the names that kept images for a rollback', t => {
  const kept = { id: 'sha256:a', tags: ['longshore.local/shop/web:aaaaaaaaaaaa'], digests: [], labels: {} }
  const theirs = { id: 'sha256:b', tags: ['longshore.local/other/web:bbbbbbbbbbbb'], digests: [], labels: {} }
  const things = (images: boolean): string[] =>
    downSteps(scope, 'shop', seen({ images: [kept, theirs] }), { volumes: false, images }).map(({ thing }) => thing)
  t.same(things(true), ['image longshore.local/shop/web:aaaaaaaaaaaa'])
  t.same(things(false), [])
  t.end()
})

test('what run makes of a service', t => {
  const plain: OneOffWish = { argv: [], env: [], publish: [], servicePorts: false, tty: false }
  const web = container('web', {
    command: ['serve'],
    environment: { A: '1', B: '2' },
    ports: [{ published: 80, target: 8000, protocol: 'tcp' }],
    networks: [{ name: 'shop_default', aliases: ['web'], address: '10.0.0.9' }],
    restart: { name: 'always' },
    healthcheck: { test: ['CMD', 'true'] },
  })
  const make = (wish: Partial<OneOffWish>) => oneOffWant('shop', web, { ...plain, ...wish }, { HOME: '/root' })
  const own = make({})
  t.match(own.name, /^shop-web-run-[0-9a-f]{12}$/)
  t.match(own.config, { command: ['serve'], ports: [], labels: { 'longshore.oneoff': 'True' } })
  t.same(own.config.networks, [{ name: 'shop_default', aliases: [] }], 'it takes no name and no address of theirs')
  t.notOk('restart' in own.config || 'healthcheck' in own.config)
  const rows: [Partial<OneOffWish>, object][] = [
    [{ argv: ['sh', '-c', 'x'] }, { command: ['sh', '-c', 'x'] }],
    [{ env: ['B=3=4', 'HOME'] }, { environment: { A: '1', B: '3=4', HOME: '/root' } }],
    [{ entrypoint: "sh -c 'a b'" }, { entrypoint: ['sh', '-c', 'a b'], command: undefined }],
    [
      { user: 'app', workdir: '/srv' },
      { user: 'app', workingDir: '/srv' },
    ],
    [{ servicePorts: true }, { ports: [{ published: 80, target: 8000 }] }],
    [{ publish: ['8080:80'] }, { ports: [{ published: 8080, target: 80 }] }],
    [{ tty: true }, { tty: true }],
  ]
  for (const [wish, expected] of rows) t.match(make(wish).config, expected, JSON.stringify(wish))
  t.equal(make({ name: 'mine' }).name, 'mine')
  t.throws(() => make({ env: ['NOT_HERE'] }), /not set here/)
  t.throws(() => make({ publish: ['x'] }), /is no port/)
  const guarded = { ...web, portRules: [{ published: 80, protocol: 'tcp' as const, allow: ['10.0.0.0/8'] }] }
  t.throws(() => oneOffWant('shop', guarded, { ...plain, servicePorts: true }, {}), /says who may reach its ports/)

  const raw = { value: { scale: 0, deploy: { replicas: 3, labels: {} }, container_name: 'x', volumes: ['a:/a'] } }
  const project = {
    services: [
      { name: 'web', raw },
      { name: 'db', raw },
    ],
  } as unknown as Project
  const [changed, other] = forOneOff(project, 'web', ['b:/b']).services
  t.same(changed?.raw.value, { deploy: { labels: {} }, volumes: ['a:/a', 'b:/b'] })
  t.equal(other?.raw, raw)
  t.end()
})
