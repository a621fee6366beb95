// The rules behind the commands for services: merging by time, the order of services, where copies end up, what is used, which events.
import { test } from 'tap'
import { copyPlace, readSide } from '../../cli/services/copy-rules.js'
import { eventText, readFilters } from '../../cli/services/event-filter.js'
import { mergeByTime } from '../../cli/services/merge.js'
import { cpuPercent, memoryText, movedText, usageCells } from '../../cli/services/usage.js'
import type { RawService } from '../../core/project.js'
import type { ContainerEvent, UsageSample } from '../../core/provider-abilities.js'
import { alsoRestarted, dependencies } from '../../core/rollout/dependencies.js'

interface Read {
  taken: number
  closed: boolean
}

async function* timed(times: readonly string[], state: Read = { taken: 0, closed: false }) {
  try {
    for (const time of times) {
      state.taken++
      yield { time }
    }
  } finally {
    state.closed = true
  }
}

test('streams are merged by time, one thing of each held', async t => {
  const all: string[] = []
  for await (const { time } of mergeByTime([timed(['a1', 'c1', 'e1']), timed([]), timed(['b1', 'd1', 'f1', 'g1'])]))
    all.push(time)
  t.same(all, ['a1', 'b1', 'c1', 'd1', 'e1', 'f1', 'g1'])
  const same: string[] = []
  for await (const { time } of mergeByTime([timed(['a', 'a']), timed(['a', 'b'])])) same.push(time)
  t.same(same, ['a', 'a', 'a', 'b'])
  const late: string[] = []
  for await (const { time } of mergeByTime([timed(['c', 'a']), timed(['b', 'd'])])) late.push(time)
  t.same(late, ['b', 'c', 'a', 'd'], 'what is late in its own stream stops nobody')

  const states: Read[] = [1, 2].map(() => ({ taken: 0, closed: false }))
  const long = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, '0'))
  let seen = 0
  for await (const _ of mergeByTime(states.map(state => timed(long, state)))) if (++seen === 5) break
  t.ok(
    states.every(({ taken }) => taken <= 4),
    `taken: ${states.map(({ taken }) => taken)}`,
  )
  t.ok(
    states.every(({ closed }) => closed),
    'both are closed when the reader leaves',
  )
  const broken = (async function* () {
    yield { time: 'a' }
    throw new Error('broken off')
  })()
  await t.rejects(
    async () => {
      for await (const _ of mergeByTime([timed(['b']), broken]));
    },
    { message: 'broken off' },
  )
})

const at = { file: 'longshore.yaml', line: 1, column: 1 }
const services = (texts: Record<string, unknown>): RawService[] =>
  Object.entries(texts).map(([name, value]) => ({ name, raw: { value, at, where: () => at }, folder: '/' }))

test('services stand on others, near and far', t => {
  const all = services({
    front: { depends_on: ['app'] },
    app: { depends_on: { db: { condition: 'service_healthy', restart: true } }, links: ['cache:c'] },
    db: { volumes_from: ['store:ro'] },
    cache: { network_mode: 'service:db' },
    store: {},
    one: { links: ['two'] },
    two: { links: ['one'] },
    worker: { depends_on: { app: { restart: true } } },
    odd: 'no map',
  })
  const needs = Object.fromEntries([...dependencies(all)].map(([name, set]) => [name, [...set].sort().join(' ')]))
  t.same(needs, {
    front: 'app cache db store',
    app: 'cache db store',
    db: 'store',
    cache: 'db store',
    store: '',
    one: '',
    two: '',
    worker: 'app cache db store',
    odd: '',
  })
  t.same(alsoRestarted(['db'], all), ['app', 'worker'])
  t.same(alsoRestarted(['db', 'app'], all), ['worker'])
  t.same(alsoRestarted(['front'], all), [])
  t.end()
})

test('the sides of a copy', t => {
  const rows: [string, unknown][] = [
    ['web:/etc/hosts', { kind: 'service', service: 'web', path: '/etc/hosts' }],
    ['web:a:b', { kind: 'service', service: 'web', path: 'a:b' }],
    ['./a:b', { kind: 'local', path: './a:b' }],
    ['/a:b', { kind: 'local', path: '/a:b' }],
    ['../x', { kind: 'local', path: '../x' }],
    ['plain', { kind: 'local', path: 'plain' }],
    ['-', { kind: 'stream' }],
  ]
  for (const [text, side] of rows) t.same(readSide(text), side, text)
  for (const text of ['', 'web:', ':/x']) t.throws(() => readSide(text), { message: /empty|is no SERVICE:PATH/ }, text)
  t.end()
})

// The table of https://docs.docker.com/reference/cli/docker/container/cp/, and what its client does beyond it.
test('a copy ends up where docker cp puts it', t => {
  const file = { path: 'f', isFolder: false, name: 'f' }
  const folder = { path: 'd', isFolder: true, name: 'd' }
  const content = { path: 'd/.', isFolder: true, name: 'd' }
  const rows: [string, typeof file, string, 'nothing' | 'folder' | 'other', string][] = [
    ['file to a new name', file, '/x/n', 'nothing', '/x n'],
    ['file to a new name at the root', file, '/n', 'nothing', '/ n'],
    ['file onto a file', file, '/x/o', 'other', '/x o'],
    ['file into a folder', file, '/x', 'folder', '/x f'],
    ['file into a folder with a slash', file, '/x/', 'folder', '/x/ f'],
    ['folder to a new name', folder, '/x/n', 'nothing', '/x n'],
    ['folder to a new name with a slash', folder, '/x/n/', 'nothing', '/x n'],
    ['folder to a new name with a dot', folder, '/x/n/.', 'nothing', '/x n'],
    ['folder into a folder', folder, '/x', 'folder', '/x d'],
    ['content to a new name', content, '/x/n', 'nothing', '/x n'],
    ['content into a folder', content, '/x', 'folder', '/x '],
    ['content into a folder with a dot', content, '/x/.', 'folder', '/x/. '],
    ['the root into a folder', { path: '/', isFolder: true, name: '/' }, '/x', 'folder', '/x '],
    ['a folder named by dots', { path: '..', isFolder: true, name: 'up' }, '/x', 'folder', '/x up'],
  ]
  for (const [what, source, path, there, place] of rows) {
    const { into, as } = copyPlace(source, { path, there })
    t.equal(`${into} ${as}`, place, what)
  }
  const refused: [string, typeof file, string, 'nothing' | 'folder' | 'other', RegExp][] = [
    ['folder onto a file', folder, '/x', 'other', /a folder cannot be copied to it/],
    ['content onto a file', content, '/x', 'other', /a folder cannot be copied to it/],
    ['file to what must be a folder', file, '/x/n/', 'nothing', /there is no folder/],
    ['file onto a file with a slash', file, '/x/', 'other', /is no folder/],
  ]
  for (const [what, source, path, there, message] of refused)
    t.throws(() => copyPlace(source, { path, there }), { message }, what)
  t.end()
})

const sample = (part: Partial<UsageSample>): UsageSample => ({
  cpu: 0,
  system: 0,
  cpus: 2,
  memory: 0,
  memoryLimit: 0,
  received: 0,
  sent: 0,
  read: 0,
  written: 0,
  pids: 0,
  ...part,
})

test('what is used, in the words of docker stats', t => {
  const before = sample({ cpu: 100, system: 1000 })
  t.equal(cpuPercent(before, sample({ cpu: 600, system: 2000 })), 100)
  t.equal(cpuPercent(before, sample({ cpu: 1100, system: 2000 })), 200)
  t.equal(cpuPercent(before, sample({ cpu: 100, system: 2000 })), 0)
  t.equal(cpuPercent(before, before), 0, 'the same look twice')
  t.equal(cpuPercent(before, sample({ cpu: 5, system: 2000 })), 0, 'it was started anew')
  t.same([0, 1023, 1024, 385_024, 67_108_864, 25_275_244_544].map(memoryText), [
    '0B',
    '1023B',
    '1KiB',
    '376KiB',
    '64MiB',
    '23.54GiB',
  ])
  t.same([0, 586, 1180, 20_971_520, 1e15].map(movedText), ['0B', '586B', '1.18kB', '21MB', '1PB'])
  t.same(usageCells(before, sample({ cpu: 350, system: 2000, memory: 385_024, memoryLimit: 67_108_864, pids: 3 })), [
    '50.00%',
    '376KiB / 64MiB',
    '0.57%',
    '0B / 0B',
    '0B / 0B',
    '3',
  ])
  t.equal(usageCells(before, before)[1], '0B / --', 'without a limit')
  t.end()
})

test('which events are shown, and how', t => {
  const event: ContainerEvent = {
    time: '2026-01-01T00:00:00.000000001Z',
    host: 'web1',
    service: 'app',
    number: 1,
    container: 'shop-app-1',
    id: 'abc',
    action: 'health_status: healthy',
    image: 'app:1',
    attributes: { exitCode: '0\u001b[31m' },
  }
  const rows: [string[], boolean][] = [
    [[], true],
    [['event=health_status'], true],
    [['event=health_status: healthy'], true],
    [['event=die', 'event=health_status'], true],
    [['event=die'], false],
    [['service=app', 'host=web2'], false],
    [['service=app', 'host=web1', 'image=app:1', 'container=shop-app-1'], true],
  ]
  for (const [texts, fits] of rows) t.equal(readFilters(texts)(event), fits, texts.join(' '))
  for (const text of ['color=red', 'event', '=x'])
    t.throws(() => readFilters([text]), { message: /takes KEY=VALUE/ }, text)
  t.equal(
    eventText(event),
    '2026-01-01T00:00:00.000000001Z web1 shop-app-1 health_status: healthy (image=app:1, exitCode=0)',
  )
  t.end()
})
