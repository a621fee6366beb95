// Includes and roles become tasks: which, with what values, from where, in which order; and every mistake on the way with its place.
import { test } from 'tap'
import { UserError } from '../../core/errors.js'
import type { Facts } from '../../core/facts.js'
import { expandRun, expandRuns } from '../../core/plan/expand.js'
import { type HostWork, playsFor, runsOf } from '../../core/plan/host-work.js'
import type { ResolveContext } from '../../core/plan/resolve.js'
import { resolverFor } from '../../core/plan/scope.js'
import { type AnyResource, anyResource, type Resource, resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { createMasker } from '../../core/secret.js'
import { sh } from '../../core/sh.js'
import { filesOf, load } from './config/project-in-memory.js'

const kind = (word: string, more: Partial<Resource<string, null>> = {}): AnyResource =>
  anyResource(
    resource<string, null>({
      kind: word,
      schema: z.string(),
      name: want => want,
      probe: () => sh`:`,
      read: () => null,
      diff: () => [],
      verb: () => word,
      apply: () => [],
      ...more,
    }),
  )

/** `say` wants what its text says when rendered, `source` the path where a file was found, and what `ask` registers nobody can foretell. */
const kinds = [
  kind('say'),
  kind('source', { load: (src, { find }) => find(src, 'files') }),
  kind('ask', { unknown: () => true }),
]

interface Opened {
  work: HostWork
  resolver: ResolveContext
  /** `ID = VALUE` of every pass of every task; `?` and what it waits for where that is not known. */
  lines(): string[]
}

interface Options {
  facts?: Partial<Facts>
  tags?: string[]
  vars?: Record<string, string>
}

async function open(play: string, files: Record<string, string> = {}, options: Options = {}): Promise<Opened> {
  const texts: Record<string, string> = { '/p/b/play.yaml': play, ...files }
  const vars = options.vars ?? {}
  const project = await load(
    'project: a\nvars: { of: project }\nhosts: { h: { vars: { own: host } }, other: }\nplaybooks: [{ play: b/play.yaml, on: h }]\n',
    texts,
    { resourceKinds: kinds, vars },
  )
  const [host] = project.hosts
  if (host === undefined) throw new Error('no host')
  const taken = new Set<string>()
  const byWord = new Map(kinds.map(one => [one.kind, one]))
  const runs = playsFor(project.playbooks, [], () => true).flatMap(use =>
    runsOf('h', use, byWord, options.tags ?? [], taken),
  )
  const work: HostWork = { host, runs, state: { serial: '', pending: [] }, dirty: false }
  if (options.facts) work.facts = options.facts as Facts
  const context = { project, files: filesOf(texts), masker: createMasker(), vars }
  const resolver = resolverFor(work, [work], context)
  await expandRuns(work, resolver)
  const waits = (one: { waits?: { for: string; name?: string } }): string => `? ${one.waits?.name ?? one.waits?.for}`
  return {
    work,
    resolver,
    lines: () =>
      work.runs.flatMap(run =>
        run.instances === undefined
          ? [`${run.id} = ${waits(run)}`]
          : run.instances.map(one => {
              const value = one.state === 'waiting' ? waits(one) : one.state === 'skipped' ? '-' : String(one.want)
              return `${one.id}${one.label === undefined ? '' : ` [${one.label}]`} = ${value}`
            }),
      ),
  }
}

const linesOf = async (play: string, files?: Record<string, string>, options?: Options): Promise<string[]> =>
  (await open(`- name: p\n  tasks:\n${play.replace(/^/gm, '    ')}`, files, options))
    .lines()
    .map(line => line.replace('h/p/', ''))

/** The error's place and words, as a user sees them. */
async function mistake(run: () => Promise<unknown>): Promise<string> {
  try {
    await run()
    return 'none'
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { at, hint } = error
    const place = `${at?.file.replace('/p/', '')}:${at?.line}:${at?.column}`
    return `${error.exit} ${place}: ${error.message}${hint === undefined ? '' : ` (${hint})`}`.replaceAll('/p/', '')
  }
}

const web = {
  '/p/roles/web/tasks/main.yaml': `- { name: set up, say: "{{ site }} {{ port }} {{ own }}" }
- include: more.yaml
`,
  '/p/roles/web/tasks/more.yaml': '- { name: more, say: "{{ site }}", notify: again }\n',
  '/p/roles/web/handlers/main.yaml': '- { name: again, say: "{{ site }}" }\n',
  '/p/roles/web/defaults/main.yaml': 'site: default\nown: default\nport: 1\n',
  '/p/roles/web/vars/main.yaml': 'port: 2\n',
}

test('what includes, roles and loops become', async t => {
  const rows: [string, string, Record<string, string>, string[], Options?][] = [
    [
      'in order, inside of one another, with ids that no other has',
      `- { name: one, say: first }
- { include: a.yaml, vars: { x: 1 } }
- { include: { file: a.yaml, vars: { x: 2 } }, vars: { x: 3 } }
- { name: one, say: last }`,
      {
        '/p/b/a.yaml': '- { name: in a, say: "{{ x }} {{ y }}", vars: { y: own } }\n- include: deep/c.yaml\n',
        '/p/b/deep/c.yaml': '- include: d.yaml\n',
        '/p/b/deep/d.yaml': '- { name: one, say: "d {{ x }}" }\n',
      },
      ['one = first', 'in a = 1 own', 'one 3 = d 1', 'in a 2 = 2 own', 'one 4 = d 2', 'one 2 = last'],
    ],
    [
      'loops: a list, a map, an expression; names and labels',
      `- { name: list, say: "{{ item }}", loop: [a, b] }
- { name: map, say: "{{ n }} {{ it.key }}{{ it.value }}", loop: { a: 1, b: 2 }, loop_control: { loop_var: it, index_var: n, label: "<{{ it.key }}>" } }
- { name: cel, say: "v{{ item }}", loop: "[1, 2].map(x, x * 2)" }
- { name: bars, say: "{{ item }}", loop: "{{ names }}", vars: { names: { k: v } }, no_log: true }
- { name: data is no template, say: "{{ item }}", loop: "['{' + '{ nope }}']" }
- { name: none, say: "{{ item }}", loop: [] }`.replace(
        'say: "{{ item }}", loop: "{{ names }}"',
        'say: "{{ item.key }}", loop: "{{ names }}"',
      ),
      {},
      [
        'list #1 [a] = a',
        'list #2 [b] = b',
        'map #1 [<a>] = 0 a1',
        'map #2 [<b>] = 1 b2',
        'cel #1 [2] = v2',
        'cel #2 [4] = v4',
        'bars #1 [#1] = k',
        'data is no template #1 [{{ nope }}] = {{ nope }}',
      ],
    ],
    [
      'an include for each entry; loops inside have entries of their own',
      `- { include: a.yaml, loop: [x, y], vars: { outer: "{{ item }}!", far: "{{ of }}" } }
- { include: b.yaml, loop: { k: v }, loop_control: { loop_var: it } }`,
      {
        '/p/b/a.yaml':
          '- { name: plain, say: "{{ item }}" }\n- { name: own loop, say: "{{ item }} {{ outer }} {{ far }}", loop: [1] }\n',
        '/p/b/b.yaml': '- { name: both, say: "{{ it.key }} {{ item }}", loop: [1] }\n',
      },
      [
        'plain (x) = x',
        'own loop (x) #1 [1] = 1 x! project',
        'plain (y) = y',
        'own loop (y) #1 [1] = 1 y! project',
        'both ({"key":"k","value":"v"}) #1 [1] = k 1',
      ],
    ],
    [
      'a role: its defaults are weakest, its variables below those it is given; used twice it runs twice',
      `- role: web
- { role: { name: web, vars: { site: given, port: 3 } } }
- { role: web, vars: { port: 4 } }`,
      web,
      [
        'web : set up = default 2 host',
        'web : more = default',
        'web : set up 2 = given 3 host',
        'web : more 2 = given',
        'web : set up 3 = default 4 host',
        'web : more 3 = default',
        'handler web : again = default',
      ],
    ],
    [
      'the roles that a role depends on come before its tasks',
      '- role: shop',
      {
        ...web,
        '/p/roles/shop/meta/main.yml': 'dependencies: [{ role: web, vars: { site: "{{ name }}" } }]\n',
        '/p/roles/shop/defaults/main.yml': 'name: books\n',
        '/p/roles/shop/tasks/main.yml': '- { name: shop, say: "{{ name }}", notify: again }\n',
      },
      ['web : set up = books 2 host', 'web : more = books', 'shop : shop = books', 'handler web : again = books'],
    ],
    [
      'the command line is stronger than all',
      '- { role: { name: web, vars: { site: given } } }',
      web,
      ['web : set up = cli 2 host', 'web : more = cli', 'handler web : again = cli'],
      { vars: { site: 'cli' } },
    ],
    [
      'conditions are asked once; what is left out stays, as skipped',
      `- { include: a.yaml, when: "of == 'project'" }
- { name: no, include: a.yaml, when: "of != 'project'" }
- { include: a.yaml, when: "item > 1", loop: [1, 2, 3] }
- block: [{ include: a.yaml }]
  when: "false"`,
      { '/p/b/a.yaml': '- { name: a, say: a, when: "own == \'host\'" }\n' },
      ['a = a', 'no = -', 'a (2) = a', 'a (3) = a', 'include a.yaml 3 = -'],
    ],
    [
      'facts: what needs them waits for them, and goes on when they are there',
      '- { name: first, include: "{{ facts.os.id }}.yaml" }\n- { include: b.yaml, when: "facts.os.id == \'debian\'" }\n- { say: now }',
      { '/p/b/debian.yaml': '- say: deb\n', '/p/b/b.yaml': '- say: b\n' },
      ['first = ? facts', 'include b.yaml = ? facts', 'say now = now'],
    ],
    [
      'and with them',
      '- { name: first, include: "{{ facts.os.id }}.yaml" }\n- { include: b.yaml, when: "facts.os.id == \'debian\'" }\n- { say: now }',
      { '/p/b/debian.yaml': '- say: deb\n', '/p/b/b.yaml': '- say: b\n' },
      ['say deb = deb', 'say b = b', 'say now = now'],
      { facts: { os: { id: 'debian' } } as Partial<Facts> },
    ],
    [
      'names with templates; the handlers of such a role join the play',
      '- { role: "{{ item }}", loop: [web, web] }\n- { include: { file: "{{ x }}.yaml", vars: { x: a } } }',
      { ...web, '/p/b/a.yaml': '- { name: a, say: "{{ x }}", notify: "web : again" }\n' },
      [
        'web : set up (web) = default 2 host',
        'web : more (web) = default',
        'web : set up (web) 2 = default 2 host',
        'web : more (web) 2 = default',
        'a = a',
        'handler web : again = default',
      ],
    ],
    [
      'tags: those of the use count for all in it; what has none of them is left out',
      '- { include: a.yaml, tags: x }\n- include: a.yaml\n- { include: "{{ of }}.yaml" }\n- { say: no }\n- { name: yes, say: "yes", tags: always }',
      {
        '/p/b/a.yaml': '- { name: any, say: a }\n- { name: own, say: b, tags: [y, x] }\n',
        '/p/b/project.yaml': '- { name: open, say: c, tags: x }\n- { name: out, say: c }\n',
      },
      ['any = a', 'own = b', 'own 2 = b', 'open = c', 'yes = yes'],
      { tags: ['x'] },
    ],
    [
      'sources: in the role first, then beside the playbook, then in the project',
      '- { name: play, source: one }\n- role: r\n- { include: sub/a.yaml }',
      {
        '/p/b/one': '',
        '/p/b/files/two': '',
        '/p/three': '',
        '/p/roles/r/tasks/main.yaml':
          '- { name: "1", source: one }\n- { name: "2", source: two }\n- { name: "3", source: three }\n- { name: abs, source: /abs }\n',
        '/p/roles/r/files/one': '',
        '/p/b/sub/a.yaml': '- { name: sub, source: two }\n',
      },
      [
        'play = /p/b/one',
        'r : 1 = /p/roles/r/files/one',
        'r : 2 = /p/b/files/two',
        'r : 3 = /p/three',
        'r : abs = /abs',
        'sub = /p/b/files/two',
      ],
    ],
  ]
  for (const [name, play, files, expected, options] of rows) t.same(await linesOf(play, files, options), expected, name)
})

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
      '/p/roles/r/tasks/main.yaml':
        '- { block: [{ say: in, loop: [1], register: reg, environment: { C: own } }], always: [{ say: done }] }\n',
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
      environment: { value: { A: 'play', B: 'other', C: 'own' } },
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

test('mistakes on the way have their places', async t => {
  const rows: [string, string, Record<string, string>, string][] = [
    [
      'a variable',
      '- say: "{{ x }}"',
      {},
      '3 b/play.yaml:3:16: "x" is not known; known: facts, groups, host, hosts, of, own, secrets, vars',
    ],
    [
      'in a file name',
      '- include: "a{{ oww }}.yaml"',
      {},
      '3 b/play.yaml:3:21: "oww" is not known; did you mean "own"?',
    ],
    [
      'in a condition',
      '- { include: a.yaml, when: "a || oww" }',
      { '/p/b/a.yaml': '' },
      '3 b/play.yaml:3:33: "a" is not known; known: facts, groups, host, hosts, of, own, secrets, vars',
    ],
    [
      'in a label',
      '- { say: a, loop: [1], loop_control: { label: "{{ itm }}" } }',
      {},
      '3 b/play.yaml:3:55: "itm" is not known; did you mean "item"?',
    ],
    [
      'in what is given',
      '- { include: { file: a.yaml, vars: { x: "{{ item }}{{ oww }}" } }, loop: [1] }',
      { '/p/b/a.yaml': '' },
      '3 b/play.yaml:3:7: in the variable x: "oww" is not known; did you mean "own"?',
    ],
    [
      'a loop over text',
      '- { name: l, say: a, loop: own }',
      {},
      '3 b/play.yaml:3:32: the loop of "l" must give a list or a map (write a list, a map, or an expression that gives one)',
    ],
    [
      'a loop over a number',
      '- { name: l, say: a, loop: "{{ n }}", vars: { n: 5 } }',
      {},
      '3 b/play.yaml:3:32: the loop of "l" must give a list or a map (write a list, a map, or an expression that gives one)',
    ],
    [
      'a missing file',
      '- include: "{{ own }}.yaml"',
      {},
      '3 b/play.yaml:3:16: there is no file host.yaml to include; looked for b/host.yaml and host.yaml',
    ],
    [
      'a missing role',
      '- role: "{{ own }}"',
      {},
      '3 b/play.yaml:3:13: there is no role "host"; looked for b/roles/host and roles/host',
    ],
    [
      'a name that is no text',
      '- { include: "{{ n }}", vars: { n: [1] } }',
      {},
      '3 b/play.yaml:3:18: the name of this include must be text',
    ],
    [
      'in the file',
      '- include: "{{ own }}.yaml"',
      { '/p/b/host.yaml': '- sya: x\n- { say: x, retries: x }\n' },
      '3 b/host.yaml:1:3: 2 mistakes\nb/host.yaml:1:3: unknown word "sya" in a task; did you mean "say"?\nb/host.yaml:2:22: retries must be a number, not "x"',
    ],
    [
      'an argument in a role',
      '- role: r',
      { '/p/roles/r/tasks/main.yaml': '- { say: "{{ n }}", vars: { n: [1] } }\n' },
      '3 roles/r/tasks/main.yaml:1:10: say must be text, not a list',
    ],
    [
      'a handler',
      '- include: "{{ own }}.yaml"\n- { say: a, notify: nobdy }\n',
      { '/p/b/host.yaml': '- { say: x, notify: nobody }\n' },
      '3 b/host.yaml:1:21: there is no handler "nobody" in this play',
    ],
    [
      'a circle',
      '- include: "{{ own }}.yaml"',
      { '/p/b/host.yaml': '- include: "{{ own }}.yaml"\n' },
      '3 b/host.yaml:1:3: includes stand in one another more than 40 deep: … → include {{ own }}.yaml → include {{ own }}.yaml → include {{ own }}.yaml → include {{ own }}.yaml',
    ],
    [
      'a circle behind',
      '- include: "{{ own }}.yaml"',
      { '/p/b/host.yaml': '- include: a.yaml\n', '/p/b/a.yaml': '- include: host.yaml\n' },
      '3 b/host.yaml:1:12: these lead back to themselves: a.yaml → host.yaml → a.yaml',
    ],
    [
      'a host',
      '- { say: a, delegate_to: "{{ o }}", vars: { o: othr } }',
      {},
      '3 b/play.yaml:3:30: there is no host "othr" to delegate to; did you mean "other"?',
    ],
    [
      'a source',
      '- role: r',
      { '/p/roles/r/tasks/main.yaml': '- source: nope\n' },
      '3 roles/r/tasks/main.yaml:1:11: nope is not there (looked for roles/r/nope and roles/r/files/nope and b/nope and b/files/nope and nope and files/nope)',
    ],
  ]
  for (const [name, play, files, expected] of rows) t.equal(await mistake(() => linesOf(play, files)), expected, name)
})
