// Includes and roles become tasks: which, with what values, from where, in which order; and every mistake on the way with its place.
import { test } from 'tap'
import { expandRun, expandRuns } from '../../core/plan/expand.js'
import { testOpeningMistakes } from './expand/mistakes.js'
import { open } from './expand/opened.js'
import { testOpened } from './expand/rows.js'

test('what includes, roles and loops become', async t => testOpened(t))

test('mistakes on the way have their places', async t => testOpeningMistakes(t))

test('what a use says is said of its tasks', async t => {
  const { work } = await open(
    `- name: p
  become_user: ann
  environment: { A: play }
  tasks:
    - block:
        - role: r
          become: true
          environment: { B: "{{ item }}" }
          delegate_to: "{{ item }}"
          run_once: true
          notify: h
          loop: [other]
      rescue: [{ say: rescued }]
  handlers: [{ name: h, say: h }]
`,
    {
      '/p/roles/r/tasks/main.yaml': '- { block: [{ say: in, loop: [1], register: reg }], always: [{ say: done }] }\n',
      '/p/roles/r/handlers/main.yaml': '- { name: own, say: own }\n',
    },
  )
  const [first, always, , handler] = work.runs
  t.match(first, {
    gives: ['reg'],
    from: { task: { name: 'role r' } },
    instances: [{ delegate: 'other' }],
    task: {
      become: true,
      become_user: 'ann',
      run_once: true,
      notify: [{ name: 'h' }],
      environment: { value: { A: 'play', B: 'other' } },
      origin: { folder: '/p/roles/r', role: { name: 'r', handlers: ['own'] } },
    },
  })
  const parts = (run: typeof first): string[] =>
    (run?.task.blocks ?? []).map(({ part, rescued }) => `${part} ${rescued}`)
  t.same(
    [parts(first), parts(always)],
    [
      ['block true', 'block false'],
      ['block true', 'always false'],
    ],
  )
  t.equal(first?.task.blocks[1]?.block, always?.task.blocks[1]?.block)
  t.match(handler?.task, { name: 'r : own', listen: ['own'], become: true, blocks: [], when: [], notify: [] })
})

test('a use that waits for a register is opened at its turn', async t => {
  const play = `- name: p
  tasks:
    - { name: ask, ask: x, register: said }
    - { name: later, include: a.yaml, when: said.changed, loop: [1, 2], vars: { v: "{{ said.stdout }}{{ item }}" } }
    - { name: known, include: b.yaml, when: "of == 'project'" }
    - { name: reads, say: "{{ inner.stdout }}" }
`
  const files = {
    '/p/b/a.yaml': '- { name: inside, ask: "{{ v }}", register: inner }\n- { include: b.yaml, when: inner.changed }\n',
    '/p/b/b.yaml': '- { name: b, say: b }\n',
  }
  const { work, resolver, lines } = await open(play, files)
  t.same(lines(), ['h/p/ask = x', 'h/p/later = ? said', 'h/p/b = b', 'h/p/reads = ? inner'])
  const [ask, later] = work.runs
  const [asked] = ask?.instances ?? []
  if (asked === undefined || later === undefined) throw new Error('not there')
  t.same(later.gives, ['inner'], 'what its tasks will register is known')
  await t.rejects(expandRun(work, later, resolver), { message: 'cannot run: said was never registered' })
  asked.result = { changed: true, failed: false, skipped: false, stdout: 'hi' }
  const inside = await expandRun(work, later, resolver)
  t.same(
    inside.map(run => [run.task.kind, run.from === later]),
    [
      ['ask', true],
      ['include', true],
      ['ask', true],
      ['include', true],
    ],
  )
  await expandRuns(work, resolver)
  t.same(lines(), [
    'h/p/ask = x',
    'h/p/inside (1) = hi1',
    'h/p/include b.yaml (1) = ? inner',
    'h/p/inside (2) = hi2',
    'h/p/include b.yaml (2) = ? inner',
    'h/p/b = b',
    'h/p/reads = ? inner',
  ])
  asked.result = { changed: false, failed: false, skipped: false, stdout: '' }
  const again = await open(play, files)
  const [other] = again.work.runs[0]?.instances ?? []
  if (other) other.result = asked.result
  t.same(await expandRun(again.work, again.work.runs[1] as never, again.resolver), [], 'its condition is false')
})

test('a condition that reads a register is asked again by each task', async t => {
  const { work, resolver, lines } = await open(
    '- name: p\n  tasks:\n    - { name: make, say: x, register: made }\n    - { include: a.yaml, when: made.changed }\n',
    { '/p/b/a.yaml': '- { name: a, say: a, when: "true" }\n' },
  )
  const [make] = work.runs[0]?.instances ?? []
  if (make) make.result = { changed: true, failed: false, skipped: false }
  await expandRuns(work, resolver)
  t.same(lines(), ['h/p/make = x', 'h/p/a = a'])
  t.same(
    work.runs[1]?.task.when.map(({ text }) => text),
    ['made.changed', 'true'],
  )
})
