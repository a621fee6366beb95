// Playbooks of more than one file, and blocks: what they become when they are read.
import type { Test } from 'tap'
import type { Play, Task } from '../../../core/playbook.js'
import { load } from './project-in-memory.js'

const project = 'project: a\nhosts: { web1: }\nplaybooks: [b/b.yaml]\n'

/** The plays of `b/b.yaml` with these files beside it. */
export const playsOf = async (text: string, files: Record<string, string> = {}): Promise<Play[]> =>
  (await load(project, { '/p/b/b.yaml': text, ...files })).playbooks.flatMap(use => use.plays)

const conditions = ({ when }: Task): string => when.map(({ text }) => text).join(' & ')

/** Blocks are flattened; what they and the play say is in their tasks. */
export async function testBlocks(t: Test): Promise<void> {
  const [play] = await playsOf(
    `- name: p
  serial: [1, "25%"]
  max_fail: 30%
  become_user: ann
  environment: { A: 1, B: 1 }
  vars_files: [one.yaml, two.yaml]
  vars: { x: play, y: play }
  tasks:
    - name: outer
      when: a
      tags: [o]
      become: true
      environment: { B: 2, C: 2 }
      vars: { v: outer, w: outer }
      notify: h
      no_log: true
      ignore_errors: true
      block:
        - { copy: { dest: one }, when: b, tags: i, vars: { w: own }, environment: { C: 3 }, ignore_errors: false, become_user: bob }
        - block: [{ command: "false" }]
          rescue: [{ command: "true", delegate_to: web1, run_once: true }]
      always:
        - { command: "true", retries: 2, delay: 0.5, until: [result.rc == 0, "true"], loop: { k: v }, loop_control: { loop_var: it, index_var: n, label: "{{ it.key }}" } }
  handlers:
    - { name: h, listen: [x, y], command: "true" }
`,
    { '/p/b/one.yaml': 'x: one\nz: [1]\n', '/p/two.yaml': 'x: two\n' },
  )
  t.match(play, {
    serial: [1, '25%'],
    max_fail: '30%',
    vars: { x: 'two', y: 'play', z: [1] },
    folder: '/p/b',
    home: '/p',
  })
  const [one, inner, rescue, always] = play?.tasks ?? []
  t.match(one, {
    tags: ['o', 'i'],
    become: true,
    become_user: 'bob',
    vars: { v: 'outer', w: 'own' },
    environment: { value: { A: 1, B: 2, C: 3 } },
    notify: [{ name: 'h' }],
    no_log: true,
    ignore_errors: false,
    blocks: [{ name: 'outer', part: 'block', rescued: false }],
  })
  t.equal(one && conditions(one), 'a & b')
  t.same(
    ['A', 'B', 'C'].map(key => one?.environment?.where([key]).line),
    [5, 13, 19],
    'each entry keeps its place',
  )
  const outer = one?.blocks[0]?.block
  t.match(inner, {
    become_user: 'ann',
    ignore_errors: true,
    blocks: [
      { block: outer, part: 'block' },
      { name: 'block', part: 'block', rescued: true },
    ],
  })
  t.not(inner?.blocks[1]?.block, outer)
  t.match(rescue, { delegate_to: { value: 'web1' }, run_once: true, blocks: [{}, { part: 'rescue', rescued: true }] })
  t.match(always, {
    retries: 2,
    delay: 0.5,
    until: { text: '(result.rc == 0) && (true)' },
    loop: { value: { k: 'v' } },
    loop_control: { loop_var: 'it', index_var: 'n', label: { value: '{{ it.key }}' } },
    blocks: [{ block: outer, part: 'always', rescued: false }],
  })
  t.same(play?.handlers[0]?.listen, ['x', 'y'])
}

const role = {
  '/p/roles/web/tasks/main.yml': '- { command: "true", notify: restart }\n- include: more.yaml\n',
  '/p/roles/web/tasks/more.yaml': '- { package: { name: "{{ pkg }}" } }\n- role: base\n',
  '/p/roles/web/handlers/main.yaml': '- { name: restart, command: "true" }\n',
  '/p/roles/web/defaults/main.yaml': 'pkg: nginx\n',
  '/p/roles/web/vars/main.yaml': 'port: 80\n',
  '/p/b/roles/base/handlers/main.yaml':
    '- { name: restart, command: "true", listen: all }\n- { name: reload, command: "true" }\n',
}

/** Roles and includes are read with the playbook; their handlers join the play's. */
export async function testRoles(t: Test): Promise<void> {
  const [play] = await playsOf(
    `- roles:
    - web
    - { role: web, vars: { port: 81 }, when: a, tags: [x] }
  tasks:
    - { include: { file: t.yaml, vars: { n: 1 } }, vars: { n: 0, m: 0 } }
    - { command: "true", notify: [restart, reload, "web : restart", all, own] }
  handlers:
    - { name: own, command: "true" }
    - { name: reload, command: "true" }
`,
    { ...role, '/p/t.yaml': '- { command: "true", notify: own }\n' },
  )
  const [web, again, include] = play?.tasks ?? []
  t.match(web, { kind: 'role', name: 'role web', opens: { name: 'web', path: '/p/roles/web' } })
  t.match(again, { kind: 'role', vars: { port: 81 }, tags: ['x'], when: [{ text: 'a' }] })
  t.match(web?.opens?.role, { defaults: { pkg: 'nginx' }, vars: { port: 80 } })
  t.match(web?.opens?.tasks[1]?.opens?.tasks[1], { opens: { path: '/p/b/roles/base' } }, 'beside the playbook first')
  t.equal(web?.opens, again?.opens, 'read once')
  t.match(include, { vars: { n: 1, m: 0 }, opens: { path: '/p/t.yaml', tasks: [{ name: 'command true' }] } })
  t.same(
    play?.handlers.map(({ name, listen, origin }) => [name, listen, origin.folder, origin.vars]),
    [
      ['web : restart', ['restart'], '/p/roles/web', [{ port: 80 }, {}]],
      ['base : restart', ['all'], '/p/b/roles/base', [{ port: 80 }, {}, {}, {}, {}]],
      ['base : reload', [], '/p/b/roles/base', [{ port: 80 }, {}, {}, {}, {}]],
      ['own', [], '/p/b', []],
      ['reload', [], '/p/b', []],
    ],
    'once each; a bare name is the first one that has it, and the play comes before its roles',
  )
}
