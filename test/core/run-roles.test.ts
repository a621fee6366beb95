// Includes, roles, loops and handlers on hosts that are shells of this machine: planned with their causes, done, and nothing to do the second time.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { type Site, site } from './run/site.js'

const two = 'project: shop\nhosts: { a: { connection: local }, b: { connection: local } }\nplaybooks: [play.yaml]\n'
const one = two.replace(', b: { connection: local }', '')

const text = (folder: string | undefined, name: string): string => {
  const path = join(folder ?? '', name)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** Runs a play twice; the second time there must be nothing to do. Gives the first plan's lines and the logs of the hosts. */
async function twice(t: Test, { up, hosts }: Site): Promise<{ listed: string[]; logs: string[] }> {
  const first = await up()
  t.equal(first.exit, 0, first.errors.map(String).join())
  const logs = Object.values(hosts).map(({ folder }) => text(folder, 'log').trim().replaceAll('\n', ' '))
  const second = await up()
  t.same([second.exit, second.listed], [0, []], 'the second time there is nothing to do')
  t.same(
    Object.values(hosts).map(({ folder }) => text(folder, 'log').trim().replaceAll('\n', ' ')),
    logs,
  )
  const folders = Object.values(hosts).map(({ folder }) => folder)
  const plain = (line: string): string => folders.reduce((rest, folder) => rest.replaceAll(folder, ''), line)
  return { listed: first.listed.map(plain), logs }
}

/** A task that logs a word once: it is done where the word's file is not there. */
const once = (name: string, word: string, more = ''): string =>
  `- { name: ${name}, command: { sh: "echo ${word} >>{{ folder }}/log; touch {{ folder }}/${word}", creates: "{{ folder }}/${word}" }${more} }\n`

const log = (word: string): string => `command: { sh: "echo ${word} >>{{ folder }}/log" }`

const roles = {
  'roles/web/tasks/main.yaml': `- { name: page, template: { src: page.hbs, dest: "{{ folder }}/{{ page }}" }, notify: reload }
- { name: raw, copy: { src: raw.txt, dest: "{{ folder }}/{{ page }}.raw" }, notify: changed }
`,
  'roles/web/handlers/main.yaml': `- { name: reload, ${log('reload-{{ site }}')} }
- { name: other, listen: [changed, x], ${log('other')} }
- { name: never, listen: y, ${log('never')} }
`,
  'roles/web/defaults/main.yml': 'site: default\npage: index\n',
  'roles/web/templates/page.hbs': 'page of {{ site }}\n',
  'roles/web/files/raw.txt': 'raw\n',
}

/** Files by path, as the test folder takes them. */
const tree = (files: Record<string, string>): Record<string, string> => {
  const made: Record<string, unknown> = {}
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split('/')
    let folder = made
    for (const part of parts.slice(0, -1)) {
      folder[part] ??= {}
      folder = folder[part] as Record<string, unknown>
    }
    folder[parts.at(-1) ?? ''] = content
  }
  return made as Record<string, string>
}

test('a role: its files, its variables, its handlers by name and by what they listen to', async t => {
  const play = `- name: p
  hosts: all
  roles: [web, { role: web, vars: { page: other, site: second } }]
  tasks:
    ${once('end', 'end')}
`
  const here = await site(t, two, tree({ 'play.yaml': play, ...roles }))
  const { listed, logs } = await twice(t, here)
  t.same(logs, ['end reload-default other', 'end reload-default other'], 'each handler once')
  t.same(
    listed.filter(line => line.includes(' a/')),
    [
      'create a/p/web : page: web : page: content differs',
      'create a/p/web : raw: web : raw: content differs',
      'create a/p/web : page 2: web : page: content differs',
      'create a/p/web : raw 2: web : raw: content differs',
      'run a/p/end: end: /end does not exist',
      'run a/p/handler web : reload: web : reload: notified by web : page',
      'run a/p/handler web : other: web : other: notified by web : raw',
    ],
  )
  const { a } = here.hosts
  t.equal(text(a?.folder, 'index') + text(a?.folder, 'other'), 'page of default\npage of second\n')
  writeFileSync(join(a?.folder ?? '', 'other.raw'), 'changed')
  t.match((await here.up()).ends, { 'a/p/web : raw 2': 'done', 'a/p/handler web : other': 'done' })
  t.equal(text(a?.folder, 'other.raw'), 'raw\n')
})

test('includes and loops: lists, maps, files by facts, one inside of another', async t => {
  const play = `- name: p
  hosts: all
  tasks:
    - { include: a.yaml, loop: { x: 1, y: 2 }, loop_control: { loop_var: pair }, vars: { word: "{{ pair.key }}{{ pair.value }}" } }
    - { include: "{{ facts.arch }}.yaml", when: "false" }
    - { include: "{{ eq facts.kernel 'none' }}{{ end }}", vars: { end: .yaml } }
`
  const files = {
    'play.yaml': play,
    'a.yaml': `${once('word', '{{ word }}', ', notify: told')}- { include: b.yaml, when: "word == 'y2'" }\n`,
    'b.yaml': once('each', '{{ word }}-{{ item }}', ', loop: [p, q]'),
    'false.yaml': once('by facts', 'facts'),
  }
  const here = await site(t, one, {
    ...files,
    'play.yaml': `${play}  handlers:\n    - { name: tell, listen: [told], ${log('told')} }\n`,
  })
  const { listed, logs } = await twice(t, here)
  t.same(logs, ['x1 y2 y2-p y2-q facts told'])
  t.match(listed, [/^run a\/p\/word \(x\): /, /^run a\/p\/word \(y\): /, /each .* #1: /, / #2: /, /by facts/, /tell/])
})

test('an include that reads a register is one step, and does its tasks at its turn', async t => {
  const play = `- name: p
  hosts: all
  tasks:
    ${once('ask', 'one', ', register: said').trim().replace('echo one', 'echo one; echo one')}
    - { name: use, include: "{{ word }}.yaml", when: said.changed, vars: { word: "{{ said.stdout }}" } }
    - { name: named, role: web, when: said.changed }
    ${once('last', 'last').trim()}
  handlers:
    - { name: tell, ${log('told')} }
`
  const files = {
    'play.yaml': play,
    'one.yaml': `${once('inside', 'inside', ', notify: tell')}- { include: two.yaml }\n`,
    'two.yaml': once('deeper', 'deeper'),
    ...roles,
  }
  const here = await site(t, one, tree(files))
  const first = await here.up()
  t.equal(first.exit, 0, first.errors.map(String).join())
  t.match(first.listed, [
    /^run a\/p\/ask/,
    'run a/p/use: use: depends on said',
    'run a/p/named: named: depends on said',
    /^run a\/p\/last/,
    ...['web : reload', 'web : other', 'web : never', 'tell'].map(
      name => `run a/p/handler ${name}: ${name}: if use notifies it`,
    ),
  ])
  t.match(first.ends, { 'a/p/use': 'done', 'a/p/handler web : never': 'already: nothing notified it' })
  t.equal(text(here.hosts.a?.folder, 'log'), 'one\ninside\ndeeper\nlast\nreload-default\nother\ntold\n')
  t.equal(text(here.hosts.a?.folder, 'index'), 'page of default\n')
  t.same((await here.up()).listed, [])

  const literal = await site(t, one, tree({ ...files, 'play.yaml': play.replace(/ {4}- { name: use.*\n/, '') }))
  t.same(
    (await literal.look()).listed.filter(line => line.includes('handler')),
    ['web : reload', 'web : other'].map(name => `run a/p/handler ${name}: ${name}: if named notifies it`),
    'whom a role may notify is known where its name is',
  )
})

test('hosts that only an include reads are asked too, also outside of --on', async t => {
  const play = `- name: p
  hosts: a
  tasks:
    - { include: "{{ eq facts.kernel 'none' }}.yaml", loop: "[hosts.b.name]" }
`
  const here = await site(t, two, {
    'play.yaml': play,
    'false.yaml': '- { name: other, copy: { dest: "{{ folder }}/x", content: "{{ hosts.b.facts.kernel }}" } }\n',
  })
  const went = await here.up({ on: 'a' })
  t.equal(went.exit, 0, went.errors.map(String).join())
  t.match(text(here.hosts.a?.folder, 'x'), /^\d+\./)
})

test('the environment of a play reaches every form of a command, and nothing else', async t => {
  const play = `- name: p
  environment: { A: "1", B: play }
  tasks:
    - { name: made, file: { path: "{{ folder }}/x" } }
    - { name: text, command: "echo $A >>{{ folder }}/log", check: "test -e {{ folder }}/log" }
    - { name: map, shell: { sh: "echo $A-$B >>{{ folder }}/log", creates: "{{ folder }}/map", environment: { B: own } }, when: "true" }
    - { name: block's, block: [{ name: inner, command: "echo $B$C >>{{ folder }}/log; touch {{ folder }}/map", check: "test -e {{ folder }}/map" }], environment: { C: block } }
`
  const here = await site(t, one, { 'play.yaml': play })
  const { logs } = await twice(t, here)
  t.same(logs, ['1 1-own playblock'])
})
