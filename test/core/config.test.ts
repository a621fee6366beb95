// The reader of the user's files: positions and words of every kind of mistake, merging, selectors, secrets, playbooks, and random damage.
import { resolve } from 'node:path'
import { test } from 'tap'
import {
  type ConfigContext,
  jsonSchema,
  loadPlaybook,
  loadProject,
  parseSelector,
  readYaml,
  resolveSecrets,
  selectHosts,
} from '../../core/config/index.js'
import { messageOf, UserError } from '../../core/errors.js'
import type { LocalFiles } from '../../core/files.js'
import type { Project } from '../../core/project.js'
import { z } from '../../core/schema.js'
import { createMasker } from '../../core/secret.js'

/** Files that exist only here: reading a project needs no disk. */
const filesOf = (texts: Record<string, string>): LocalFiles => {
  const text = async (path: string): Promise<string> => {
    const found = texts[path]
    if (found === undefined) throw new UserError(`there is no file ${path}`)
    return found
  }
  return {
    exists: async path => Object.hasOwn(texts, path),
    stat: async () => undefined,
    text,
    bytes: async path => new TextEncoder().encode(await text(path)),
    list: async () => [],
  }
}

const resourceKinds = [
  {
    kind: 'package',
    schema: z.strictObject({
      name: z.union([z.string(), z.array(z.string())]),
      state: z.enum(['present', 'absent']).optional(),
    }),
  },
  {
    kind: 'copy',
    schema: z.strictObject({ dest: z.string(), content: z.string().optional(), mode: z.string().optional() }),
  },
  {
    kind: 'command',
    schema: z.strictObject({
      sh: z.string().optional(),
      argv: z.array(z.string()).optional(),
      check: z.string().optional(),
      read_only: z.boolean().optional(),
    }),
  },
]

const context = (texts: Record<string, string>, more: Partial<ConfigContext> = {}): ConfigContext => ({
  files: filesOf(texts),
  environment: {},
  home: '/home/me',
  vars: {},
  masker: createMasker(),
  resourceKinds,
  runCommand: async () => ({ code: 0, stdout: '', stderr: '' }),
  ...more,
})

const load = (text: string, others: Record<string, string> = {}, more: Partial<ConfigContext> = {}): Promise<Project> =>
  loadProject('/p/longshore.yaml', context({ '/p/longshore.yaml': text, ...others }, more))

/** The lines a user would see, without the folder. */
async function mistakes(run: () => Promise<unknown>): Promise<string[]> {
  try {
    await run()
    return []
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { at } = error
    const lines = error.message.split('\n')
    const told = lines.length > 1 ? lines.slice(1) : [`${at?.file}:${at?.line}:${at?.column}: ${error.message}`]
    return [`exit ${error.exit}`, ...told.map(line => line.replaceAll('/p/', ''))]
  }
}

const bomb = (): string => {
  const rows = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (const [index, name] of [...'bcdefghi'].entries()) {
    const before = 'abcdefghi'[index]
    rows.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`)
  }
  return rows.join('\n')
}

test('YAML itself: every mistake with its place', async t => {
  const rows: [string, string, string[]][] = [
    ['duplicate key', 'project: a\nhosts: {}\nproject: b\n', ['longshore.yaml:3:1: the key "project" is there twice']],
    [
      'tab',
      'project: a\nhosts:\n\tweb1: {}\n',
      ['longshore.yaml:3:1: tabs are not allowed as indentation; use spaces'],
    ],
    ['unknown tag', 'project: !foo a\n', ['longshore.yaml:1:10: Unresolved tag: !foo']],
    [
      'YAML 1.1',
      '%YAML 1.1\n---\nproject: a\n',
      ['longshore.yaml:1:1: this is YAML 1.1; only 1.2 is read: remove the %YAML line'],
    ],
    [
      'no anchor',
      'project: a\nvars: { x: *nope }\n',
      ['longshore.yaml:2:12: there is no anchor &nope above this alias'],
    ],
    [
      'anchor in itself',
      'project: a\nvars: { x: &x [*x] }\n',
      ['longshore.yaml:2:16: the alias *x stands inside its own anchor'],
    ],
    [
      'two documents',
      'project: a\n---\nproject: b\n',
      ['longshore.yaml:2:1: the file holds several YAML documents; only one is allowed'],
    ],
    ['a list for a key', 'project: a\n? [x]\n: 1\n', ['longshore.yaml:2:3: a key must be text']],
    [
      '__proto__',
      'project: a\nvars: { __proto__: { x: 1 } }\n',
      ['longshore.yaml:2:9: the key "__proto__" is not allowed'],
    ],
    [
      'a huge number',
      'project: a\nvars: { n: 123456789012345678901 }\n',
      ['longshore.yaml:2:12: the number 123456789012345678901 is too large to be read exactly; put it in quotes'],
    ],
    ['merge of text', 'project: a\nvars: { <<: x }\n', ['longshore.yaml:2:9: `<<` takes a map, or a list of maps']],
    ['empty', '', ['longshore.yaml:1:1: the file is empty; it needs at least `project: NAME`']],
    ['a list', '- project: a\n', ['longshore.yaml:1:1: the file must be a map, not a list']],
    [
      'nested by 101',
      `project: a\nvars: { x: ${'['.repeat(101)}${']'.repeat(101)} }\n`,
      ['longshore.yaml:2:110: nested deeper than 100 levels'],
    ],
  ]
  for (const [name, text, expected] of rows) t.same(await mistakes(() => load(text)), ['exit 3', ...expected], name)
  t.match(await mistakes(() => load(bomb())), [/exit 3/, /the aliases stand for too many values/], 'alias bomb')
  const deep = await mistakes(async () => readYaml('['.repeat(20_000), '/p/deep.yaml'))
  t.equal(deep[0], 'exit 3', '20,000 levels deep is an error of the user')
  const big = Array.from({ length: 20_000 }, (_, index) => `  key${index}: ${index}`).join('\n')
  const started = performance.now()
  t.equal(Object.keys((readYaml(`vars:\n${big}\n`, 'f').value as { vars: object }).vars).length, 20_000)
  t.ok(performance.now() - started < 5000, 'a map of 20,000 keys takes no quadratic time')
})

test('values, aliases and merge keys keep their places', async t => {
  const raw = readYaml(
    'base: &b { x: 1, y: "two" }\nuse:\n  <<: *b\n  y: 017\nlist: [*b, yes, 1.5, ~]\ntext: |\n  one\n  two\n',
    'f.yaml',
  )
  t.same(raw.value, {
    base: { x: 1, y: 'two' },
    use: { x: 1, y: 17 },
    list: [{ x: 1, y: 'two' }, 'yes', 1.5, null],
    text: 'one\ntwo\n',
  })
  t.same(raw.where(['use', 'y']), { file: 'f.yaml', line: 4, column: 6 })
  t.same(raw.where(['use', 'x']), { file: 'f.yaml', line: 1, column: 15 }, 'a merged value stands where it was written')
  t.same(raw.where(['use', 'y'], 'key'), { file: 'f.yaml', line: 4, column: 3 })
  t.same(raw.where(['list', 1]), { file: 'f.yaml', line: 5, column: 12 })
  t.same(raw.where(['list', 7, 'no']), { file: 'f.yaml', line: 5, column: 1 }, 'the nearest parent')
})

test('the shape of the file: all mistakes at once, in file order', async t => {
  const rows: [string, string, string[]][] = [
    [
      'names and kinds',
      'project: Shop\nhots: {}\nhosts:\n  web1: { prot: 22, port: x, become: su, labels: [a] }\n',
      [
        '1:10: project must start with a lower-case letter or digit, and go on with lower-case letters, digits, `_` and `-`',
        '2:1: unknown key "hots"; did you mean "hosts"?',
        '4:11: unknown key "prot" in hosts.web1; did you mean "port"?',
        '4:27: hosts.web1.port must be a number, not "x"',
        '4:38: hosts.web1.become must be "sudo" or a map, not "su"',
        '4:50: hosts.web1.labels must be a map, not a list',
      ],
    ],
    [
      'missing',
      'vars: {}\ngroups: { a: {} }\n',
      ['1:1: project is missing (text)', '2:11: groups.a.hosts is missing (text or a list)'],
    ],
    [
      'numbers',
      'project: a\nhosts: { w: { port: 0 }, v: { port: 70000 }, u: { port: 1.5 } }\n',
      [
        '2:21: hosts.w.port must be at least 1',
        '2:37: hosts.v.port must be at most 65535',
        '2:57: hosts.u.port must be a whole number, not 1.5',
      ],
    ],
    [
      'known keys are listed',
      'project: a\nsecrets: { X: { env: A }, Y: { zzzzzz: 1 } }\n',
      [
        '2:27: secrets.Y.env is missing (text)',
        '2:32: unknown key "zzzzzz" in secrets.Y; known keys: command, env, file',
      ],
    ],
    [
      'plain passwords',
      'project: a\nhosts: { w: { password: hunter2 } }\n',
      [
        '2:25: hosts.w.password must be { secret: NAME }; plain text is not taken, say where to fetch it under `secrets:`',
      ],
    ],
    [
      'later versions',
      'project: a\nengine: { provider: podman, source: docker-ce, tls: {}, harden: true }\nhosts: { w: { machine: {}, connection: container } }\ncompose: [x]\n',
      [
        '2:21: engine.provider: podman is not supported by this version',
        '2:37: engine.source: docker-ce is not supported by this version',
        '2:48: engine.tls is not supported by this version',
        '2:57: engine.harden is not supported by this version',
        '3:15: hosts.w.machine is not supported by this version',
        '3:40: hosts.w.connection: container is not supported by this version',
        '4:1: this version does not read Compose files: `compose:` is not supported yet',
      ],
    ],
    [
      'variables',
      'project: a\nvars: { host: 1, a-b: 2, x: "{{ y" }\n',
      [
        '2:9: vars.host is a word of the template language; take another name',
        '2:18: vars.a-b must be a name of letters, digits and `_` that does not start with a digit',
      ],
    ],
    [
      'broken template',
      'project: a\nvars: { x: "{{ y" }\n',
      ['2:16: the expression is not closed, or has a character that does not belong there'],
    ],
    [
      'hosts and groups',
      'project: a\nhosts: { web1: { jump: web2 }, web2: { jump: web1, password: { secret: X } }, all: }\ngroups: { web2: { hosts: [web1, wbe1] } }\nsecrets: { XY: { env: A } }\ncontainers: { c: { on: "web1, !weeb2" }, d: text }\n',
      ['5:45: containers.d must be a map, not text'],
    ],
    [
      'hosts and groups, meaning',
      'project: a\nhosts: { web1: { jump: web2 }, web2: { jump: web1, password: { secret: X } }, all: }\ngroups: { web2: { hosts: [web1, wbe1] } }\nsecrets: { XY: { env: A } }\ncontainers: { c: { on: "web1, !weeb2" } }\n',
      [
        '2:24: the jumps of web1 lead back to web1',
        '2:46: the jumps of web2 lead back to web2',
        '2:72: there is no secret "X"; known: XY',
        '2:79: a host cannot be named "all": that word means every host',
        '3:11: "web2" is both a host and a group',
        '3:33: there is no host or group "wbe1"; did you mean "web1"?',
        '5:31: there is no host or group "weeb2"; did you mean "web2"?',
      ],
    ],
  ]
  for (const [name, text, expected] of rows)
    t.same(await mistakes(() => load(text)), ['exit 3', ...expected.map(line => `longshore.yaml:${line}`)], name)
})

test('hosts: defaults, merging, and no hosts at all', async t => {
  const alone = await load('project: shop\nx-mine: { anything: 1 }\nvars: { a: 1 }\n')
  t.match(alone.hosts, [{ name: 'localhost', connection: 'local', address: 'localhost', vars: { a: 1 } }])
  t.equal(alone.hosts.length, 1)
  const text = `project: shop
vars: { a: 1, m: { x: 1, y: [1, 2] } }
engine: { users: [ann], source: none }
hosts:
  web1: { identity: ~/.ssh/key, become: { user: admin }, vars: { c: 3, m: { z: 3 } }, labels: { role: web, n: 1 } }
  web2: { address: 192.0.2.1, connection: local, engine: { users: [] }, become: sudo }
  db1:
groups:
  front: { hosts: "web*", vars: { a: 2, m: { y: [3] } } }
  more: { hosts: [front, "!web2", db1], vars: { b: 2, a: 5 }, engine: { source: distro } }
`
  const project = await load(text, {}, { vars: { a: 'cli' } })
  const [web1, web2, db1] = project.hosts
  t.match(web1, {
    address: 'web1',
    connection: 'ssh',
    identity: '/home/me/.ssh/key',
    become: { method: 'sudo', user: 'admin' },
    groups: ['front', 'more'],
    labels: { role: 'web', n: '1' },
    at: { line: 5, column: 3 },
  })
  t.same(web1?.vars, { a: 'cli', m: { x: 1, y: [3], z: 3 }, c: 3, b: 2 })
  t.same(web1?.engine, {
    provider: 'docker',
    users: ['ann'],
    source: 'distro',
    at: { file: '/p/longshore.yaml', line: 10, column: 63 },
  })
  t.match(web2, {
    address: '192.0.2.1',
    connection: 'local',
    groups: ['front'],
    engine: { users: [], source: 'none' },
    become: { user: 'root' },
  })
  t.match(db1, { address: 'db1', groups: ['more'], vars: { a: 'cli', b: 2 } })
  t.same(project.groups, { front: { hosts: ['web1', 'web2'] }, more: { hosts: ['web1', 'db1'] } })
  const cli = parseSelector('role=web', { file: '--on', line: 1, column: 1 })
  t.same(
    selectHosts(cli, project).map(host => host.name),
    ['web1'],
  )
  const rows: [string, string[]][] = [
    ['all', ['web1', 'web2', 'db1']],
    ['db1,web1', ['web1', 'db1']],
    ['front, !web2', ['web1']],
    ['!front', ['db1']],
    ['role!=web', ['web2', 'db1']],
    ['n=[12]', ['web1']],
    ['*1', ['web1', 'db1']],
    ['m?re', ['web1', 'db1']],
    ['role=nothing', []],
    ['zz*', []],
  ]
  for (const [selector, expected] of rows)
    t.same(
      selectHosts(parseSelector(selector, cli.at), project).map(host => host.name),
      expected,
      selector,
    )
  for (const [selector, message] of [
    ['wbe1', 'there is no host or group "wbe1"; did you mean "web1"?'],
    ['db1,,web1', 'the selector "db1,,web1" has an empty part'],
    [' ', 'the selector " " has an empty part'],
  ] as const)
    t.throws(() => selectHosts(parseSelector(selector, cli.at), project), { message, exit: 3 })
})

test('services, images, networks, volumes and the environment are handed on', async t => {
  const project = await load(
    'project: shop\ncontainers:\n  app: { image: "x:1", ports: ["80:80"], on: [web1] }\nhosts: { web1: }\nvolumes: { data: }\nimages: { base: { pull: true } }\nnetworks: { n: { driver: bridge } }\n',
    { '/p/.env': '# a\nexport A=1\nB = "two ${A} \\n" # c\nC=\'${A}\'\nD=${X:-d} # tail\nE="a\nb"\n' },
    { environment: { A: 'outside', X: undefined } },
  )
  const [app] = project.services
  t.match(app, { name: 'app', folder: '/p', on: { text: 'web1' }, raw: { value: { image: 'x:1' } } })
  t.same(app?.raw.where(['ports', 0]), { file: '/p/longshore.yaml', line: 3, column: 32 })
  t.same(app?.on?.at, { file: '/p/longshore.yaml', line: 3, column: 46 })
  t.same(
    [project.volumes.data?.value, project.images.base?.value, project.networks.n?.value],
    [null, { pull: true }, { driver: 'bridge' }],
  )
  t.same(project.environment, { A: 'outside', B: 'two outside \n', C: '${A}', D: 'd', E: 'a\nb' })
  t.same(await mistakes(() => load('project: a', { '/p/.env': 'A=1\nnonsense\n' })), [
    'exit 3',
    '.env:2:1: this line is not NAME=value',
  ])
})

test('secrets are fetched once, and fail where they are used', async t => {
  const masker = createMasker()
  const asked: string[][] = []
  const text = `project: shop
secrets: { E: { env: PW }, F: { file: keys/db }, C: { command: [pass, show] }, NONE: { env: NO }, BAD: { command: [fail] }, EMPTY: { file: /empty } }
hosts: { w: { password: { secret: F }, become: { password: { secret: NONE } } } }
`
  const files = { '/p/longshore.yaml': text, '/p/keys/db': 'from-file\n', '/empty': '\n' }
  const runCommand: ConfigContext['runCommand'] = async argv => {
    asked.push(argv)
    return argv[0] === 'pass'
      ? { code: 0, stdout: 'from-command\n', stderr: '' }
      : { code: 7, stdout: '', stderr: 'no such thing' }
  }
  const project = await loadProject(
    '/p/longshore.yaml',
    context(files, { masker, runCommand, environment: { PW: 'from-env' } }),
  )
  const at = { file: 'here', line: 1, column: 1 }
  t.same(asked, [], 'reading the file fetches nothing')
  t.throws(() => project.secrets.get('E', at), {
    message: 'the secret E was used before secrets were fetched',
    exit: 3,
  })
  await resolveSecrets(project)
  await resolveSecrets(project)
  t.same(asked, [['pass', 'show'], ['fail']], 'each once')
  t.same(
    ['E', 'F', 'C'].map(name => project.secrets.get(name, at).reveal()),
    ['from-env', 'from-file', 'from-command'],
  )
  t.equal(project.hosts[0]?.password?.reveal(), 'from-file')
  t.equal(masker.mask('x from-env from-file from-command'), 'x (secret E) (secret F) (secret C)')
  t.throws(() => project.hosts[0]?.become?.password, {
    message: 'cannot fetch the secret NONE: the environment variable NO is not set',
  })
  t.throws(() => project.secrets.get('BAD', at), {
    message: 'cannot fetch the secret BAD: fail ended with exit code 7',
    output: 'no such thing',
    at: { line: 2 },
  })
  t.throws(() => project.secrets.get('EMPTY', at), { message: 'the secret EMPTY is empty' })
  t.throws(() => project.secrets.get('e', at), { message: 'there is no secret "e"; did you mean "E"?', at })
})

test('a playbook: all its words', async t => {
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
    ignore_errors: false,
    no_log: false,
  })
  t.match(second, {
    name: 'motd',
    when: { text: '(facts.os.family == "debian") && (true)' },
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
})

test('a playbook: mistakes', async t => {
  const rows: [string, string, string[]][] = [
    [
      'words',
      '- tasks:\n    - packge: { name: x }\n    - package: { nam: x }\n      notify: tel\n    - package: { name: x }\n      retries: 3\n      become: yes\n    - name: nothing\n    - package: { name: a }\n      copy: { dest: /a }\n  handlers:\n    - name: tell\n      command: { argv: [a] }\n    - command: { argv: [b] }\n',
      [
        '2:7: unknown word "packge" in a task; did you mean "package"?',
        '3:7: package.name is missing (text or a list)',
        '3:18: unknown key "nam" in package; did you mean "name"?',
        '4:15: there is no handler "tel" in this play; did you mean "tell"?',
        '6:7: retries is not supported by this version',
        '7:15: become must be true or false, not "yes"',
        '8:7: a task needs a resource: one of command, copy, package',
        '10:7: a task does one thing; this one has package and copy',
        '14:7: a handler needs a name',
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
        '4:36: unknown key "zap" in copy; known keys: content, dest, mode',
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
      '- roles: [x]\n  package: { name: x }\n  tsks: []\n- 5\n',
      [
        '1:3: roles is not supported by this version',
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
})

test('every key of the JSON Schema explains itself', t => {
  const part = z.strictObject({ image: z.string().describe('The image.') })
  const schema = jsonSchema({ service: part, image: part, network: part, volume: part })
  const silent: string[] = []
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, inner] of Object.entries(node)) {
      if (key === 'properties')
        for (const [name, property] of Object.entries(inner as Record<string, object>))
          if (!('description' in property)) silent.push(`${path}/${name}`)
      walk(inner, `${path}/${key}`)
    }
  }
  walk(schema, '')
  t.same(silent, [])
  t.match(schema, { required: ['project'], patternProperties: { '^x-': {} }, properties: { hosts: {}, engine: {} } })
  t.end()
})

test('300 damaged files give errors for users and nothing else', async t => {
  const whole = `project: shop
vars: &v { domain: shop.test, list: [1, 2], text: "{{ domain }} \${X:-y}" }
hosts:
  web1: { address: 192.0.2.10, port: 22, become: { password: { secret: DB } }, labels: { role: web }, vars: { <<: *v } }
  db1: { jump: web1 }
groups: { front: { hosts: ["web*", "!db1"], engine: { users: [a] } } }
engine: { source: distro }
secrets: { DB: { env: PW } }
playbooks: [b.yaml, { play: b.yaml, on: role=web, stage: after-containers }]
containers: { app: { image: "x:1", on: front } }
`
  const play =
    '- hosts: all\n  vars: { a: "{{ b }}" }\n  tasks:\n    - package: { name: [a, "{{ x }}"] }\n      when: a == "b" && c.exists(x, x > 1)\n      notify: h\n  handlers:\n    - { name: h, command: { argv: [a] }, check: "true" }\n'
  let seed = 12345
  const random = (below: number): number => {
    seed = (seed + 0x6d2b79f5) | 0
    const mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
  const bits = [
    '{',
    '}',
    '[',
    ']',
    ':',
    '\n',
    '  ',
    '"',
    "'",
    '*v',
    '&v',
    '<<',
    '!',
    '- ',
    '{{',
    '}}',
    '\t',
    '#',
    '~',
    '0',
    '__proto__',
    '\u0000',
    '|',
    '${',
    ',',
    '\u{1F600}',
  ]
  const damage = (text: string): string => {
    let out = text
    for (let times = 1 + random(4); times > 0; times--) {
      const at = random(out.length)
      const cut = random(3) === 0 ? random(12) : 0
      out = out.slice(0, at) + (random(4) === 0 ? '' : (bits[random(bits.length)] ?? '')) + out.slice(at + cut)
    }
    return out
  }
  let refused = 0
  for (let round = 0; round < 300; round++) {
    const [file, book] = round % 2 === 0 ? [damage(whole), play] : [whole, damage(play)]
    try {
      const project = await load(file, { '/p/b.yaml': book })
      for (const host of project.hosts) selectHosts(parseSelector(host.name, host.at), project)
    } catch (error) {
      refused++
      if (!(error instanceof UserError) || error.at === undefined)
        t.fail(`round ${round}: ${messageOf(error)}\n${file}\n${book}`)
    }
  }
  t.ok(refused > 150, `${refused} of 300 were refused`)
})
