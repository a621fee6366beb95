// Plays over several shell hosts: tasks done once or elsewhere, plays and batches one after the other, hosts that fail or are lost.
import { chmodSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { failed, log, play, put, summaryOf, text } from './run/play-texts.js'
import { type Site, site } from './run/site.js'

const hostsNamed = (...names: string[]): string =>
  `project: shop\nhosts: { ${names.map(name => `${name}: { connection: local }`).join(', ')} }\nplaybooks: [play.yaml]\n`

test('done once, done elsewhere', async t => {
  const yaml = hostsNamed('a', 'b', 'c')
  await t.test("what runs once is done on the first host, and is every host's", async t => {
    const tasks = `- { name: before, command: { sh: "sleep 0.2; date +%s%N >{{ folder }}/before", creates: "{{ folder }}/before" } }
- { name: token, command: { sh: "date +%s%N" }, run_once: true, register: token, changed_when: "false" }
- { name: use, copy: { dest: "{{ folder }}/token", content: "{{ token.stdout }}" } }`
    const here = await site(t, yaml, { 'play.yaml': play(tasks) })
    const went = await here.up()
    t.equal(went.exit, 0, failed(went))
    const tokens = ['a', 'b', 'c'].map(host => text(here, 'token', host))
    t.equal(new Set(tokens).size, 1)
    for (const host of ['a', 'b', 'c'])
      t.ok(BigInt(text(here, 'before', host).trim()) < BigInt(tokens[0] ?? 0), `after ${host} had come so far`)
    t.equal(went.listed.filter(line => line.includes('token:')).length, 1)
    const read = await site(t, yaml, {
      'play.yaml': play(tasks.replace('sh: "date +%s%N" }', 'sh: "date +%s%N", read_only: true }')),
    })
    t.equal((await read.up()).exit, 0)
    t.equal(new Set(['a', 'b', 'c'].map(host => text(read, 'token', host))).size, 1, 'also when it only reads')
  })

  await t.test('a task is done on the host that it is delegated to, which is locked, and outside of --on', async t => {
    const tasks = `- { name: note, command: { sh: "echo {{ host.name }} >>{{ hosts.c.vars.folder }}/log", check: "grep -qx {{ host.name }} {{ hosts.c.vars.folder }}/log" }, delegate_to: c, notify: tell }`
    const here = await site(t, yaml, { 'play.yaml': play(tasks, log('tell')) })
    Object.assign(here.hosts.c ?? {}, { scripts: [] })
    const went = await here.up({ on: 'a,b' })
    t.equal(went.exit, 0, failed(went))
    t.same(text(here, 'log', 'c').trim().split('\n').sort(), ['a', 'b'])
    t.ok(
      here.hosts.c?.scripts.some(script => script.includes('/lock')),
      'locked',
    )
    t.notOk(here.hosts.a?.scripts.some(script => script.includes('>>') && script.includes(here.hosts.c?.folder ?? '-')))
    t.equal(text(here, 'log', 'a'), 'tell\n', 'its handler is its own')
    t.same(
      summaryOf(went).map(({ host, changed }) => [host, changed]),
      [
        ['a', 2],
        ['b', 2],
      ],
    )
    t.same((await here.up({ on: 'a,b' })).listed, [])
    if (here.hosts.c) here.hosts.c.lostAt = () => true
    t.match(await here.up({ on: 'a' }), { exit: 4 })
  })

  await t.test('this machine is meant by localhost', async t => {
    const here = await site(t, yaml, {
      'play.yaml': play(`- { name: x, command: { sh: "true" }, delegate_to: localhost }`),
    })
    t.match((await here.up({ on: 'b' })).exit, 0)
  })
})

test('several hosts: plays, batches, failures', async t => {
  const stamp = (name: string): string =>
    `- { name: ${name}, command: { sh: "date +%s%N >{{ folder }}/${name}.began; sleep 0.1; test ! -e {{ folder }}/bad && date +%s%N >{{ folder }}/${name}.ended", creates: "{{ folder }}/${name}.ended" } }`
  const names = ['a', 'b', 'c', 'd']
  const at = (here: Site, name: string, host: string): bigint => BigInt(text(here, name, host).trim() || 0)

  await t.test('a play begins when all hosts have ended the one before', async t => {
    const here = await site(t, hostsNamed(...names), {
      'play.yaml': play(stamp('one')) + play(stamp('two')).replace('name: p', 'name: q'),
    })
    const went = await here.up()
    t.equal(went.exit, 0, failed(went))
    const last =
      names
        .map(host => at(here, 'one.ended', host))
        .sort()
        .at(-1) ?? 0n
    for (const host of names) t.ok(at(here, 'two.began', host) > last)
    const firsts = names.map(host => at(here, 'one.began', host))
    t.ok(
      firsts.every(began => began < last),
      'hosts are parallel',
    )
    t.ok(went.plan.gates.length === 1)
  })

  await t.test('one at a time, and in halves', async t => {
    const single = await site(t, hostsNamed(...names), {
      'play.yaml': play(`${stamp('one')}\n${stamp('two')}`, '', '  serial: 1\n'),
    })
    t.equal((await single.up()).exit, 0)
    for (const [index, host] of names.slice(1).entries())
      t.ok(at(single, 'one.began', host) > at(single, 'two.ended', names[index] ?? ''), `${host} after ${names[index]}`)
    const half = await site(t, hostsNamed(...names), { 'play.yaml': play(stamp('one'), '', '  serial: "50%"\n') })
    t.equal((await half.up()).exit, 0)
    t.ok(at(half, 'one.began', 'b') < at(half, 'one.ended', 'a'), 'two together')
    t.ok(at(half, 'one.began', 'c') > at(half, 'one.ended', 'b'), 'then the others')
    t.same((await half.up()).listed, [])
  })

  await t.test('a failed batch ends the play; max_fail says how many', async t => {
    const run = async (words: string, bad: string[]) => {
      const here = await site(t, hostsNamed(...names), { 'play.yaml': play(stamp('one'), '', words) })
      for (const host of bad) put(here, 'bad', '', host)
      const went = await here.up()
      t.equal(went.exit, 1)
      return { done: names.filter(host => text(here, 'one.ended', host) !== '').join(''), went }
    }
    const first = await run('  serial: 1\n', ['b'])
    t.equal(first.done, 'a')
    t.match(first.went.ends['c/p/one'], /^skipped: waits for play p, which was stopped: 1 of its 4 hosts failed/)
    t.equal((await run('  serial: 1\n  max_fail: 1\n', ['b'])).done, 'acd')
    t.equal((await run('  serial: 1\n  max_fail: "25%"\n', ['b'])).done, 'acd')
    t.equal((await run('  serial: 2\n', ['b'])).done, 'acd', 'half of a batch is not all of it')
    t.equal((await run('', ['b'])).done, 'acd', 'without serial the others go on')
  })

  await t.test('a host that failed is left out of the next play, the others are not', async t => {
    const here = await site(t, hostsNamed('a', 'b'), {
      'play.yaml': play(stamp('one')) + play(stamp('two')).replace('name: p', 'name: q'),
    })
    put(here, 'bad', '', 'a')
    const went = await here.up()
    t.match(went.ends, { 'a/p/one': /^failed/, 'a/q/two': 'skipped: waits for p/one', 'b/q/two': 'done' })
  })
})

test('killed between two tasks: what was due is done by the next run, with blocks and batches', async t => {
  const tasks = `- name: deploy
  block:
    - { name: make, copy: { dest: "{{ folder }}/made", content: x }, notify: tell }
    - { name: next, copy: { dest: "{{ folder }}/next", content: x } }
  rescue:
    - { name: undo, copy: { dest: "{{ folder }}/undone", content: x } }`
  const files = { 'play.yaml': play(tasks, log('tell'), '  serial: 1\n') }
  const here = await site(t, hostsNamed('a', 'b'), files)
  const controller = new AbortController()
  const went = await here.up({
    signal: controller.signal,
    emit: event => {
      if (event.type === 'step' && event.id === 'a/p/next') controller.abort(new Error('killed'))
    },
  })
  t.equal(went.exit, 130)
  t.equal(text(here, 'made') + text(here, 'made', 'b'), 'x', 'the second batch has not begun')
  const next = await here.up()
  t.equal(next.exit, 0, failed(next))
  t.match(next.listed.join('\n'), /a\/p\/handler tell: tell: interrupted run/)
  t.equal(text(here, 'log') + text(here, 'log', 'b'), 'tell\ntell\n')

  const { folder = '' } = here.hosts.a ?? {}
  const marks = join(folder, 'longshore', 'shop', 'pending')
  put(here, 'longshore/shop/pending/0123456789abcdef')
  chmodSync(join(marks, '0123456789abcdef'), 0o666)
  rmSync(join(folder, 'made'))
  const again = await here.up()
  t.equal(again.exit, 0, failed(again))
  t.same(readdirSync(marks), [], 'the mark of a handler that left the file goes')
  t.same((await here.up()).listed, [])

  const lost = await site(t, hostsNamed('a', 'b'), files)
  if (lost.hosts.a) lost.hosts.a.lostAt = script => script.includes('/next') && !script.includes('/made')
  const cut = await lost.up()
  t.match(cut, { exit: 4, ends: { 'a/p/make': 'done', 'a/p/undo': /^skipped/ } }, 'nothing rescues a lost host')
  t.match(cut.ends['b/p/make'], /^skipped: waits for play p/, 'which was all of its batch')
})
