// What includes, roles and loops become: plays, and the lines of their tasks.
import type { Test } from 'tap'
import type { Facts } from '../../../core/facts.js'
import { linesOf, type Options } from './opened.js'

const web = {
  '/p/roles/web/tasks/main.yaml': `- { name: set up, say: "{{ site }} {{ port }} {{ own }}" }
- include: more.yaml
`,
  '/p/roles/web/tasks/more.yaml': '- { name: more, say: "{{ site }}", notify: again }\n',
  '/p/roles/web/handlers/main.yaml': '- { name: again, say: "{{ site }}" }\n',
  '/p/roles/web/defaults/main.yaml': 'site: default\nown: default\nport: 1\n',
  '/p/roles/web/vars/main.yaml': 'port: 2\n',
}

/** Rows of plays and the lines that come of them. */
export async function testOpened(t: Test): Promise<void> {
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
        'both (k) #1 [1] = k 1',
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
}
