// Playbooks made to go wrong: names that look like others, handlers in odd orders, conditions that come to hold, hosts in each other's way.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { type Site, site, type Went } from './run/site.js'

const hostsNamed = (...names: string[]): string =>
  `project: shop\nhosts: { ${names.map(name => `${name}: { connection: local }`).join(', ')} }\nplaybooks: [play.yaml]\n`
const one = hostsNamed('a')

const pathIn = (here: Site, name: string, host = 'a'): string => join(here.hosts[host]?.folder ?? '', name)
const text = (here: Site, name: string, host = 'a'): string =>
  existsSync(pathIn(here, name, host)) ? readFileSync(pathIn(here, name, host), 'utf8') : ''

const indented = (lines: string): string => lines.replace(/^/gm, '    ')
const play = (tasks: string, handlers = '', words = ''): string =>
  `- name: p\n  hosts: all\n${words}  tasks:\n${indented(tasks)}\n${handlers && `  handlers:\n${indented(handlers)}\n`}`
const copy = (name: string, more = ''): string =>
  `- { name: ${name}, copy: { dest: "{{ folder }}/${name}", content: ${name} }${more} }`
const log = (name: string, more = ''): string =>
  `- { name: ${name}, command: { sh: "echo ${name} >>{{ folder }}/log" }${more} }`

const failed = ({ errors }: Went): string => errors.map(error => `${error.where}: ${error.message}`).join('; ')

/** The way to a host is there again, and somebody has released the lock. */
function back(here: Site): void {
  here.hosts.a?.back()
  rmSync(pathIn(here, 'longshore/shop/lock'), { recursive: true, force: true })
}

test('no name makes two things one', async t => {
  const write = (name: string, file: string, more = ''): string =>
    `- { name: "${name}", copy: { dest: "{{ folder }}/${file}", content: "${file}" }${more} }`
  const tasks = [
    write('x', 'l{{ item }}', ', loop: [1, 2]'),
    write('x #1', 'other'),
    write('x #1 1', 'third'),
    write('y again', 'ya'),
    write('y', 'y'),
    write('y (content)', 'yc'),
    write('handler h', 'hh', ', notify: h'),
    write('a\\nb/../\\u2028 😀 \\u001b[31m', 'odd'),
    write('a', 'label', ', loop: ["\\u001b[31mred\\nline"]'),
  ].join('\n')
  const here = await site(t, one, { 'play.yaml': play(tasks, log('h')) })
  for (const name of ['other', 'y', 'yc']) writeFileSync(pathIn(here, name), 'old', { mode: 0o666 })
  await here.hosts.a?.exec({ sh: 'for f in other y yc; do cp "$f" "$f.new"; mv -f "$f.new" "$f"; done' })
  const went = await here.up()
  t.equal(went.exit, 0, failed(went))
  const ids = went.plan.steps.map(step => step.id)
  t.equal(new Set(ids).size, ids.length)
  t.same(Object.keys(went.ends).sort(), [...ids].sort())
  for (const name of ['l1', 'l2', 'other', 'third', 'ya', 'y', 'yc', 'hh', 'odd', 'label'])
    t.equal(text(here, name), name)
  t.notMatch(went.plan.steps.map(step => step.cause).at(-2), /\u001b|\n/, 'what a host may have said is clean')
  t.same((await here.up()).listed, [])
})

test('handlers', async t => {
  await t.test('one that another notifies has its turn after it, wherever it stands', async t => {
    const here = await site(t, one, {
      'play.yaml': play(
        copy('x', ', notify: late'),
        `${log('early', ', listen: topic')}\n${log('late', ', notify: topic')}`,
      ),
    })
    t.match(await here.up(), { exit: 0, ends: { 'a/p/handler early': 'done', 'a/p/handler late': 'done' } })
    t.equal(text(here, 'log'), 'late\nearly\n')
    t.same((await here.up()).listed, [])
  })

  await t.test('a circle is refused', async t => {
    const round = `${log('one', ', notify: two')}\n${log('two', ', notify: one')}`
    await t.rejects(site(t, one, { 'play.yaml': play(copy('x', ', notify: one'), round) }), {
      message: /notify each other in a circle, .*one → two → one|notify each other in a circle, .*two → one → two/,
    })
    await t.rejects(site(t, one, { 'play.yaml': play(copy('x', ', notify: self'), log('self', ', notify: self')) }), {
      message: /self → self/,
    })
  })

  await t.test('what one of a name has done does not unmark the other', async t => {
    const named = (file: string): string =>
      play(
        copy(file, ', notify: tell'),
        `- { name: tell, command: { sh: "test ! -e {{ folder }}/no-${file}; echo ${file} >>{{ folder }}/log" } }`.replace(
          '; echo',
          ' && echo',
        ),
      )
    const here = await site(t, one, { 'play.yaml': named('x') + named('y') })
    writeFileSync(pathIn(here, 'no-y'), '')
    t.match(await here.up(), { exit: 1, ends: { 'a/p/handler tell': 'done', 'a/p/handler tell 2': /^failed/ } })
    if (here.hosts.a) here.hosts.a.lostAt = script => script.includes('no-y')
    t.equal((await here.up()).exit, 4)
    back(here)
    rmSync(pathIn(here, 'no-y'))
    t.equal((await here.up()).exit, 0)
    t.match(text(here, 'log'), /y\n$/, 'it is still due')
    t.same((await here.up()).listed, [])
  })

  await t.test('one whose condition comes to hold runs; one whose condition does not is over', async t => {
    const tasks = `${copy('made', ', notify: [now, never]')}
${copy('go')}
- { name: look, command: { sh: "cat {{ folder }}/go 2>/dev/null || echo no", read_only: true }, register: look }`
    const handlers = `${log('now', `, when: "look.stdout == 'go'"`)}\n${log('never', `, when: "look.stdout == 'stop'"`)}`
    const here = await site(t, one, { 'play.yaml': play(tasks, handlers) })
    const went = await here.up()
    t.match(went.listed.join('\n'), /now: notified by made, if its condition holds by then/)
    t.match(went.ends, { 'a/p/handler now': 'done', 'a/p/handler never': 'already: its condition is false' })
    t.equal(text(here, 'log'), 'now\n')
    t.same((await here.up()).listed, [])

    const lost = await site(t, one, { 'play.yaml': play(tasks, handlers) })
    if (lost.hosts.a) lost.hosts.a.lostAfter = script => script.includes('/go') && script.includes('/made')
    t.equal((await lost.up()).exit, 4)
    back(lost)
    t.equal((await lost.up()).exit, 0)
    t.equal(text(lost, 'log'), 'now\n', 'also when the run between them was lost')
    t.same((await lost.up()).listed, [])
  })
})

test('later tasks read what the own conditions of one that only reads have made of it', async t => {
  const tasks = `- { name: q, command: { sh: "echo go", read_only: true }, register: q, changed_when: "result.stdout == 'go'" }
- { name: f, command: { sh: "exit 4", read_only: true }, register: f, failed_when: "result.rc == 4", ignore_errors: true }
- { name: u, command: { sh: "cat {{ folder }}/late 2>/dev/null || echo none", read_only: true }, register: u, until: "u.stdout == 'late'", retries: 0 }
${copy('made', ', when: "q.changed && f.failed"')}
- { name: late too, copy: { dest: "{{ folder }}/late-too", content: "{{ q.changed }} {{ u.stdout }}" } }`
  const here = await site(t, one, { 'play.yaml': play(`${copy('late')}\n${tasks}`) })
  const went = await here.up()
  t.match(went, { exit: 0, ends: { 'a/p/u': /^already/, 'a/p/made': 'done', 'a/p/late too': 'done' } }, failed(went))
  t.equal(text(here, 'made') + text(here, 'late-too'), 'madetrue late')
  t.same((await here.up()).listed, [])
})

test('what was skipped gives nothing: a fact is open as long as the one before it', async t => {
  const tasks = `- { name: ask, command: { sh: "echo v" }, register: r, changed_when: "false" }
- { name: set, set_fact: { x: "{{ r.stdout }}" } }
- { name: not set, when: "false", set_fact: { x: other } }
- { name: use, copy: { dest: "{{ folder }}/x", content: "{{ x }}" } }`
  const here = await site(t, one, { 'play.yaml': play(tasks) })
  t.match(await here.up(), { exit: 0, ends: { 'a/p/use': 'done' } })
  t.equal(text(here, 'x'), 'v')
})

test('what is done once is the same task on all hosts, whatever else has its name', async t => {
  const ask = (word: string): string =>
    `- { name: t, command: { sh: "echo ${word}-{{ host.name }}", read_only: true }, register: r, run_once: true }\n`
  const here = await site(t, hostsNamed('a', 'b'), {
    'one.yaml': ask('one'),
    'two.yaml': `${ask('two')}- { name: w, copy: { dest: "{{ folder }}/w", content: "{{ r.stdout }}" } }\n`,
    'play.yaml': play(`- { include: one.yaml, when: "host.name == 'a'" }\n- { include: two.yaml }`),
  })
  t.equal((await here.up()).exit, 0)
  t.same([text(here, 'w'), text(here, 'w', 'b')], ['two-a', 'two-a'])
})

test('hosts that edit one file on one host wait for one another', async t => {
  const tasks = `- { name: member, delegate_to: a, line: { path: "{{ hosts.a.vars.folder }}/members", line: "host {{ host.name }}", create: true } }`
  const names = ['a', 'b', 'c', 'd', 'e']
  const here = await site(t, hostsNamed(...names), { 'play.yaml': play(tasks) })
  const went = await here.up()
  t.equal(went.exit, 0, failed(went))
  t.same(
    text(here, 'members').trim().split('\n').sort(),
    names.map(name => `host ${name}`),
  )
  t.same((await here.up()).listed, [])
})

test('no_log shows neither arguments nor output, anywhere', async t => {
  const tasks = `- { name: n1, no_log: true, line: { path: "{{ folder }}/l", line: "hush1", regexp: "^hush" } }
- { name: n2, no_log: true, copy: { dest: "{{ folder }}/c", content: hush2 } }
- { name: n3, no_log: true, command: { sh: "echo hush3; echo hush4 >&2" } }
- { no_log: true, loop: [hush5], name: n5, command: { sh: "echo {{ item }}", check: "test hush6 = x" } }
- { name: n7, no_log: true, command: { sh: "echo hush7; exit 3", read_only: true }, failed_when: "result.rc == 3", ignore_errors: true }
- { name: n8, no_log: true, debug: { msg: hush8 } }
- { name: n9, no_log: true, assert: { that: "1 == 2", msg: hush9 }, ignore_errors: true }
- { name: n10, no_log: true, set_fact: { x: hush10 } }
- { name: n11, no_log: true, command: { sh: "echo hush11; echo hush12 >&2; exit 1" } }`
  const here = await site(t, one, { 'play.yaml': play(tasks) })
  await here.hosts.a?.exec({ sh: 'echo hush0 >l; echo hush0 >c' })
  const went = await here.up()
  t.match(went, { exit: 1, ends: { 'a/p/n1': 'done', 'a/p/n3': 'done', 'a/p/n11': /^failed/ } })
  const steps = went.plan.steps.map(({ thing, verb, cause, changes }) => ({ thing, verb, cause, changes }))
  const told = JSON.stringify([
    went.events,
    went.listed,
    steps,
    went.errors.map(error => [error.message, error.output, error.where]),
  ])
  t.same(told.match(/.{0,60}hush\d+/g) ?? [], [])
})

test('a loop over what was not registered is no mistake where its condition is false', async t => {
  const tasks = `- { name: made, command: { sh: "echo 1,2; : >{{ folder }}/made", creates: "{{ folder }}/made" }, register: r }
- { name: each, when: "r.changed", loop: "r.stdout.split(',')", copy: { dest: "{{ folder }}/each{{ item }}", content: x } }
- { include: each.yaml, when: "r.changed", loop: "r.stdout.split(',')" }`
  const file = '- { name: more, copy: { dest: "{{ folder }}/more{{ item }}", content: x } }'
  const here = await site(t, one, { 'play.yaml': play(tasks), 'each.yaml': file })
  t.equal((await here.up()).exit, 0)
  t.equal(text(here, 'each2') + text(here, 'more2'), 'xx')
  t.match(await here.up(), { exit: 0, listed: [] }, 'also when the command had nothing to do')
  const wrong = await site(t, one, {
    'play.yaml': play(tasks.replaceAll('when: "r.changed", ', '')),
    'each.yaml': file,
  })
  t.equal((await wrong.up()).exit, 0)
  t.match(await wrong.up(), { exit: 3, errors: [/has no "stdout"/] })
})

test('lines that end as on Windows, after a mark of byte order', async t => {
  const tasks = `- name: m
  command:
    sh: |
      echo a >>{{ folder }}/log
      echo b >>{{ folder }}/log
    check: |
      grep -qx b {{ folder }}/log`
  const here = await site(t, one, { 'play.yaml': `\ufeff${play(tasks)}`.replaceAll('\n', '\r\n') })
  t.equal((await here.up()).exit, 0)
  t.equal(text(here, 'log'), 'a\nb\n')
  t.same((await here.up()).listed, [])
})

test('thousands of passes and tasks are planned in seconds', async t => {
  const numbers = Array.from({ length: 700 }, (_, index) => index)
  const tasks = `- { name: y, loop: [${numbers.join(', ')}], file: { path: "{{ folder }}/n{{ item }}", state: absent }, register: r }
- { name: z, loop: r.results, when: "item.changed", debug: { msg: x } }
${numbers.map(number => `- { name: same, when: "!r.changed", file: { path: "{{ folder }}/m${number}", state: absent }, register: s }`).join('\n')}`
  const here = await site(t, one, { 'play.yaml': play(tasks) })
  const began = process.cpuUsage()
  t.same((await here.look()).listed, [])
  const { user } = process.cpuUsage(began)
  t.ok(user < 6_000_000, `${Math.round(user / 1000)} ms of our own`)
})
