// What a plan says of local files: brought where they are not held, a container replaced or told, and what nobody mounts removed.
import { test } from 'tap'
import type { OnChange, ShippedWant } from '../../../core/containers/mounts/shipped-want.js'
import type { HeldFiles } from '../../../core/state.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { mountBodies } from '../../../providers/docker/containers/mounts.js'
import { containerSpec } from '../../../providers/docker/containers/spec.js'
import { downSteps } from '../../../providers/docker/diff/removal.js'
import { pathBefore } from '../../../providers/docker/files/before.js'
import { differences, type OwnEntry, tellDifferences } from '../../../providers/docker/files/differences.js'
import type { HeldEntry } from '../../../providers/docker/files/held.js'
import { container, key, planOf, redisImage, running, scope, seen, wanted } from '../samples.js'

const [one, two] = ['1'.repeat(64), '2'.repeat(64)]
const base = '/var/lib/longshore/shop/files'

const shipped = (sum: string, onChange: OnChange = 'recreate', part: Partial<ShippedWant> = {}): ShippedWant => ({
  ...{ thing: 'folder ./conf', kind: 'directory', from: { path: '/here/conf' }, sum, bytes: 2500, entries: 3 },
  ...{ uid: 0, gid: 0, secret: false, onChange },
  ...part,
})

const app = (what: ShippedWant, service = 'app'): ContainerWant =>
  container(service, { mounts: [{ type: 'bind', source: './conf', target: '/conf', readOnly: true, shipped: what }] })

/** A container as it runs, with the mount that it has on the host. */
const runs = (want: ContainerWant, below: string) =>
  running(want, { binds: [{ source: `${base}/${below}`, target: '/conf' }] })

/** The plan's lines, without what they wait for and how a container is replaced. */
const plan = (now: ContainerWant[], before: ReturnType<typeof runs>[], held?: HeldFiles): string[] =>
  planOf(
    wanted({ containers: now }),
    seen({ images: [redisImage], containers: before, ...(held && { shipped: held }) }),
  ).map(line => line.replace(/ <.*| \(start-first\)/g, ''))

const ship = (cause: string): string => `ship folder ./conf: ${cause}, 2 entries, 2.5 kB`
const remove = 'remove shipped files: no container mounts them any more'

test('the plan', t => {
  const live = 'live/shop-app-1-00/aa'
  const [recreate, signal] = [app(shipped(one)), app(shipped(one, { signal: 'SIGHUP' }))]
  const held = (hashes: string[], told?: string): HeldFiles => ({
    held: hashes,
    live: told === undefined ? {} : { 'shop-app-1-00/aa': told },
  })
  const rows: [string, string[], string[]][] = [
    ['not there', plan([recreate], []), [ship('not there'), 'create container shop-app-1: not there']],
    ['held by an interrupted run', plan([recreate], [], held([one])), ['create container shop-app-1: not there']],
    ['as wanted', plan([recreate], [runs(recreate, `${one}/content`)], held([one])), []],
    ['lost on the host', plan([recreate], [runs(recreate, `${one}/content`)]), [ship('changed')]],
    [
      'changed',
      plan([app(shipped(two))], [runs(recreate, `${one}/content`)], held([one])),
      [ship('changed'), 'replace container shop-app-1: folder ./conf changed; start-first', remove],
    ],
    ['told', plan([signal], [runs(signal, live)], held([one], one)), []],
    [
      'to be told',
      plan([app(shipped(two, { signal: 'SIGHUP' }))], [runs(signal, live)], held([one], one)),
      [ship('changed'), 'signal container shop-app-1: folder ./conf changed', remove],
    ],
    [
      'restarted rather than signalled; the word is no part of the container',
      plan([app(shipped(two, 'restart'))], [runs(signal, live)], held([one, two], one)),
      ['restart container shop-app-1: folder ./conf changed', remove],
    ],
    [
      'left in peace',
      plan([app(shipped(two, 'ignore'))], [runs(signal, live)], held([two], one)),
      ['update container shop-app-1: folder ./conf changed'],
    ],
    [
      'no longer live',
      plan([recreate], [runs(signal, live)], held([one], one)),
      ['replace container shop-app-1: on_change of folder ./conf: in place → recreate; start-first', remove],
    ],
    ['two of one content', plan([recreate, app(shipped(one), 'b')], [], held([])).slice(0, 1), [ship('not there')]],
    [
      'two of one name',
      plan([recreate, app(shipped(two), 'b')], []).slice(0, 2),
      [ship('not there'), ship('not there').replace('conf:', 'conf (22222222):')],
    ],
    ['an orphan keeps what it mounts', plan([], [runs(recreate, `${one}/content`)], held([one, two])), [remove]],
  ]
  for (const [what, got, expected] of rows) t.same(got, expected, what)
  const both = [1, 2].map(number => ({ ...app(shipped(two, 'restart')), number, name: `shop-app-${number}` }))
  const found = both.map(want => runs(want, `live/${want.name}-00/aa`))
  const told = { held: [two], live: { 'shop-app-1-00/aa': one, 'shop-app-2-00/aa': one } }
  t.same(
    planOf(wanted({ containers: both }), seen({ images: [redisImage], containers: found, shipped: told })),
    [
      'restart container shop-app-1: folder ./conf changed',
      'restart container shop-app-2: folder ./conf changed < container shop-app-1',
    ],
    'one after the other',
  )
  const down = downSteps(scope, 'shop', seen({ containers: [runs(signal, live)], shipped: held([one], one) }), {
    ...{ volumes: false, images: false },
  })
  t.match(down.at(-1), { thing: 'shipped files', work: { names: [one, 'live/shop-app-1-00'] } })
  t.end()
})

test('labels and mounts', t => {
  const secret = containerSpec(app(shipped(one, 'recreate', { thing: 'secret PW', secret: true })).config, key)
  t.notMatch(JSON.stringify(secret), one, 'a secret stands as its HMAC')
  t.match(secret.shipped, { 'secret PW': /^[0-9a-f]{64}$/ })
  t.same(
    containerSpec(app(shipped(one, 'ignore')).config, key),
    containerSpec(app(shipped(two, 'restart')).config, key),
  )
  const placed = { ...shipped(one), place: `${base}/${one}/content` }
  t.match(mountBodies(app(placed).config.mounts, []), {
    Binds: [],
    Mounts: [{ Type: 'bind', Source: `${base}/${one}/content`, Target: '/conf', ReadOnly: true }],
  })
  t.end()
})

test('where the host holds what was before', t => {
  const live = `live/shop-app-1-00/${'a'.repeat(16)}`
  const before = (now: ContainerWant, then: ContainerWant, below: string): string | undefined => {
    const want = now.config.mounts[0]?.shipped
    return want && pathBefore(wanted({ containers: [now] }), seen({ containers: [runs(then, below)] }), want)
  }
  const [was, is] = [app(shipped(one)), app(shipped(two))]
  const secret = app(shipped(one, 'ignore', { thing: 'secret PW', secret: true }))
  const rows: [what: string, path: string | undefined, expected: string | undefined][] = [
    ['by its sum', before(is, was, `${one}/content`), `${one}/content`],
    ['a copy', before(app(shipped(two, 'ignore')), app(shipped(one, 'ignore')), live), live],
    ['by another name', before(app(shipped(two, 'ignore')), secret, live), undefined],
    ['of another service', before(is, app(shipped(one), 'b'), `${one}/content`), undefined],
    ['out of the folder', before(is, was, `live/../${'a'.repeat(16)}`), undefined],
    ['half a name', before(is, was, `${one}/content/..`), undefined],
  ]
  for (const [what, path, expected] of rows) t.equal(path, expected, what)
  t.end()
})

test('how files differ', t => {
  const textDiff = (path: string, from: string, to: string): string => `${path}: ${from} > ${to}\n`
  const file = (path: string, sum: string, part: Partial<HeldEntry> = {}): HeldEntry & OwnEntry => ({
    ...{ path, kind: 'file', mode: 0o644, size: 3, sum },
    ...(part as Partial<HeldEntry & OwnEntry>),
  })
  const root = { path: '', kind: 'directory', mode: 0o755, size: 0 } as const
  const tell = (
    held: HeldEntry[],
    own: OwnEntry[],
    long = 'new',
    kind: 'file' | 'directory' = 'directory',
  ): string[] => {
    const found = differences(held, own)
    const texts = new Map([['a', { held: 'old', own: long }]])
    const compared = { name: './conf', kind, owner: '0:0', held, own, found, texts }
    return tellDifferences(compared, textDiff).map(
      ({ what, from, to, diff }) => `${what}: ${from} > ${to}${diff === undefined ? '' : `\n${diff}`}`,
    )
  }
  t.same(tell([root, file('a', '1')], [{ ...root, size: 4096 }, file('a', '1')]), ['entries: 1 > 1'], 'nothing')
  t.same(
    tell(
      [
        { ...root, owner: '0:0' },
        ...[file('a', '1'), file('gone', '2'), file('key', '3', { mode: 0o600 }), file('mode', '4')],
        ...[file('swap', '5'), { ...file('to', ''), kind: 'link', target: 'a' } as HeldEntry],
      ],
      [
        root,
        ...[file('a', '9'), file('key', '8', { mode: 0o644 }), file('mode', '4', { mode: 0o755 }), file('new', '7')],
        ...[{ ...root, path: 'swap' }, { ...file('to', ''), kind: 'link', target: 'b' } as OwnEntry],
      ],
    ),
    [
      'entries: 6 > 6 (1 added, 1 removed, 5 changed)',
      'a: 3 B > 3 B, not the same\n./conf/a: old > new\n',
      'gone: 3 B > absent',
      'key: 3 B > 3 B, not the same; not shown: only its owner may read it',
      'mode of key: 0600 > 0644',
      'mode of mode: 0644 > 0755',
      'new: absent > 3 B',
      'swap: 3 B > directory',
      'to: link to a > link to b',
    ],
  )
  t.same(
    tell([file('', '1', { owner: '5:6' })], [file('', '1', { mode: 0o440 })], '', 'file'),
    ['mode: 0644 > 0440', 'owner: 5:6 > 0:0'],
    'one file',
  )
  const [many] = tell([root], [root, ...Array.from({ length: 101 }, (_, at) => file(`f${at}`, '1'))])
  t.equal(many, 'entries: 0 > 101 (101 added), the first 100 are listed')
  const [, bounded = ''] = tell([root, file('a', '1')], [root, file('a', '2')], `${'x'.repeat(2000)}\n`.repeat(300))
  t.equal(bounded.split('\n').length, 203, 'a diff ends after 200 lines')
  t.match(bounded, /… and \d+ more lines\n$/)
  t.ok(bounded.split('\n').every(line => line.length <= 1000))
  t.end()
})
