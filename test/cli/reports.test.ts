// Reports: recorded events in, whole texts out.
import { test } from 'tap'
import { errorData, exitOf, renderError } from '../../cli/report/error.js'
import { createJsonReport } from '../../cli/report/json.js'
import { createPlainReport } from '../../cli/report/plain.js'
import { planText } from '../../cli/report/plan.js'
import { guarded, safeText } from '../../cli/report/report.js'
import { createStyle, wantsColor } from '../../cli/report/style.js'
import { table } from '../../cli/report/table.js'
import { duration } from '../../cli/report/text.js'
import { cut, fit, width } from '../../cli/report/width.js'
import { UserError, unreachableError, usageError } from '../../core/errors.js'
import type { Event } from '../../core/events.js'
import { createMasker, Secret } from '../../core/secret.js'
import type { Step } from '../../core/step.js'

const plain = createStyle(false)
const step = (id: string, more: Partial<Step> = {}): Step => ({
  id,
  host: 'web1',
  thing: 'package curl',
  verb: 'install',
  cause: 'not installed',
  after: [],
  certainty: 'will',
  ...more,
})

const docker = { id: 'web1/docker', host: 'web1', thing: 'package docker.io', verb: 'install' }
const motd = { id: 'database1/motd', host: 'database1', thing: 'file /etc/motd', verb: 'write' }
const recorded: Event[] = [
  { type: 'host', host: 'web1', state: 'connecting' },
  { type: 'host', host: 'database1', state: 'connecting' },
  { type: 'host', host: 'web1', state: 'ready', ms: 120 },
  { type: 'host', host: 'gone', state: 'unreachable', text: 'no answer from 192.0.2.1 in 15 s' },
  { type: 'warning', text: 'the variable TAG is not set', at: { file: '/p/longshore.yaml', line: 3, column: 9 } },
  { type: 'step', ...docker, state: 'start' },
  { type: 'output', id: docker.id, host: 'web1', text: 'Unpacking\tcontainerd' },
  { type: 'step', ...docker, state: 'done', ms: 12_345 },
  { type: 'step', ...motd, state: 'start' },
  { type: 'output', id: motd.id, host: 'database1', text: 'first line' },
  { type: 'output', id: motd.id, host: 'database1', text: 'second line' },
  { type: 'step', ...motd, state: 'failed', ms: 80, text: 'exit code 1' },
  { type: 'step', ...docker, id: 'x', state: 'already', text: 'by package docker.io' },
  {
    type: 'step',
    ...motd,
    id: 'y',
    thing: 'service app',
    verb: 'restart',
    state: 'skipped',
    text: 'file /etc/motd failed',
  },
  { type: 'step', ...docker, id: 'z', thing: 'container app', verb: 'replace', state: 'rolled-back', ms: 61_000 },
  { type: 'note', host: 'web1', text: '1 connection, 2 execs' },
  {
    type: 'summary',
    ms: 65_432,
    exit: 1,
    hosts: [
      { host: 'web1', ok: 4, changed: 1, failed: 0, skipped: 0, unreachable: false },
      { host: 'database1', ok: 0, changed: 0, failed: 1, skipped: 1, unreachable: false },
      { host: 'gone', ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: true },
    ],
  },
]

test('plain: one line per event that tells something', t => {
  let text = ''
  const report = createPlainReport(more => (text += more), { style: plain, verbose: false })
  report.start?.(['web1', 'database1', 'gone'])
  for (const event of recorded) report.emit(event)
  t.equal(
    text,
    `gone       unreachable: no answer from 192.0.2.1 in 15 s
warning: /p/longshore.yaml:3:9: the variable TAG is not set
web1       install package docker.io … done (12.3 s)
database1  write file /etc/motd … failed (0.1 s): exit code 1
database1    | first line
database1    | second line
web1       install package docker.io … already so, by package docker.io
database1  restart service app … skipped: file /etc/motd failed
web1       replace container app … rolled back (1 min 1 s)
web1       1 connection, 2 execs
web1       4 ok, 1 changed
database1  0 ok, 1 failed, 1 skipped
gone       0 ok, unreachable
2 of 3 hosts failed, 1 change made, 1 min 5 s.
`,
  )
  t.notMatch(text, /\u001b/)
  let loud = ''
  const verbose = createPlainReport(more => (loud += more), { style: plain, verbose: true })
  for (const event of recorded.slice(0, 8)) verbose.emit(event)
  t.equal(
    loud,
    `web1  connecting
database1  connecting
web1       ready
gone       unreachable: no answer from 192.0.2.1 in 15 s
warning: /p/longshore.yaml:3:9: the variable TAG is not set
web1       install package docker.io …
web1         | Unpacking containerd
web1       install package docker.io … done (12.3 s)
`,
  )
  t.end()
})

test('plain: a failed step shows only its last lines, its own output before what was heard', t => {
  let text = ''
  const report = createPlainReport(more => (text += more), { style: plain, verbose: false, outputLines: 2 })
  for (const line of ['1', '2', '3']) report.emit({ type: 'output', id: 'a', host: 'h', text: line })
  report.emit({ type: 'step', id: 'a', host: 'h', thing: 't', verb: 'run', state: 'failed' })
  report.emit({ type: 'step', id: 'b', host: 'h', thing: 't', verb: 'run', state: 'failed', output: 'x\ny\nz\n' })
  t.equal(text, 'h  run t … failed\nh    | 2\nh    | 3\nh  run t … failed\nh    | y\nh    | z\n')
  t.end()
})

test('summaries: what a run came to', t => {
  const host = (name: string, more = {}) => ({
    host: name,
    ok: 3,
    changed: 0,
    failed: 0,
    skipped: 0,
    unreachable: false,
    ...more,
  })
  const many = Array.from({ length: 20 }, (_, index) => host(`n${index}`))
  const rows: [Event, string][] = [
    [{ type: 'summary', ms: 900, exit: 0, hosts: [host('a')] }, 'a  3 ok\nNothing to do on 1 host, 0.9 s.\n'],
    [
      { type: 'summary', ms: 900, exit: 0, hosts: [host('a', { changed: 2 })] },
      'a  3 ok, 2 changed\nDone: 2 changes on 1 host, 0.9 s.\n',
    ],
    [
      { type: 'summary', ms: 900, exit: 130, hosts: [host('a', { changed: 1 })] },
      'a  3 ok, 1 changed\nInterrupted after 0.9 s, 1 change made.\n',
    ],
    [
      { type: 'summary', ms: 900, exit: 0, hosts: [...many, host('last', { changed: 1 })] },
      'last  3 ok, 1 changed\n20 hosts with nothing to do\nDone: 1 change on 21 hosts, 0.9 s.\n',
    ],
  ]
  for (const [event, expected] of rows) {
    let text = ''
    createPlainReport(more => (text += more), { style: plain, verbose: false }).emit(event)
    t.equal(text, expected)
  }
  t.end()
})

test('json: one object a line, with the time', t => {
  let text = ''
  const report = createJsonReport(
    more => (text += more),
    () => new Date(Date.UTC(2026, 0, 2)),
  )
  for (const event of recorded) report.emit(event)
  const lines = text.trimEnd().split('\n')
  t.equal(lines.length, recorded.length)
  t.equal(lines[0], '{"time":"2026-01-02T00:00:00.000Z","type":"host","host":"web1","state":"connecting"}')
  t.same(
    lines.map(line => JSON.parse(line)),
    recorded.map(event => ({ time: '2026-01-02T00:00:00.000Z', ...event })),
  )
  t.end()
})

test('the boundary: secrets masked, foreign text cleaned, whatever the report', async t => {
  const masker = createMasker()
  masker.add(new Secret('DB', 'p4ssw0rd!'))
  const seen: Event[] = []
  const report = guarded({ emit: event => seen.push(event), end: async () => {} }, masker)
  report.emit({ type: 'note', text: 'it is p4ssw0rd!' })
  report.emit({ type: 'output', id: 'a', host: 'h', text: 'p4s\u001b[31ms\u001b[0mw0rd! \u0007bell' })
  report.emit({ type: 'step', ...docker, state: 'failed', output: 'a\r\nb p4ssw0rd!\u001b]0;title\u0007\nc' })
  report.emit({
    type: 'plan',
    unchanged: 0,
    steps: [step('a', { changes: [{ what: 'env', from: '', to: 'p4ssw0rd!' }] })],
  })
  t.same(seen[0], { type: 'note', text: 'it is (secret DB)' })
  t.same(seen[1], { type: 'output', id: 'a', host: 'h', text: '(secret DB) bell' })
  t.match(seen[2], { output: 'a\nb (secret DB)\nc' })
  t.notMatch(JSON.stringify(seen), /p4ss/)
  t.equal(safeText(`x ${Buffer.from('p4ssw0rd!').toString('base64')} \u009b31m`, masker), 'x (secret DB) 31m')
})

test('plan: hosts, signs, causes, losses, counts', t => {
  const steps = [
    step('web1/a'),
    step('db1/b', {
      host: 'db1',
      verb: 'write',
      thing: 'file /etc/motd',
      cause: 'content differs',
      changes: [
        { what: 'content', from: '', to: '', diff: '@@ -1 +1 @@\n-old\n+new\u0007\n' },
        { what: 'mode', from: '0600', to: '0644' },
        { what: 'owner', from: '', to: 'root' },
      ],
    }),
    step('web1/c', { verb: 'replace', thing: 'container shop-app-1', cause: 'image', loses: 'its writable layer' }),
    step('web1/d', {
      verb: 'remove',
      thing: 'volume shop_data',
      cause: 'asked for',
      changes: [{ what: 'x', from: 'a', to: 'b', loses: 'the data in volume shop_data' }],
    }),
    step('web1/e', { verb: 'run', thing: 'command ./migrate', cause: 'has no check', certainty: 'unknown' }),
  ]
  t.equal(
    planText({ steps, unchanged: 23, orphans: ['db1: container shop-old-1'] }, plain, false),
    `web1
  + install package curl  (not installed)
  ± replace container shop-app-1  (image)
      loses its writable layer
  - remove volume shop_data  (asked for)
      loses the data in volume shop_data
  ? run command ./migrate  (has no check)

db1
  ~ write file /etc/motd  (content differs)

No longer declared (1 thing, left alone):
    db1: container shop-old-1

Plan: 4 to change, 23 unchanged, 1 unknown`,
  )
  t.equal(
    planText({ steps: steps.slice(1, 2), unchanged: 0 }, plain, true),
    `db1
  ~ write file /etc/motd  (content differs)
      content:
        @@ -1 +1 @@
        -old
        +new
      mode: 0600 → 0644
      owner: (none) → root

Plan: 1 to change, 0 unchanged`,
  )
  t.equal(planText({ steps: [], unchanged: 5 }, plain, false), 'Plan: 0 to change, 5 unchanged')
  t.match(planText({ steps, unchanged: 0 }, createStyle(true), true), /\u001b\[32m\+\u001b\[39m/)
  t.end()
})

test('errors: where, what, excerpt, output, hint; bugs apart', t => {
  const files: Record<string, string> = { '/p/longshore.yaml': 'project: shop\nhosts:\n  web1: { prot: 22 }\n' }
  const options = {
    style: plain,
    verbose: false,
    read: (file: string) => files[file],
    shorten: (file: string) => file.replace('/p/', ''),
  }
  const at = { file: '/p/longshore.yaml', line: 3, column: 11 }
  const rows: [unknown, string, number][] = [
    [
      usageError('unknown key "prot"', { at, hint: 'did you mean "port"?' }),
      `error: unknown key "prot"
  at longshore.yaml:3:11
  3 |   web1: { prot: 22 }
    |           ^
→ did you mean "port"?`,
      3,
    ],
    [usageError('gone', { at: { ...at, file: '/p/none.yaml' } }), 'error: gone\n  at none.yaml:3:11', 3],
    [usageError('no such host', { at: { ...at, file: '--on' } }), 'error: no such host\n  in --on', 3],
    [
      usageError('2 mistakes\n/p/longshore.yaml:3:11: one\n/p/longshore.yaml:4:1: two', { at }),
      'error: 2 mistakes\n  longshore.yaml:3:11: one\n  longshore.yaml:4:1: two',
      3,
    ],
    [
      new UserError('ended with exit code 100', {
        where: 'web1, step install docker.io',
        output: 'E: one\nE: \u001b[31mtwo\n',
        hint: 'a\nb',
      }),
      `error: web1, step install docker.io: ended with exit code 100
  | E: one
  | E: two
→ a
  b`,
      1,
    ],
    [unreachableError('web1', 'no answer'), 'error: web1: no answer', 4],
    [
      new TypeError('x is undefined'),
      'error: this is a bug in longshore: x is undefined\n→ run it again with -v to see where, and report it',
      1,
    ],
    [
      new AggregateError([unreachableError('a', 'no answer'), new UserError('full', { where: 'b' })]),
      'error: a: no answer\nerror: b: full',
      4,
    ],
  ]
  for (const [error, expected, exit] of rows) {
    t.equal(renderError(error, options), expected)
    t.equal(exitOf(error), exit)
  }
  const loud = renderError(new TypeError('x'), { ...options, verbose: true })
  t.match(loud, /this is a bug in longshore: x\n {2}TypeError: x\n {4,}at .*reports\.test/)
  t.match(
    renderError(new UserError('y', { cause: new Error('z') }), { ...options, verbose: true }),
    /caused by Error: z/,
  )
  t.notMatch(renderError(new UserError('y', { cause: new Error('z') }), options), /z/)
  t.same(errorData(unreachableError('a', 'no answer', { hint: 'h' })), [
    { type: 'error', text: 'no answer', exit: 4, where: 'a', at: undefined, output: undefined, hint: 'h' },
  ])
  // One long line is shown around its column.
  const long = renderError(usageError('x', { at: { file: '/p/l', line: 1, column: 401 } }), {
    ...options,
    read: () => `${'a'.repeat(400)}B${'c'.repeat(400)}`,
  })
  const [, , source = '', caret = ''] = long.split('\n')
  t.equal(source[caret.indexOf('^')], 'B')
  t.ok(source.length < 200)
  t.end()
})

test('colour: who decides', t => {
  const ask = { allowed: true, env: {}, setting: 'auto', terminal: true } as const
  const rows: [Parameters<typeof wantsColor>[0], boolean][] = [
    [ask, true],
    [{ ...ask, terminal: false }, false],
    [{ ...ask, allowed: false }, false],
    [{ ...ask, env: { NO_COLOR: '1' } }, false],
    [{ ...ask, env: { NO_COLOR: '' } }, true],
    [{ ...ask, env: { TERM: 'dumb' } }, false],
    [{ ...ask, setting: 'never' }, false],
    [{ ...ask, setting: 'always', terminal: false }, true],
    [{ ...ask, setting: 'always', allowed: false }, false],
    [{ ...ask, setting: 'always', env: { NO_COLOR: '1' } }, false],
  ]
  for (const [question, expected] of rows) t.equal(wantsColor(question), expected, JSON.stringify(question))
  t.end()
})

test('words: durations, widths, tables', t => {
  for (const [ms, text] of [
    [0, '0.0 s'],
    [950, '0.9 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 0 s'],
    [125_400, '2 min 5 s'],
    [3_725_000, '1 h 2 min'],
  ] as const)
    t.equal(duration(ms), text)
  for (const [text, columns] of [
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['🚢', 2],
    ['ü', 1],
    ['', 0],
  ] as const)
    t.equal(width(text), columns, text)
  t.equal(cut('日本語です', 6), '日本…')
  t.equal(cut('hello', 5), 'hello')
  t.equal(cut('hello', 4), 'hel…')
  t.equal(cut('hello', 0), '')
  t.equal(fit('ab', 4), 'ab  ')
  t.same(
    table(
      ['A', 'LONG'],
      [
        ['日本', 'x'],
        ['b', ''],
      ],
    ),
    ['A     LONG', '日本  x', 'b'],
  )
  t.same(table(['A', 'LONG'], [['aaaaaa', 'bbbbbb']], 10), ['A       L…', 'aaaaaa  b…'])
  t.end()
})
