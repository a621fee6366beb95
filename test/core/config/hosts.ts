// Hosts and what stands beside them: defaults, merging, selectors, services, secrets.
import type { Test } from 'tap'
import {
  type ConfigContext,
  loadProject,
  parseSelector,
  resolveSecrets,
  selectHosts,
} from '../../../core/config/index.js'
import { createMasker } from '../../../core/secret.js'
import { context, load, mistakes } from './project-in-memory.js'

/** Defaults, merging, selectors, and no hosts at all. */
export async function testHosts(t: Test): Promise<void> {
  for (const [managers, expected] of [
    ['a', []],
    ['[a, b]', ['3:22 2 managers tolerate no more failures than 1: take an odd number']],
    ['[a, b, c]', []],
    ['all', ['3:22 4 managers tolerate no more failures than 3: take an odd number']],
  ] as const) {
    const { warnings } = await load(
      `project: shop\nengine: { provider: swarm,\n  swarm: { managers: ${managers} } }\nhosts: { a: , b: , c: , d: }\n`,
    )
    const told = warnings.map(({ text, at }) => `${at.line}:${at.column} ${text}`)
    t.same(told, expected, `managers: ${managers}`)
  }
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
  t.match(web1?.engine, {
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
}

/** Services, images, networks, volumes and the environment are handed on. */
export async function testHandedOn(t: Test): Promise<void> {
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
  t.same(await mistakes(() => load('project: a', { '/p/.env': 'A=1\nno sense\n' })), [
    'exit 3',
    '.env:2:1: this line is not NAME=value',
  ])
}

/** Each secret is fetched once, and fails where it is used. */
export async function testSecrets(t: Test): Promise<void> {
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
}
