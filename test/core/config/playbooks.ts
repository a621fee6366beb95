// Playbooks: all their words, and every mistake with its place.
import { resolve } from 'node:path'
import type { Test } from 'tap'
import { loadPlaybook } from '../../../core/config/index.js'
import { resources } from '../../../resources/index.js'
import { filesOf, load, mistakes, resourceKinds } from './project-in-memory.js'

/** All the words of a playbook. */
export async function testPlaybook(t: Test): Promise<void> {
  const file = resolve('test/core/fixtures/base.yaml')
  const { readFile } = await import('node:fs/promises')
  const plays = await loadPlaybook(file, { files: filesOf({ [file]: await readFile(file, 'utf8') }), resourceKinds })
  t.equal(plays.length, 2)
  const [play] = plays
  t.match(play, {
    name: 'base',
    become: true,
    hosts: { text: 'all,!db1' },
    vars: { who: 'you' },
    tags: ['a', 'b'],
    folder: resolve('test/core/fixtures'),
  })
  const [first, second, third] = play?.tasks ?? []
  t.match(first, {
    name: 'package curl jq',
    kind: 'package',
    notify: [],
    tags: [],
    vars: {},
    no_log: false,
    run_once: false,
    blocks: [],
  })
  t.match(second, {
    name: 'motd',
    when: [{ text: '(facts.os.family == "debian") && (true)' }],
    notify: [{ name: 'tell', at: { line: 16 } }],
    loop: { value: '{{ names }}' },
    register: 'out',
    become: false,
    become_user: 'ann',
    timeout: 1.5,
    no_log: true,
    ignore_errors: true,
    tags: ['x', 'y'],
    environment: { value: { A: '{{ who }}' } },
  })
  t.same(third?.args.value, { argv: ['wall', 'hi'], check: 'test -e /x', read_only: true })
  const short = play?.tasks[3]?.args
  t.same(short?.value, { sh: 'touch /x', check: 'test -e /x' })
  t.same(short?.where(['sh']), { file, line: 29, column: 16 })
  t.same(third?.args.where(['check']), { file, line: 27, column: 14 })
  t.same(third?.args.where(['argv', 1]), { file, line: 26, column: 31 })
  t.equal(play?.handlers[0]?.name, 'tell')
}

/** Every mistake in a playbook. */
export async function testPlaybookMistakes(t: Test): Promise<void> {
  const rows: [string, string, string[]][] = [
    [
      'words',
      '- tasks:\n    - packge: { name: x }\n    - package: { nam: x }\n      notify: tel\n    - package: { name: x }\n      retries: many\n      become: yes\n    - name: nothing\n    - package: { name: a }\n      copy: { dest: /a }\n  handlers:\n    - name: tell\n      command: { argv: [a] }\n    - command: { argv: [b] }\n',
      [
        '2:7: unknown word "packge" in a task; did you mean "package"?',
        '3:7: package.name is missing (text or a list)',
        '3:18: unknown key "nam" in package; did you mean "name"?',
        '4:15: there is no handler "tel" in this play; did you mean "tell"?',
        '6:16: retries must be a number, not "many"',
        '7:15: become must be true or false, not "yes" (YAML 1.2: write true)',
        '8:7: a task needs a resource: one of command, copy, include, package, role',
        '10:7: a task does one thing; this one has package and copy',
        '14:7: a handler needs a name',
      ],
    ],
    [
      'fields beside their kind',
      '- tasks:\n    - copy:\n      dest: /x\n',
      [
        '2:12: copy must be a map, not nothing',
        '3:7: unknown word "dest" in a task; what belongs to copy is indented below it',
      ],
    ],
    [
      'notify',
      '- tasks:\n    - package: { name: x }\n      notify: [tel]\n  handlers:\n    - name: tell\n      command: { argv: [a] }\n',
      ['3:16: there is no handler "tel" in this play; did you mean "tell"?'],
    ],
    [
      'templates are not judged',
      '- tasks:\n    - package: { name: "{{ x }}", state: "{{ y }}" }\n    - copy: { dest: /a, content: { secret: X } }\n    - copy: { dest: /a, mode: 644, zap: "{{ x }}" }\n',
      [
        '4:31: copy.mode must be text, not a whole number',
        '4:36: unknown key "zap" in copy; known keys: content, dest, environment, mode',
      ],
    ],
    [
      'syntax',
      '- tasks:\n    - package: { name: "a {{#if x}}" }\n      when: a ==\n      failed_when: [a, "b =="]\n',
      [
        '2:36: the template ends inside a block or an expression',
        '3:17: the expression is wrong: unexpected token: EOF',
        '4:29: the expression is wrong: unexpected token: RPAREN',
      ],
    ],
    [
      'check of another',
      '- tasks:\n    - package: { name: x }\n      check: "true"\n',
      ['3:7: `check` belongs to the command resource, not to package'],
    ],
    [
      'plays',
      '- strategy: free\n  package: { name: x }\n  tsks: []\n- 5\n',
      [
        '1:3: unknown word "strategy" in a play: hosts go on by themselves; `serial` takes them in batches',
        '2:3: "package" is a task\'s word; put it under `tasks:`',
        '3:3: unknown key "tsks" in play; did you mean "tasks"?',
        '4:3: play must be a map, not a whole number',
      ],
    ],
    ['no list', 'tasks: []\n', ['1:1: a playbook is a list of plays (each starts with "- ")']],
    [
      'register',
      '- tasks:\n    - package: { name: x }\n      register: list\n',
      ['3:17: register is a type in conditions; take another name'],
    ],
    ['hosts', '- hosts: [all, wbe1]\n', ['1:16: there is no host or group "wbe1"; did you mean "web1"?']],
  ]
  for (const [name, text, expected] of rows)
    t.same(
      await mistakes(() => load('project: a\nhosts: { web1: }\nplaybooks: [b.yaml]\n', { '/p/b.yaml': text })),
      ['exit 3', ...expected.map(line => `b.yaml:${line}`)],
      name,
    )
  t.same(await mistakes(() => load('project: a\nplaybooks: [{ play: no.yaml, stage: later }]\n')), [
    'exit 3',
    'longshore.yaml:2:37: playbooks[0].stage must be "before-engine", "after-engine" or "after-containers", not "later"',
  ])
  t.same(await mistakes(() => load('project: a\nplaybooks: [{ play: no.yaml }]\n')), [
    'exit 3',
    'longshore.yaml:2:21: there is no file no.yaml',
  ])
  const short = (zone: string): Promise<string[]> =>
    mistakes(() =>
      load(
        'project: a\nplaybooks: [p.yaml]\n',
        { '/p/p.yaml': `- tasks:\n    - timezone: "${zone}"\n` },
        { resourceKinds: resources },
      ),
    )
  t.same(await short('{{ x }}'), [], 'a short form is judged when it is rendered')
  t.match(await short('no zone'), ['exit 3', /^p.yaml:2:7: timezone.name must be a name/])
}
