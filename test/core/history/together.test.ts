// The history of engines that are one, as a table: what several hosts keep is told once, and what one has missed comes back to it.
import { test } from 'tap'
import { chooseEntry, standAt } from '../../../core/history/choose.js'
import { entriesToDrop, type HistoryEntry, type HistoryHead } from '../../../core/history/entry.js'
import { entriesOf, mergeEntries, missingOn, toldOnce } from '../../../core/history/merge.js'
import { allOnce } from '../../../core/together/services.js'
import type { Wanted } from '../../../core/wanted.js'
import { container, network } from '../../providers/samples.js'

const head = (number: number, more: Partial<HistoryHead> = {}): HistoryHead => ({
  version: 1,
  number,
  time: `2026-01-01T00:00:${String(number).padStart(2, '0')}Z`,
  who: 'ann@laptop',
  reason: 'up',
  state: 'done',
  together: 'swarm',
  changes: [],
  images: [],
  ...more,
})

const entry = (number: number, more: Partial<HistoryHead> = {}): HistoryEntry => ({
  head: head(number, more),
  ...((more.state ?? 'done') === 'done'
    ? { share: { containers: [container('web', { user: String(number) })], networks: [], volumes: [] } }
    : {}),
})

const told = (entries: readonly HistoryEntry[]): string[] =>
  entries.map(
    ({ head: { number, state, reason }, share }) => `${number} ${reason} ${state}${share ? '' : ', no share'}`,
  )

test('copies become one history', t => {
  const rows: [string, HistoryEntry[][], string[]][] = [
    [
      'the same on all',
      [
        [entry(1), entry(2)],
        [entry(1), entry(2)],
      ],
      ['1 up done', '2 up done'],
    ],
    ['one was away at first', [[entry(2)], [entry(1), entry(2)]], ['1 up done', '2 up done']],
    ['one was away in the end', [[entry(1)], [entry(1), entry(2)]], ['1 up done', '2 up done']],
    ['one went away in the middle', [[entry(1, { state: 'begun' })], [entry(1)]], ['1 up done']],
    ['it came first', [[entry(1)], [entry(1, { state: 'begun' })]], ['1 up done']],
    ['all were killed', [[entry(1, { state: 'begun' })], [entry(1, { state: 'begun' })]], ['1 up begun, no share']],
    [
      'one that was alone gave its run the number of another: the later counts',
      [[entry(2, { reason: 'scale', time: '2026-01-02' })], [entry(2)]],
      ['2 scale done'],
    ],
    ['none', [[], []], []],
  ]
  for (const [name, copies, expected] of rows) {
    t.same(told(mergeEntries(copies.flat())), expected, name)
    t.same(told(mergeEntries([...copies].reverse().flat())), expected, `${name}, in whatever order they are asked`)
  }
  t.end()
})

test('entries of engines that stand alone lie beside them, and are none of theirs', t => {
  const alone = entry(1, { together: undefined as never })
  const found = [alone, entry(2)]
  t.same(told(entriesOf(found)), ['1 up done'])
  t.same(told(entriesOf(found, 'swarm')), ['2 up done'])
  t.same(
    toldOnce([
      { host: 'n1', head: alone.head },
      { host: 'n1', head: head(2, { state: 'begun' }) },
      { host: 'n2', head: head(2) },
      { host: 'n3', head: head(2) },
    ]).map(one => `${one.host} ${one.head.number} ${one.head.state}`),
    ['n1 1 done', 'swarm 2 done'],
  )
  const many = Array.from({ length: 12 }, (_, index) => head(index + 1))
  const first = { ...head(1), together: undefined as never }
  const some = many.slice(1).map(one => ({ ...one, only: ['web'] }))
  t.same(entriesToDrop([first, ...some], head(13)), [1, 2, 3], 'what stood alone is nothing that they are read upon')
  t.end()
})

test('what a host has missed', t => {
  const all = [entry(1), entry(2), entry(3)]
  const rows: [string, HistoryHead[], number[]][] = [
    ['nothing', [head(1), head(2), head(3)], []],
    ['all, where it is new', [], [1, 2, 3]],
    ['how one ended', [head(1), head(2, { state: 'begun' }), head(3)], [2]],
    ['another run of that number', [head(1), head(2, { time: 'then' }), head(3)], [2]],
    ['what it alone has is not missed', [head(1), head(2), head(3), head(9)], []],
  ]
  for (const [name, heads, expected] of rows)
    t.same(
      missingOn(heads, all).map(one => one.head.number),
      expected,
      name,
    )
  const long = Array.from({ length: 14 }, (_, index) => entry(index + 1))
  t.same(
    missingOn([], long).map(one => one.head.number),
    [5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
    'no more than a host keeps',
  )
  t.end()
})

test('what all of them have, each once, and where a rollback goes', t => {
  const spread = {
    hosts: ['n1', 'n2'],
    everywhere: false,
    mode: 'replicated',
    constraints: [],
    preferences: [],
  } as const
  const wanted = (host: string): Wanted => ({
    project: 'shop',
    key: new Uint8Array(),
    images: [],
    networks: [network('shop_default')],
    volumes: [],
    containers: ['web', 'db'].map(service => ({
      ...container(service, { hostname: host }),
      spread: { ...spread, hosts: [...spread.hosts], constraints: [], preferences: [], labels: {} },
    })),
  })
  const { containers, networks } = allOnce(
    new Map([
      ['n2', wanted('n2')],
      ['n1', wanted('n1')],
    ]),
  )
  t.same(
    containers.map(({ service, config }) => `${service} as on ${config.hostname}`),
    ['web as on n1', 'db as on n1'],
  )
  t.same(
    networks.map(({ name }) => name),
    ['shop_default'],
  )
  const history = [{ host: 'swarm', entries: [entry(4), entry(5)] }]
  const number = chooseEntry(history, { services: ['web'] })
  t.equal(number, 4)
  t.same(standAt(history[0]?.entries ?? [], number).services.get('web')?.containers[0]?.config.user, '4')
  t.end()
})
