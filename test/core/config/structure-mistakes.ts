// Blocks, loops, roles and includes: every mistake that reading finds, with its place.
import type { Test } from 'tap'
import { mistakes } from './project-in-memory.js'
import { playsOf } from './structures.js'

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
    - { package: { name: x }, environment: { A: b } }
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
        '9:31: `environment` does not go with package; it is for commands',
        '11:18: a handler is one task; include cannot stand here',
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
        '/p/roles/web/meta/main.yml': 'dependencies: [5]\n',
      },
      [
        'b/t.yaml:1:3: unknown word "packge" in a task; did you mean "package"?',
        'b/t.yaml:2:30: there is no handler "onw" in this play; did you mean "own"?',
        'roles/web/meta/main.yml:1:16: a role must be a name or a map',
        'roles/web/tasks/main.yaml:1:1: a file of tasks is a list of tasks (each starts with "- ")',
        'roles/web/handlers/main.yaml:1:3: a handler needs a name',
        'roles/web/handlers/main.yaml:3:11: there are two handlers "x"',
        'roles/web/defaults/main.yaml:1:1: a file of variables must be a map',
        '4:34: there is no handler "tell" in this play; handlers: command true, own, web : command true, web : x, x',
      ],
    ],
    [
      'delegates',
      '- tasks:\n    - { command: a, delegate_to: wbe1 }\n    - { command: a, delegate_to: "{{ x }}" }\n    - { include: t.yaml, delegate_to: localhost }\n',
      { '/p/b/t.yaml': '- { command: a, delegate_to: nobody }\n' },
      [
        '2:34: there is no host "wbe1" to delegate to; did you mean "web1"?',
        'b/t.yaml:1:30: there is no host "nobody" to delegate to; known: web1',
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
