// Reports of a run: recorded events in, whole texts out.
import { test } from 'tap'
import { createJsonReport } from '../../cli/report/json.js'
import { createPlainReport } from '../../cli/report/plain.js'
import { guarded, safeText } from '../../cli/report/report.js'
import { createStyle } from '../../cli/report/style.js'
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

test('plain: what tasks say, and failures that are taken', t => {
  let text = ''
  const report = createPlainReport(more => (text += more), { style: plain, verbose: false })
  report.emit({ type: 'message', host: 'h', task: 'greet', text: 'hello' })
  report.emit({ type: 'message', host: 'h', task: 'show', text: 'a: 1\nb: 2\n' })
  report.emit({
    type: 'step',
    id: 'a',
    host: 'h',
    thing: 't',
    verb: 'run',
    state: 'failed',
    text: 'no',
    rescued: 'deploy',
  })
  const host = { host: 'h', ok: 1, changed: 2, failed: 0, skipped: 0, unreachable: false, rescued: 1, ignored: 2 }
  report.emit({ type: 'summary', ms: 1000, exit: 0, hosts: [host] })
  t.equal(
    text,
    `h  greet: hello
h  show:
h    a: 1
h    b: 2
h  run t … failed: no (rescued: deploy)
h  1 ok, 2 changed, 1 rescued, 2 ignored
Done: 2 changes on 1 host, 1.0 s.
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
