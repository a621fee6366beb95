// Playbooks of more than one file, and blocks: what they become when they are read, and every mistake with its place.
import type { Test } from 'tap'
import type { Play, Task } from '../../../core/playbook.js'
import { load, mistakes } from './project-in-memory.js'

const project = 'project: a\nhosts: { web1: }\nplaybooks: [b/b.yaml]\n'

const playsOf = async (text: string, files: Record<string, string> = {}): Promise<Play[]> =>
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
        - { package: { name: one }, when: b, tags: i, vars: { w: own }, environment: { C: 3 }, ignore_errors: false, become_user: bob }
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

/** Every mistake of blocks, loops, roles and includes. */
export async function testStructureMistakes(t: Test): Promise<void> {
  const rows: [string, string, Record<string, string>, string[]][] = [
    [
      'blocks',
      `- tasks:
    - block: text
    - rescue: [{ command: "true" }]
    - { always: [{ command: "true" }], block: { path: /a } }
    - block: [{ comand: "true" }]
      loop: [1]
      resque: []
    - block: []
    - block: [{ command: "true" }]
      when: "a =="
      rescue: x
  handlers:
    - { name: h, block: [{ command: "true" }] }
`,
      {},
      [
        '2:14: block must be a list of tasks',
        '3:7: `rescue` needs a `block` before it',
        '4:47: block must be a list of tasks',
        '5:17: unknown word "comand" in a task; did you mean "command"?',
        '6:7: `loop` does not go with a block; put it on its tasks',
        '7:7: unknown key "resque" in block; did you mean "rescue"?',
        '8:14: block.block must not be empty',
        '11:15: block.rescue must be a list, not text',
        '13:7: a handler is one task; a block cannot stand here',
      ],
    ],
    [
      'words of tasks',
      `- tasks:
    - { command: "true", retries: soon, until: "a ==", delay: -1 }
    - { command: "true", loop: 5 }
    - { command: "true", loop: [1], loop_control: { loop_vr: x, index_var: a-b, label: "{{ x" } }
    - { command: "true", loop_control: { loop_var: x }, listen: y }
    - { include: x.yaml, register: r, until: "true" }
    - { include: { fil: x.yaml } }
    - { role: { name: x }, command: "true" }
  handlers:
    - { name: h, include: x.yaml }
`,
      { '/p/b/x.yaml': '[]' },
      [
        '2:35: retries must be a number, not "soon"',
        '2:63: delay must be at least 0',
        '3:32: loop must be a list, a map, or one expression that gives one',
        '4:53: unknown key "loop_vr" in loop_control; did you mean "loop_var"?',
        '4:76: loop_control.index_var must be a name of letters, digits and `_` that does not start with a digit',
        '5:26: `loop_control` needs a `loop`',
        '5:57: `listen` belongs to a handler',
        '6:26: `register` does not go with include; put it on the tasks in there',
        '6:39: `until` does not go with include; put it on the tasks in there',
        '7:9: include.file is missing (text)',
        '7:20: unknown key "fil" in include; did you mean "file"?',
        '8:28: a task does one thing; this one has role and command',
        '10:18: a handler is one task; include cannot stand here',
      ],
    ],
    [
      'words of plays',
      '- serial: 0\n  max_fail: many\n  max_fail_percentage: 30\n',
      {},
      [
        '1:11: play.serial must be at least 1',
        '2:13: play.max_fail must be a number of hosts or a percentage like "25%"',
        '3:3: unknown word "max_fail_percentage" in a play: it is `max_fail: "30%"`',
      ],
    ],
    [
      'files of variables, and roles',
      '- vars_files: [no.yaml, bad.yaml, list.yaml, "{{ x }}.yaml"]\n  roles: [{ name: web, port: 80 }, 5, {}]\n',
      { '/p/b/bad.yaml': 'x: "{{ y"\nhost: 1\n', '/p/list.yaml': '- a\n' },
      [
        '1:16: there is no file no.yaml; looked for b/no.yaml and no.yaml',
        '1:46: the name of a file of variables takes no templates',
        '2:24: unknown word "port" in a role; its variables stand under `vars`',
        '2:36: a role must be a name or a map',
        '2:39: a role needs its name: `role: NAME`',
        'b/bad.yaml:1:8: the expression is not closed, or has a character that does not belong there',
        'b/bad.yaml:2:1: vars.host is a word of the template language; take another name',
        'list.yaml:1:1: a file of variables must be a map',
      ],
    ],
    [
      'missing',
      '- roles: [nope]\n  tasks:\n    - include: no.yaml\n    - { include: { file: /abs.yaml } }\n    - { command: "true", notify: nobody }\n',
      {},
      [
        '1:11: there is no role "nope"; looked for b/roles/nope and roles/nope',
        '3:16: there is no file no.yaml to include; looked for b/no.yaml and no.yaml',
        '4:26: there is no file /abs.yaml to include; looked for /abs.yaml',
      ],
    ],
    [
      'inside of them',
      '- tasks:\n    - include: t.yaml\n    - role: web\n    - { command: "true", notify: tell }\n  handlers: [{ name: own, command: "true" }]\n',
      {
        '/p/b/t.yaml': '- packge: x\n- { command: "true", notify: onw }\n',
        '/p/roles/web/tasks/main.yaml': 'a: b\n',
        '/p/roles/web/handlers/main.yaml':
          '- { command: "true" }\n- { name: x, command: "true" }\n- { name: x, command: "true" }\n',
        '/p/roles/web/defaults/main.yaml': '- a\n',
        '/p/roles/web/meta/main.yml': 'dependencies: [base]\n',
      },
      [
        'b/t.yaml:1:3: unknown word "packge" in a task; did you mean "package"?',
        'b/t.yaml:2:30: there is no handler "onw" in this play; did you mean "own"?',
        'roles/web/meta/main.yml:1:16: there is no role "base"; looked for b/roles/base and roles/base',
        'roles/web/tasks/main.yaml:1:1: a file of tasks is a list of tasks (each starts with "- ")',
        'roles/web/handlers/main.yaml:1:3: a handler needs a name',
        'roles/web/handlers/main.yaml:3:11: there are two handlers "x"',
        'roles/web/defaults/main.yaml:1:1: a file of variables must be a map',
        '4:34: there is no handler "tell" in this play; handlers: command true, own, web : command true, web : x, x',
      ],
    ],
    [
      'circles',
      '- tasks:\n    - include: one.yaml\n    - role: a\n',
      {
        '/p/b/one.yaml': '- include: two.yaml\n',
        '/p/b/two.yaml': '- block:\n    - include: one.yaml\n',
        '/p/roles/a/tasks/main.yaml': '- role: b\n',
        '/p/roles/b/tasks/main.yaml': '- { role: a, when: x }\n',
      },
      [
        'b/two.yaml:2:16: these lead back to themselves: one.yaml → two.yaml → one.yaml',
        'roles/b/tasks/main.yaml:1:11: these lead back to themselves: a → b → a',
      ],
    ],
  ]
  for (const [name, text, files, expected] of rows)
    t.same(
      (await mistakes(() => playsOf(text, files))).slice(1),
      expected.map(line => (/^\d/.test(line) ? `b/b.yaml:${line}` : line)),
      name,
    )
}
