// `facts` and `docs` as processes on this machine: what a host is, where its variables come from, what a kind of task takes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { cleanEnv, home, longshore, projectIn } from './process.js'

const write = (folder: string, files: Record<string, string>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

test('facts: of every host that answers, as YAML or JSON', async t => {
  const folder = projectIn(
    'facts',
    'project: shop\nhosts:\n  here: { connection: local }\n  gone: { address: 127.0.0.1, port: 1, user: x }\n',
  )
  const one = await longshore(['facts', 'here'], { cwd: folder })
  t.equal(one.code, 0, one.err)
  t.match(one.out, /^here:\n {2}hostname: \S+\n/)
  t.match(one.out, /\n {2}os:\n {4}id: \w+\n/)
  const both = await longshore(['facts', '--json'], { cwd: folder })
  t.equal(both.code, 4)
  const events = both.out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const { facts } = events.find(event => event.type === 'facts' && event.host === 'here')
  t.ok(facts.cpus > 0 && facts.memory.total > 0 && facts.mounts.length > 0 && facts.interfaces.length > 0)
  t.match(facts.engine, { name: 'docker', state: /answers|denied|not-running|not-installed/ })
  t.match(
    events.find(event => event.type === 'error'),
    { where: /gone/, exit: 4 },
  )
  t.match(await longshore(['facts', 'heer'], { cwd: folder }), { code: 3, err: /heer/ })
})

test('facts --vars: every definition with its place, the strongest first; no host is asked, no secret is fetched', async t => {
  const folder = projectIn(
    'vars',
    `project: shop
vars:
  domain: shop.test
  url: "http://{{domain}}/"
  workers: 2
  limits: { cpu: 1, tag: old }
  arch: "{{facts.arch}}"
  dsn: "pg://u:{{secrets.DB}}@db"
  pw: { secret: DB }
groups:
  front: { hosts: [web1], vars: { workers: 4, limits: { tag: new } } }
hosts:
  web1: { address: 192.0.2.1, vars: { workers: 8 } }
  db1: { address: 192.0.2.2 }
secrets: { DB: { command: ["false"] } }
playbooks:
  - base.yaml
  - { play: base.yaml, on: db1 }
`,
  )
  write(folder, {
    'base.yaml': `- name: base
  hosts: web1
  vars: { workers: 16, own: 1 }
  tasks:
    - role: cache
    - name: say it
      vars: { word: hi }
      command: { argv: [echo, "{{word}}"], read_only: true }
`,
    'roles/cache/defaults/main.yaml': 'size: 64\nworkers: 1\n',
    'roles/cache/vars/main.yaml': 'kind: memory\n',
    'roles/cache/tasks/main.yaml': '- command: { argv: ["true"], read_only: true }\n',
  })
  const told = await longshore(['facts', 'web1', '--vars'], { cwd: folder })
  t.equal(told.code, 0, told.err)
  t.same(told.out.trimEnd().split('\n'), [
    'web1',
    '  arch: "{{facts.arch}}"  (as written: the facts of web1 are not known here)',
    '    project  longshore.yaml:7:3',
    '  domain: "shop.test"',
    '    project  longshore.yaml:3:3',
    '  dsn: "(secret DB)"',
    '    project  longshore.yaml:8:3',
    '  kind',
    '    role cache (vars), only there = "memory"  roles/cache/vars/main.yaml:1:1',
    '  limits: {"cpu":1,"tag":"new"}',
    '    group front = {"tag":"new"}  longshore.yaml:11:47',
    '    project, merged = {"cpu":1,"tag":"old"}  longshore.yaml:6:3',
    '  own',
    '    play base, only there = 1  base.yaml:3:24',
    '  pw: "(secret DB)"',
    '    project  longshore.yaml:9:3',
    '  size',
    '    role cache (defaults), only there = 64  roles/cache/defaults/main.yaml:1:1',
    '  url: "http://shop.test/"',
    '    project  longshore.yaml:4:3',
    '  word',
    '    task "say it", only there = "hi"  base.yaml:7:15',
    '  workers: 8',
    '    play base, only there = 16  base.yaml:3:11',
    '    host web1 = 8  longshore.yaml:13:39',
    '    group front, overridden = 4  longshore.yaml:11:35',
    '    project, overridden = 2  longshore.yaml:5:3',
    '    role cache (defaults), overridden = 1  roles/cache/defaults/main.yaml:2:1',
  ])
  const db1 = await longshore(['facts', 'db1', '--vars', '--json', '--var', 'workers=3'], { cwd: folder })
  const variables = db1.out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const workers = variables.find(one => one.name === 'workers')
  t.equal(workers.value, '3')
  t.same(
    workers.from.map((one: { by: string; standing: string }) => `${one.by} ${one.standing}`),
    ['--var in force', 'project overridden'],
    'no play, role or group of another host',
  )
  t.match(workers.from[1].at, { file: join(folder, 'longshore.yaml'), line: 5, column: 3 })
})

test('docs: the list of kinds, and one with its fields and an example', async t => {
  const list = await longshore(['docs'], { cwd: home, env: cleanEnv })
  t.equal(list.code, 0, list.err)
  for (const kind of ['package', 'file', 'service', 'wait_for'])
    t.match(list.out, new RegExp(`^${kind} +[A-Z].*\\.$`, 'm'))
  const one = await longshore(['docs', 'wait_for'])
  t.match(one.out, /^wait_for: Goes on when a port or a web page answers/)
  t.match(one.out, /\n {2}timeout {2}\(whole number; default 300\)\n {6}Seconds to wait at most\n/)
  t.match(one.out, /\nExample\n {2}- name: sshd answers\n {4}wait_for: /)
  const data = JSON.parse((await longshore(['docs', 'file', '--json'])).out)
  t.match(data, { type: 'kind', kind: 'file', summary: /./, example: /file:/ })
  t.match(data.fields[0], { path: 'path', type: 'text', required: true, text: /Absolute path/ })
  t.match(await longshore(['docs', 'lineinfile']), {
    code: 3,
    err: 'error: there is no kind "lineinfile": it is `line`\n→ `longshore docs line` shows it\n',
  })
  t.match(await longshore(['docs', 'ansible.builtin.raw']), {
    code: 3,
    err: /: it is `shell`.*\n→ .*docs shell` shows/,
  })
  t.match(await longshore(['docs', 'poll']), {
    code: 3,
    err: /`retries`, .*wait\n→ `longshore docs` lists the kinds\n/,
  })
  t.match(await longshore(['docs', 'fiel']), { code: 3, err: /there is no kind "fiel"; did you mean "file"\?/ })
})
