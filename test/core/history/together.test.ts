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

test('a run that knew less than others has too low a number, and is the newest all the same', t => {
  const five = { time: '2026-01-02', reason: 'again' }
  const all = mergeEntries([...[3, 4, 5, 6].map(number => entry(number)), entry(5, five)])
  t.same(told(all), ['3 up done', '4 up done', '6 up done', '5 again done'])
  const history = [{ host: 'swarm', entries: all }]
  const stood = (number: number) => standAt(all, number).services.get('web')?.containers[0]?.config.user
  t.same([4, 6, 5].map(stood), ['4', '6', '5'])
  t.equal(chooseEntry(history, { services: [] }), 6, 'before the newest was the one of the higher number')
  const failed = mergeEntries([...[4, 5, 6].map(number => entry(number)), entry(5, { ...five, state: 'failed' })])
  t.equal(chooseEntry([{ host: 'swarm', entries: failed }], { services: [] }), 6, 'the newest is the one that failed')
  const seven = { time: '2026-01-03', rollback: 6, only: ['web'] }
  const back: HistoryEntry = { ...entry(6), head: head(7, seven) }
  t.equal(chooseEntry([{ host: 'swarm', entries: [...all, back] }], { services: [] }), 6, 'twice is the same')
  t.throws(() => chooseEntry(history, { services: [], to: 9 }), { message: /those that are kept: 3, 4, 6, 5/ })
  const alone = { host: 'web1', entries: [entry(3), entry(4), entry(6)] }
  t.equal(chooseEntry([alone, ...history], { services: [] }), 6, 'beside one that stands alone')
  const kept = Array.from({ length: 10 }, (_, index) => head(index + 2))
  const late = { ...head(2), time: '2026-01-02' }
  t.same(entriesToDrop([late, ...kept.slice(1)], head(12, { time: '2026-01-03' })), [3], 'the oldest goes')
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
