// Tasks and handlers from plan to end, on hosts that are shells of this machine: nothing lost, nothing twice, nothing on stale answers.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { quote } from '../../core/sh.js'
import { site } from './run/site.js'

const one = 'project: shop\nhosts: { a: { connection: local } }\nplaybooks: [play.yaml]\n'

const text = (folder: string | undefined, name: string): string => {
  const path = join(folder ?? '', name)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

const indented = (lines: string): string => lines.replace(/^/gm, '    ')
const play = (tasks: string, handlers = '', name = 'p'): string =>
  `- name: ${name}\n  hosts: all\n  tasks:\n${indented(tasks)}\n${handlers && `  handlers:\n${indented(handlers)}\n`}`

const log = (word: string): string => `sh: "echo ${word} >>{{ folder }}/log"`

test('a handler runs when it is due, and only then', async t => {
  const tell = `- { name: tell, command: { ${log('told')} } }`

  await t.test('a command that changed nothing leaves nothing due', async t => {
    const tasks = '- { name: look, command: { sh: "true" }, changed_when: "false", notify: tell }'
    const { up, hosts } = await site(t, one, { 'play.yaml': play(tasks, tell) })
    for (const round of [1, 2]) {
      const { exit, ends } = await up()
      t.equal(exit, 0)
      t.match(ends, { 'a/p/handler tell': 'already: nothing notified it' }, `round ${round}`)
    }
    t.equal(text(hosts.a?.folder, 'log'), '')
  })

  await t.test('what an interrupted or failed run left due is done by the next, once', async t => {
    const tasks = `- { name: make, copy: { dest: "{{ folder }}/made", content: x }, notify: tell }
- { name: stand, command: { sh: "test -e {{ folder }}/go" }, changed_when: "false" }`
    const { up, look, hosts } = await site(t, one, { 'play.yaml': play(tasks, tell) })
    t.match(await up(), { exit: 1, ends: { 'a/p/make': 'done', 'a/p/handler tell': /^skipped/ } })
    t.match((await look()).listed, ['run a/p/stand', 'run a/p/handler tell: tell: interrupted run'])
    writeFileSync(join(hosts.a?.folder ?? '', 'go'), '')
    t.match(await up(), { exit: 0, ends: { 'a/p/handler tell': 'done' } })
    t.equal(text(hosts.a?.folder, 'log'), 'told\n')
    t.same((await look()).listed.length, 1, 'only the command without a check')
  })

  await t.test('a handler with a loop is due until its last pass has succeeded', async t => {
    const tasks = '- { name: make, copy: { dest: "{{ folder }}/made", content: x }, notify: each }'
    const each = `- { name: each, loop: [1, 2], command: { sh: "echo {{ item }} >>{{ folder }}/log; test {{ item }} = 1 || test -e {{ folder }}/go" } }`
    const { up, hosts } = await site(t, one, { 'play.yaml': play(tasks, each) })
    t.match((await up()).ends, { 'a/p/handler each #1': 'done', 'a/p/handler each #2': /^failed/ })
    writeFileSync(join(hosts.a?.folder ?? '', 'go'), '')
    t.match((await up()).ends, { 'a/p/handler each #1': 'done', 'a/p/handler each #2': 'done' })
    t.same((await up()).listed, [])
  })

  await t.test('a handler that failed by its own words is still due; one that may fail is not', async t => {
    const tasks = '- { name: make, copy: { dest: "{{ folder }}/made", content: x }, notify: [strict, easy] }'
    const handlers = `- { name: strict, command: { sh: "cat {{ folder }}/go" }, failed_when: "result.rc == 0 && result.stdout == 'no'" }
- { name: easy, command: { sh: exit 3 }, ignore_errors: true }`
    const { up, hosts } = await site(t, one, { 'play.yaml': play(tasks, handlers) })
    writeFileSync(join(hosts.a?.folder ?? '', 'go'), 'no')
    t.match(await up(), { exit: 1, ends: { 'a/p/handler strict': /^failed/ } })
    writeFileSync(join(hosts.a?.folder ?? '', 'go'), 'yes')
    t.match(await up(), { exit: 0, ends: { 'a/p/handler strict': 'done', 'a/p/handler easy': /^done/ } })
    t.same((await up()).listed, [])
  })

  await t.test('a handler whose loop is known only in the run is listed and run', async t => {
    const tasks = `- { name: ask, command: { sh: "echo one two" }, register: words, changed_when: "false" }
- { name: make, copy: { dest: "{{ folder }}/made", content: x }, notify: each }`
    const each = `- { name: each, loop: "words.stdout.split(' ')", command: { sh: "echo {{ item }} >>{{ folder }}/log" } }`
    const { up, hosts } = await site(t, one, { 'play.yaml': play(tasks, each) })
    t.match((await up()).ends, { 'a/p/handler each': 'done' })
    t.equal(text(hosts.a?.folder, 'log'), 'one\ntwo\n')
  })
})

test('registers are read as they are at that place of the play', async t => {
  const tasks = `- { name: first, command: { sh: echo one }, register: said }
- { name: use first, copy: { dest: "{{ folder }}/first", content: "{{ said.stdout }}" } }
- { name: second, command: { sh: echo two }, register: said }
- { name: use second, copy: { dest: "{{ folder }}/second", content: "{{ said.stdout }}" } }`
  const { up, hosts } = await site(t, one, { 'play.yaml': play(tasks) })
  const went = await up()
  t.equal(went.exit, 0, went.errors.map(String).join())
  t.equal(text(hosts.a?.folder, 'first'), 'one')
  t.equal(text(hosts.a?.folder, 'second'), 'two')
})

test('what was read before a change that is to come is not taken for sure', async t => {
  const tasks = `- { name: make, command: { sh: "echo two >{{ folder }}/version", creates: "{{ folder }}/version" } }
- { name: read, command: { sh: "cat {{ folder }}/version 2>/dev/null || echo one" }, read_only: true, register: seen }
- { name: write, copy: { dest: "{{ folder }}/{{ seen.stdout }}", content: x } }
- { name: only two, copy: { dest: "{{ folder }}/more", content: x }, when: seen.stdout == "two" }`
  const { up, look, hosts } = await site(t, one, { 'play.yaml': play(tasks) })
  t.match((await look()).listed, [
    /^run a\/p\/make: /,
    'change a/p/write: write: depends on seen, after make',
    'change a/p/only two: only two: depends on seen, after make',
  ])
  t.match((await up()).ends, { 'a/p/write': 'done', 'a/p/only two': 'done' })
  t.equal(text(hosts.a?.folder, 'two') + text(hosts.a?.folder, 'more') + text(hosts.a?.folder, 'one'), 'xx')
  t.same((await up()).listed, [])
})

test('a handler that restarts is called so in the plan', async t => {
  const tasks = '- { name: make, copy: { dest: "{{ folder }}/made", content: x }, notify: again }'
  const again = '- { name: again, service: { name: nosuch, state: restarted } }'
  const { look } = await site(t, one, { 'play.yaml': play(tasks, again) })
  t.match((await look()).listed, [
    'create a/p/make: make: content differs',
    'restart a/p/handler again: again: notified by make',
  ])
})

test('a tag that no task has is a mistake', async t => {
  const tasks = '- { name: x, copy: { dest: "{{ folder }}/x", content: x }, tags: [deploy] }'
  const { look } = await site(t, one, { 'play.yaml': play(tasks) })
  t.equal((await look({ tags: ['deploy'] })).listed.length, 1)
  await t.rejects(look({ tags: ['deploy', 'depoly'] }), { exit: 3, message: /"depoly"; did you mean "deploy"/ })
})

test('two plays of one name do not answer for each other', async t => {
  const copy = (name: string): string => `- { name: write, copy: { dest: "{{ folder }}/${name}", content: ${name} } }`
  const { up, hosts } = await site(t, one, { 'play.yaml': play(copy('x')) + play(copy('y')) })
  const went = await up()
  t.equal(went.exit, 0)
  t.equal(Object.keys(went.ends).length, 2)
  t.equal(text(hosts.a?.folder, 'x') + text(hosts.a?.folder, 'y'), 'xy')
  t.same((await up()).listed, [])
})

test('nothing acts on an answer from before a change', async t => {
  await t.test('also when the change failed and was allowed to', async t => {
    const tasks = `- { name: harm, command: { sh: "rm {{ folder }}/kept; exit 1" }, ignore_errors: true }
- { name: keep, copy: { dest: "{{ folder }}/kept", content: kept } }`
    const { up, hosts } = await site(t, one, { 'play.yaml': play(tasks) })
    writeFileSync(join(hosts.a?.folder ?? '', 'kept'), 'kept')
    const went = await up()
    t.match(went.errors, [/file .*kept/], 'what came up is told')
  })

  await t.test('a probe that no longer works harms its own step, not the one before it', async t => {
    const tasks = `- { name: shut, command: { sh: "chmod 0 {{ folder }}/box" }, check: "! test -x {{ folder }}/box" }
- { name: inside, file: { path: "{{ folder }}/box/file" } }
- { name: last, copy: { dest: "{{ folder }}/last", content: x } }`
    const { up, hosts } = await site(t, one, { 'play.yaml': play(tasks) })
    await hosts.a?.exec({ sh: 'mkdir box; : >box/file' })
    const unlisted = await up()
    t.match(unlisted.ends, { 'a/p/shut': 'done', 'a/p/last': 'done' })
    t.match(unlisted, { exit: 1, errors: [{ where: 'a, inside', output: /no permission/ }] })
    await hosts.a?.exec({ sh: 'chmod 700 box; rm box/file last' })
    const listed = await up()
    t.match(listed.ends, { 'a/p/shut': 'done', 'a/p/inside': /^failed/, 'a/p/last': /^skipped/ })
    await hosts.a?.exec({ sh: 'chmod 700 box' })
  })

  await t.test('what one step breaks and a later one mends is no news', async t => {
    const tasks = `- { name: break, command: { sh: "rm {{ folder }}/file" }, check: "test -e {{ folder }}/done" }
- { name: keep, copy: { dest: "{{ folder }}/file", content: x } }
- { name: mend, command: { sh: "printf x >{{ folder }}/file; : >{{ folder }}/done" }, check: "test -e {{ folder }}/done" }`
    const { up, hosts } = await site(t, one, { 'play.yaml': play(tasks) })
    writeFileSync(join(hosts.a?.folder ?? '', 'file'), 'x')
    const went = await up()
    t.equal(went.exit, 0, went.errors.map(String).join())
  })
})

test('a command that only reads may fail by its own words, in the plan already', async t => {
  const tasks = `- { name: room, command: { sh: "echo 5 GB; exit 4" }, read_only: true, register: room, failed_when: "result.rc == 4" }
- { name: use, copy: { dest: "{{ folder }}/x", content: "{{ room.stdout }} {{ room.failed }}" } }`
  const { look } = await site(t, one, { 'play.yaml': play(tasks) })
  t.match(await look(), {
    listed: [],
    errors: [{ where: 'a, room', message: /failed by its own words/, output: '5 GB' }],
  })
  const allowed = await site(t, one, {
    'play.yaml': play(tasks.replace('failed_when', 'ignore_errors: true, failed_when')),
  })
  t.match(await allowed.up(), { exit: 0, ends: { 'a/p/use': 'done' } })
  const secret = await site(t, one, { 'play.yaml': play(tasks.replace('failed_when', 'no_log: true, failed_when')) })
  t.match((await secret.look()).errors, [{ output: '(not shown: no_log)' }])
})

test('a payload goes with a script that a command line can hold, however much follows', async t => {
  // Each quote of the check is quoted three times on its way.
  const check = `: ${"''".repeat(1_300)}`
  const tasks = `- { name: write, copy: { dest: "{{ folder }}/x", content: x } }
- { name: follow, command: { sh: "true" }, check: "${check}" }`
  const { up, look, hosts } = await site(t, one, { 'play.yaml': play(tasks) })
  t.equal((await up()).exit, 0)
  t.ok(
    hosts.a?.scripts.some(text => Buffer.byteLength(quote(text)) > 128 * 1024),
    'what follows is long',
  )
  t.same(
    hosts.a?.arguments.filter(text => Buffer.byteLength(quote(text)) > 128 * 1024 - 2_000),
    [],
  )
  t.same((await look()).listed, [])
})
