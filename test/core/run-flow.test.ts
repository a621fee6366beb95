// The flow of plays on shell hosts: blocks, tries, what tasks say; and what a run costs.
import { test } from 'tap'
import type { Event } from '../../core/events.js'
import { failed, log, play, put, summaryOf, text } from './run/play-texts.js'
import { site, type Went } from './run/site.js'

const one = 'project: shop\nhosts: { a: { connection: local } }\nplaybooks: [play.yaml]\n'

const messages = ({ events }: Went): string[] =>
  events.flatMap(event => (event.type === 'message' ? [`${event.host} ${event.task}: ${event.text}`] : []))

test('a run costs its changes, and few probes each', async t => {
  const count = 60
  const unlisted = Array.from({ length: count }, (_, index) => `- stat: { path: "{{ folder }}/${index}" }`)
  const changing = Array.from(
    { length: count },
    (_, index) => `- { name: t${index}, copy: { dest: "{{ folder }}/f${index}", content: x } }`,
  )
  const here = await site(t, one, { 'play.yaml': play([...changing, ...unlisted].join('\n')) })
  const went = await here.up()
  t.equal(went.exit, 0, failed(went))
  t.equal(summaryOf(went)[0]?.changed, count)
  const { scripts = [], folder = '' } = here.hosts.a ?? {}
  t.ok(scripts.length <= count + 6, `${scripts.length} execs for ${count} changes`)
  const probes = [...scripts.join('\n').matchAll(new RegExp(`path=${folder}/\\d`, 'g'))].length
  // The text of each stands there twice: for who asks, and for whom he must become.
  t.ok(probes / 2 <= 2 * count, `each of ${count} unlisted things was asked for twice: ${probes / 2}`)
  const asked = scripts.join('\n').split('eval ').length - 1
  t.ok(asked <= 6 * count + 20, `${asked} probes and changes in all`)
  t.same((await here.up()).listed, [])
})

test('answers of later tasks are read anew when their turn comes', async t => {
  const tasks = `- { name: first, copy: { dest: "{{ folder }}/first", content: x } }
- { name: look, command: { sh: "cat {{ folder }}/state 2>/dev/null || echo none" , read_only: true }, register: state }
- { name: second, command: { sh: "echo changed >{{ folder }}/state; rm {{ folder }}/third" , creates: "{{ folder }}/state" } }
- { name: look again, command: { sh: "cat {{ folder }}/state 2>/dev/null || echo none" , read_only: true }, register: again }
- { name: third, copy: { dest: "{{ folder }}/third", content: "{{ state.stdout }} {{ again.stdout }}" } }`
  const here = await site(t, one, { 'play.yaml': play(tasks) })
  put(here, 'third', 'none none')
  const went = await here.up()
  t.match(went.errors, [/file .*third/], 'what was so in the plan, and is so no more, is told')
  const next = await here.up()
  t.equal(next.exit, 0, failed(next))
  t.equal(text(here, 'third'), 'changed changed')
})

test('blocks', async t => {
  const block = (inner: string, rescue: string, always: string): string =>
    `- name: deploy\n  block:\n${inner.replace(/^/gm, '    ')}\n${rescue && `  rescue:\n${rescue.replace(/^/gm, '    ')}\n`}${always && `  always:\n${always.replace(/^/gm, '    ')}\n`}`
  const stand = '- { name: stand, command: { sh: "test -e {{ folder }}/go", check: "test -e {{ folder }}/stood" } }'

  await t.test('a failure is rescued, always runs, and the play goes on', async t => {
    const tasks = [block(`${log('one')}\n${stand}\n${log('two')}`, log('saved'), log('ever')), log('after')].join('\n')
    const here = await site(t, one, { 'play.yaml': play(tasks) })
    const seen = await here.look()
    t.ok(
      seen.listed.some(line => /saved.*only if deploy fails/.test(line)),
      seen.listed.join('\n'),
    )
    const went = await here.up()
    t.equal(went.exit, 0, failed(went))
    t.equal(text(here, 'log'), 'one\nsaved\never\nafter\n')
    t.match(summaryOf(went), [{ failed: 0, rescued: 1 }])
    t.match(went.ends, { 'a/p/stand': /^failed/, 'a/p/two': /^skipped/ })
    put(here, 'go')
    const next = await here.up()
    t.match(next.ends, { 'a/p/saved': 'already: deploy ended well', 'a/p/two': 'done' })
    t.equal(text(here, 'log'), 'one\nsaved\never\nafter\ntwo\n')
    put(here, 'stood')
    t.same((await here.look()).listed, [], 'a block with nothing to do needs no rescue')
  })

  await t.test('without a rescue, always runs and the rest does not; nor after a rescue that fails', async t => {
    const here = await site(t, one, { 'play.yaml': play([block(stand, '', log('ever')), log('after')].join('\n')) })
    const went = await here.up()
    t.equal(went.exit, 1)
    t.equal(text(here, 'log'), 'ever\n')
    t.match(summaryOf(went), [{ failed: 1, skipped: 1 }])
    const worse = '- { name: worse, command: { sh: "exit 3" } }'
    const both = await site(t, one, { 'play.yaml': play([block(stand, worse, log('ever')), log('after')].join('\n')) })
    const ended = await both.up()
    t.match(ended, { exit: 1, errors: [{ where: 'a, worse' }] })
    t.equal(text(both, 'log'), 'ever\n')
    t.match(summaryOf(ended), [{ failed: 1, rescued: 1, skipped: 1 }])
  })

  await t.test('nested: the innermost rescue takes it, else the next one out', async t => {
    const inner = (rescue: string): string => block(stand, rescue, log('inner-ever')).replace('deploy', 'inner')
    const taken = await site(t, one, {
      'play.yaml': play(
        [block(`${inner(log('inner-saved'))}\n${log('rest')}`, log('saved'), ''), log('after')].join('\n'),
      ),
    })
    t.equal((await taken.up()).exit, 0)
    t.equal(text(taken, 'log'), 'inner-saved\ninner-ever\nrest\nafter\n')
    const passed = await site(t, one, {
      'play.yaml': play([block(`${inner('')}\n${log('rest')}`, log('saved'), log('ever')), log('after')].join('\n')),
    })
    t.equal((await passed.up()).exit, 0)
    t.equal(text(passed, 'log'), 'inner-ever\nsaved\never\nafter\n')
  })

  await t.test('what cannot be read in a block that is rescued is a step, not the end of the host', async t => {
    const tasks = [
      block(
        '- { name: room, command: { sh: "exit 4", read_only: true }, register: room, failed_when: "result.rc == 4" }',
        log('saved'),
        '',
      ),
      log('after'),
    ].join('\n')
    const here = await site(t, one, { 'play.yaml': play(tasks) })
    const went = await here.up()
    t.equal(went.exit, 0, failed(went))
    t.equal(text(here, 'log'), 'saved\nafter\n')
    t.match(went.ends, { 'a/p/room': /^failed: failed by its own words/ })
  })

  await t.test('a rescue sees what has failed, and a handler that was due runs', async t => {
    const tasks = [
      block(
        `${log('one', ', notify: tell')}\n- { name: bad, command: { sh: "echo sorry; exit 3" }, register: bad }`,
        '- { name: note, copy: { dest: "{{ folder }}/note", content: "{{ bad.rc }} {{ bad.stdout }}" }, when: bad.failed }',
        '',
      ),
    ].join('\n')
    const here = await site(t, one, { 'play.yaml': play(tasks, log('tell')) })
    const went = await here.up()
    t.equal(went.exit, 0, failed(went))
    t.equal(text(here, 'note'), '3 sorry')
    t.equal(text(here, 'log'), 'one\ntell\n')
  })
})

test('tries', async t => {
  const count = 'echo x >>{{ folder }}/tries; wc -l <{{ folder }}/tries'
  const tasks = (more: string): string =>
    `- { name: try, command: { sh: "${count}" }, register: tried, ${more}, delay: 0 }\n- { name: use, copy: { dest: "{{ folder }}/use", content: "{{ tried.stdout }}" } }`
  const here = await site(t, one, {
    'play.yaml': play(tasks(`until: "int(tried.stdout) >= 3", retries: 5, changed_when: "false"`)),
  })
  const went = await here.up()
  t.equal(went.exit, 0, failed(went))
  t.equal(text(here, 'use').trim(), '3')
  const short = await site(t, one, { 'play.yaml': play(tasks(`until: "int(tried.stdout) >= 9", retries: 1`)) })
  t.match(await short.up(), { exit: 1, errors: [/`until` did not hold after 2 tries/] })
  const read = await site(t, one, {
    'play.yaml': play(
      `- { name: make, copy: { dest: "{{ folder }}/made", content: x } }\n- { name: wait, command: { sh: "${count}", read_only: true }, register: tried, until: "int(tried.stdout) >= 4", delay: 0 }\n- { name: use, copy: { dest: "{{ folder }}/use", content: "{{ tried.stdout }}" } }`,
    ),
  })
  const waited = await read.up()
  t.equal(waited.exit, 0, failed(waited))
  t.ok(Number(text(read, 'use')) >= 4)
})

test('limits of time, and faults that may be', async t => {
  const slow = (more: string): string =>
    `- { name: slow, command: { sh: "sleep 20", read_only: true }, timeout: 1, register: slow${more} }\n- { name: use, copy: { dest: "{{ folder }}/use", content: "{{ slow.failed }} {{ slow.rc }}" } }`
  const began = Date.now()
  const here = await site(t, one, { 'play.yaml': play(slow('')) })
  t.match((await here.look()).errors, [/did not end within 1 s/])
  const easy = await site(t, one, { 'play.yaml': play(slow(', ignore_errors: true')) })
  const went = await easy.up()
  t.equal(went.exit, 0, failed(went))
  t.equal(text(easy, 'use'), 'true 124')
  const act = await site(t, one, {
    'play.yaml': play('- { name: slow, command: { sh: "sleep 20" }, timeout: 1, ignore_errors: true }'),
  })
  const acted = await act.up()
  t.match(summaryOf(acted), [{ ignored: 1, failed: 0 }])
  t.ok(Date.now() - began < 18_000, 'nothing was waited for')
})

test('what tasks say and set', async t => {
  const tasks = `- { name: greet, debug: "hello {{ facts.hostname }}" }
- { name: number, set_fact: { number: 1 } }
- { name: ask, command: { sh: "echo two" }, register: said, changed_when: "false" }
- { name: word, set_fact: { word: "{{ said.stdout }}-{{ number }}" } }
- { name: longer, set_fact: { word: "{{ word }}!" } }
- { name: tell, debug: "it is {{ word }}" }
- { name: keep, copy: { dest: "{{ folder }}/word", content: "{{ word }}" } }`
  const here = await site(t, one, { 'play.yaml': play(tasks) })
  const seen = await here.look()
  t.notOk(
    seen.listed.some(line => /greet|tell|number/.test(line)),
    seen.listed.join('\n'),
  )
  const went = await here.up()
  t.equal(went.exit, 0, failed(went))
  t.equal(text(here, 'word'), 'two-1!')
  t.match(messages(went), [/^a greet: hello /, 'a tell: it is two-1!'])
  const order = went.events.flatMap((event: Event) =>
    event.type === 'message' ? [event.task] : event.type === 'step' && event.state !== 'start' ? [event.id] : [],
  )
  t.ok(
    order.indexOf('tell') > order.indexOf('a/p/ask') && order.indexOf('tell') < order.indexOf('a/p/keep'),
    order.join(),
  )
})

test('an include that waits for a register is opened at its turn, as one step', async t => {
  const tasks = `- { name: ask, command: { sh: "echo two" }, register: said, changed_when: "false" }
- { name: more, include: two.yaml, when: "said.stdout == 'two'" }
- { name: last, copy: { dest: "{{ folder }}/last", content: "{{ inner.stdout }}" } }`
  const inside = `${log('inner', ', register: inner, notify: tell')}
- name: risky
  block: [{ name: bad, command: { sh: exit 3 } }, ${log('never').replace('- ', '')}]
  rescue: [${log('saved').replace('- ', '')}]
- { name: say, debug: "inside of {{ said.stdout }}" }
- { name: count, command: { sh: "echo 5" }, register: inner, changed_when: "false" }
`
  const here = await site(t, one, { 'play.yaml': play(tasks, log('tell')), 'two.yaml': inside })
  const seen = await here.look()
  t.match(seen.listed.join('\n'), /more: depends on said[\s\S]*handler tell.*if more notifies it/)
  const went = await here.up()
  t.equal(went.exit, 0, failed(went))
  t.equal(text(here, 'log'), 'inner\nsaved\ntell\n')
  t.equal(text(here, 'last'), '5')
  t.match(messages(went), ['a say: inside of two'])
  const next = await here.up()
  t.equal(next.exit, 0, failed(next))
  t.match(next.ends['a/p/handler tell'], 'already: nothing notified it')
  t.equal(text(here, 'log'), 'inner\nsaved\ntell\n')
})
