// The tree: what a person sees while a run goes on and after it, wide, narrow and with many hosts.
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { createStyle } from '../../cli/report/style.js'
import { createTreeReport } from '../../cli/report/tree.js'
import { width } from '../../cli/report/width.js'
import type { Event } from '../../core/events.js'
import { FakeTerminal } from './screen-reader.js'

const everyMs = 5

/** A report on a fake terminal, with a clock that the test moves; `drawn` waits until the timer has drawn what is new. */
function stage(columns: number, rows: number, color = false) {
  const terminal = new FakeTerminal(columns, rows)
  const clock = { ms: 0 }
  const report = createTreeReport(terminal, { style: createStyle(color), verbose: false, now: () => clock.ms, everyMs })
  const drawn = async (): Promise<string> => {
    // Two rounds of the timer, whatever else the machine does: wait until nothing more is written.
    for (let before = -1; before !== terminal.written.length; ) {
      before = terminal.written.length
      await sleep(everyMs * 6)
    }
    return terminal.text
  }
  return { terminal, clock, report, drawn }
}

const start = (host: string, thing: string, verb = 'install'): Event => ({
  type: 'step',
  id: `${host}/${thing}`,
  host,
  thing,
  verb,
  state: 'start',
})
const end = (host: string, thing: string, more: Partial<Extract<Event, { type: 'step' }>> = {}): Event => ({
  ...(start(host, thing) as Extract<Event, { type: 'step' }>),
  state: 'done',
  ms: 12_300,
  ...more,
})
const output = (host: string, thing: string, text: string): Event => ({
  type: 'output',
  id: `${host}/${thing}`,
  host,
  text,
})

test('wide: running steps below, ended ones above, a failure with its output, a summary', async t => {
  const { terminal, clock, report, drawn } = stage(120, 24)
  report.start?.(['web1', 'database1', 'web2'])
  report.emit({ type: 'host', host: 'web1', state: 'connecting' })
  report.emit({ type: 'host', host: 'database1', state: 'reading' })
  t.equal(await drawn(), '⠋ web1       connecting  0 s\n⠋ database1  reading  0 s\n  2 of 3 hosts busy · 0 s')
  t.notOk(terminal.cursorShown, 'the cursor is hidden while it draws')
  report.emit({ type: 'host', host: 'web1', state: 'ready' })
  report.emit({ type: 'host', host: 'database1', state: 'ready' })
  report.emit({ type: 'plan', steps: [], unchanged: 0 })
  report.emit(start('web1', 'package docker.io'))
  report.emit(start('database1', 'file /etc/motd', 'write'))
  clock.ms = 12_000
  report.emit(output('web1', 'package docker.io', 'Unpacking containerd (1.6.20)'))
  t.equal(
    await drawn(),
    '⠋ web1       install package docker.io  12 s  Unpacking containerd (1.6.20)\n⠋ database1  write file /etc/motd  12 s\n  2 of 3 hosts busy · 12 s',
  )
  report.emit(output('database1', 'file /etc/motd', 'No space left on device'))
  report.emit(end('database1', 'file /etc/motd', { verb: 'write', state: 'failed', ms: 80, text: 'exit code 1' }))
  report.emit({ type: 'warning', text: 'slow', host: 'web1' })
  t.equal(
    await drawn(),
    `✖ database1  write file /etc/motd (0.1 s) failed: exit code 1
    | No space left on device
! web1  slow
⠋ web1       install package docker.io  12 s  Unpacking containerd (1.6.20)
  1 of 3 hosts busy · 1 failed · 12 s`,
  )
  report.emit(end('web1', 'package docker.io'))
  report.emit(end('web1', 'package containerd', { state: 'already', text: 'by package docker.io' }))
  report.emit(end('web1', 'container app', { verb: 'replace', state: 'rolled-back', text: 'not healthy' }))
  report.emit(end('web2', 'container app', { verb: 'start', state: 'skipped', text: 'database1 failed' }))
  report.emit({
    type: 'summary',
    ms: 13_000,
    exit: 1,
    hosts: [
      { host: 'web1', ok: 1, changed: 2, failed: 0, skipped: 0, unreachable: false },
      { host: 'database1', ok: 0, changed: 0, failed: 1, skipped: 0, unreachable: false },
    ],
  })
  await report.end()
  t.equal(
    terminal.text,
    `✖ database1  write file /etc/motd (0.1 s) failed: exit code 1
    | No space left on device
! web1  slow
✔ web1  install package docker.io (12.3 s)
✔ web1  install package containerd already so: by package docker.io
↺ web1  replace container app (12.3 s) rolled back: not healthy
- web2  start container app skipped: database1 failed
web1       1 ok, 2 changed
database1  0 ok, 1 failed
1 of 2 hosts failed, 2 changes made, 13.0 s.
`,
  )
  t.ok(terminal.cursorShown, 'and shown again afterwards')
})

test('narrow: every line of the frame fits', async t => {
  const { terminal, clock, report, drawn } = stage(40, 24)
  report.start?.(['a-host-with-a-very-long-name', 'b'])
  report.emit(start('a-host-with-a-very-long-name', 'package a-package-with-a-long-name-too'))
  report.emit(start('b', 'container shop-日本語-1', 'create'))
  report.emit(start('b', 'x', 'y'))
  report.emit(output('b', 'x', 'some output that is not short'))
  clock.ms = 125_000
  t.equal(
    await drawn(),
    '⠋ a-host-wi…  install packa…  2 min 5 s\n⠋ b           y x +1  2 min 5 s\n  2 of 2 hosts busy · 2 min 5 s',
  )
  report.emit(end('b', 'x'))
  t.match(await drawn(), /⠋ b {11}create contai… {2}2 min 5 s/)
  for (const line of terminal.text.split('\n')) t.ok(width(line) < 40, line)
  await report.end()
  t.equal(terminal.text, '✔ b  install x (12.3 s)\n', 'nothing of the frame stays')
})

test('fifty hosts: the frame never grows beyond the screen, and little is written', async t => {
  const rows = 20
  const { terminal, clock, report, drawn } = stage(80, rows)
  const hosts = Array.from({ length: 50 }, (_, index) => `node${String(index + 1).padStart(2, '0')}`)
  report.start?.(hosts)
  for (const host of hosts) report.emit({ type: 'host', host, state: 'connecting' })
  const first = (await drawn()).split('\n')
  t.equal(first.length, rows - 1)
  t.equal(first[0], '⠋ node01  connecting  0 s')
  t.equal(first.at(-2), '  … and 33 more')
  t.equal(first.at(-1), '  50 of 50 hosts busy · 0 s')
  const before = terminal.written.length
  for (let round = 0; round < 1000; round++)
    for (const host of hosts) report.emit(output(host, 'package curl', `line ${round}`))
  await drawn()
  t.equal(terminal.written.length, before, 'events of steps that do not run draw nothing')
  for (const host of hosts) report.emit(start(host, 'package curl'))
  for (const host of hosts.slice(0, 40)) report.emit(end(host, 'package curl'))
  const next = (await drawn()).split('\n')
  t.equal(next.filter(line => line.startsWith('✔')).length, 40)
  t.equal(next.length, 40 + 11)
  for (const host of hosts.slice(40)) report.emit(output(host, 'package curl', 'line'))
  clock.ms = 100
  const cpu = process.cpuUsage()
  for (let round = 0; round < 1000; round++)
    for (const host of hosts.slice(40)) report.emit(output(host, 'package curl', `line ${round}`))
  t.ok(process.cpuUsage(cpu).user < 1_000_000, 'ten thousand lines of output take far less than a second')
  await report.end()
  t.equal(terminal.text.split('\n').filter(line => line !== '' && !line.startsWith('✔')).length, 0)
})

test('a question or an answer goes above: the frame makes room and comes back', async t => {
  const { terminal, report, drawn } = stage(80, 24)
  report.emit({ type: 'host', host: 'late', state: 'connecting' })
  await drawn()
  const answer = report.aside?.(async () => {
    t.ok(terminal.cursorShown)
    t.equal(terminal.text, '', 'the frame is gone')
    terminal.write('Is that the right key? [y/N] ')
    report.emit({ type: 'note', text: 'meanwhile' })
    await sleep(everyMs * 6)
    t.equal(terminal.text, 'Is that the right key? [y/N]', 'nothing is drawn over the question')
    terminal.write('y\n')
    return true
  })
  t.equal(await answer, true)
  t.equal(
    await drawn(),
    'Is that the right key? [y/N] y\n  meanwhile\n⠋ late  connecting  0 s\n  1 of 1 host busy · 0 s',
  )
  t.throws(
    () =>
      report.aside?.(() => {
        throw new Error('x')
      }),
    /x/,
  )
  t.match(await drawn(), /late {2}connecting/)
  // What an abort needs: the terminal is as it was when the call returns.
  const ended = report.end()
  t.ok(terminal.cursorShown)
  t.equal(terminal.text, 'Is that the right key? [y/N] y\n  meanwhile\n')
  await ended
})

test('a host that cannot be reached ends alone; a narrower terminal is redrawn without remains', async t => {
  const { terminal, clock, report, drawn } = stage(100, 24)
  report.start?.(['web1', 'gone'])
  report.emit({ type: 'host', host: 'gone', state: 'unreachable', text: 'no answer' })
  report.emit(start('web1', 'package a-rather-long-name-for-a-package-that-needs-room'))
  t.equal(
    await drawn(),
    '✖ gone  unreachable: no answer\n⠋ web1  install package a-rather-long-name-for-a-package-that-needs-room  0 s\n  1 of 2 hosts busy · 1 failed · 0 s',
  )
  terminal.fold(40)
  clock.ms = 1000
  t.equal(
    await drawn(),
    '✖ gone  unreachable: no answer\n⠋ web1  install package a-rather-…  1 s\n  1 of 2 hosts busy · 1 failed · 1 s',
  )
  await report.end()
})

test('colour marks what matters', async t => {
  const { terminal, report } = stage(80, 24, true)
  report.emit(end('web1', 'package curl'))
  await report.end()
  t.match(terminal.written, '\u001b[32m✔\u001b[39m \u001b[36mweb1\u001b[39m  install package curl')
})
