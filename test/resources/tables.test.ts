// What each kind makes of recorded answers, and which YAML it refuses.
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'tap'
import { readYaml } from '../../core/config/yaml.js'
import type { AnyResource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { resources } from '../../resources/index.js'
import { recorded } from './recorded.js'
import { kindOf } from './shells.js'

const here = new URL('../../../', import.meta.url)

const noUnit = { what: 'state', from: 'no such unit', to: 'running' }

/** Kind, YAML, recorded answer, changes, verb (where there is a change), words of the script (likewise). */
const rows: [string, unknown, string, object[], string?, RegExp?][] = [
  ['service', { name: 'a', state: 'started' }, 'service-no-such-unit', [noUnit], 'start', /systemctl start a </],
  ['service', { name: 'a', state: 'stopped', enabled: false }, 'service-no-such-unit', []],
  ['service', { name: 'a', enabled: true }, 'service-no-such-unit', [{ from: 'no such unit', to: 'yes' }], 'enable'],
  ['service', { name: 'a', state: 'started', enabled: true }, 'service-running', []],
  ['service', { name: 'a', enabled: false }, 'service-running', [{ from: 'enabled', to: 'no' }], 'disable'],
  ['service', { name: 'a', state: 'stopped' }, 'service-running', [{ from: 'running', to: 'stopped' }], 'stop'],
  ['service', { name: 'a', state: 'restarted' }, 'service-running', [{ from: 'running', to: 'restarted' }], 'restart'],
  ['service', { name: 'a', state: 'reloaded' }, 'service-stopped', [{ from: 'stopped', to: 'reloaded' }], 'reload'],
  ['service', { name: 'a', state: 'started' }, 'service-failing', [{ from: 'auto-restart', to: 'running' }], 'start'],
  [
    'service',
    { name: 'redis', state: 'started', enabled: true },
    'service-nothing',
    [{ what: 'state', from: 'no such service', to: 'running' }],
    'start',
  ],
  [
    'service',
    { name: 'redis', state: 'started', daemon: { argv: ['redis-server'] } },
    'service-nothing',
    [{ from: 'stopped', to: 'running' }],
    'start',
    /start-stop-daemon --start[\s\S]* redis-server </,
  ],
  ['service', { name: 'redis', enabled: true }, 'service-nothing', []],
  ['service', { name: 'procps', state: 'started', enabled: true }, 'service-by-script', []],
  [
    'service',
    { name: 'procps', enabled: false },
    'service-by-script',
    [{ what: 'enabled', from: 'yes', to: 'no' }],
    'disable',
    /update-rc.d procps disable/,
  ],
  [
    'service',
    { name: 'dbus', state: 'started' },
    'service-script-stopped',
    [{ from: 'stopped', to: 'running' }],
    'start',
  ],
  ['group', 'sudo', 'group-present', []],
  ['group', { name: 'sudo', gid: 27 }, 'group-present', []],
  ['group', { name: 'sudo', gid: 28 }, 'group-present', [{ from: '27', to: '28' }], 'change', /groupmod -g 28 sudo/],
  ['group', 'docker', 'group-absent', [{ from: 'absent', to: 'present' }], 'create', /groupadd docker/],
  ['group', { name: 'docker', state: 'absent' }, 'group-absent', []],
  ['user', 'deploy', 'user-in-sudo', []],
  ['user', { name: 'deploy', uid: 1000, groups: ['sudo', 'deploy'], shell: '/bin/bash' }, 'user-in-sudo', []],
  [
    'user',
    { name: 'deploy', groups: ['docker'], comment: 'D' },
    'user-in-sudo',
    [{ what: 'comment' }, { what: 'groups', from: 'sudo', to: 'sudo, docker' }],
    'change',
    /usermod -c D -a -G docker deploy/,
  ],
  ['user', { name: 'deploy', groups: [], append: false }, 'user-in-sudo', [{ from: 'sudo', to: 'none' }], 'change'],
  [
    'user',
    { name: 'deploy', state: 'absent', remove: true },
    'user-in-sudo',
    [{ to: 'absent', loses: 'everything in /home/deploy' }],
    'remove',
    /userdel -r deploy/,
  ],
  [
    'user',
    { name: 'deploy', groups: ['sudo'] },
    'user-absent',
    [{ to: 'present, in sudo' }],
    'create',
    /useradd -G sudo -m/,
  ],
  ['file', { path: '/etc', state: 'directory', mode: '755', owner: 0 }, 'file-directory', []],
  [
    'file',
    { path: '/etc', state: 'directory', mode: '0700' },
    'file-directory',
    [{ from: '0755', to: '0700' }],
    'change',
  ],
  ['file', { path: '/bin', src: 'usr/bin' }, 'file-link', []],
  [
    'file',
    { path: '/x', src: 'usr' },
    'file-link',
    [{ from: 'link to usr/bin', to: 'link to usr' }],
    'change',
    /ln -sfn/,
  ],
  [
    'file',
    { path: '/x', state: 'absent' },
    'file-link',
    [{ from: 'link to usr/bin', to: 'absent' }],
    'remove',
    /^rm -rf/,
  ],
  ['file', { path: '/x', state: 'absent' }, 'file-directory', [{ loses: 'everything in /x' }], 'remove'],
  ['file', { path: '/x', state: 'absent' }, 'file-absent', []],
  ['file', { path: '/x', content: '12.15\n' }, 'file-text', []],
  ['file', { path: '/x', content: '13' }, 'file-text', [{ what: 'content', from: '6 bytes', to: '2 bytes' }], 'write'],
]

for (const [kind, yaml, fixture, changes, verb, words] of rows)
  test(`${kind} ${JSON.stringify(yaml)} on ${fixture}`, async t => {
    const resource = kindOf(kind)
    const want = resource.schema.parse(yaml)
    const seen = resource.read(recorded(fixture), want)
    const found = resource.diff(want, seen)
    t.equal(found.length, changes.length, 'as many changes')
    t.match(found, changes)
    const scripts = resource.apply(want, seen)
    if (changes.length > 0) t.ok(scripts.length > 0, 'a script where there is a change')
    if (verb !== undefined) t.equal(resource.verb(want, seen), verb)
    if (words !== undefined) t.match(scripts[0]?.sh, words)
  })

/** Kind, YAML, words of the refusal. */
const refused: [string, unknown, RegExp][] = [
  ['file', { path: '/x', mode: 644 }, /in quotes/],
  ['file', { path: '/x', mode: 'u=rw' }, /in quotes/],
  ['file', { path: 'x' }, /absolute/],
  ['file', { path: '/', state: 'absent' }, /never removed/],
  ['file', { path: '/etc/../usr//bin/', state: 'absent' }, /never removed/],
  ['file', { path: '/var/lib/docker', state: 'absent' }, /never removed/],
  ['file', { path: '/x', state: 'link' }, /src/],
  ['file', { path: '/x', state: 'directory', content: '' }, /state: file/],
  ['file', { path: '/x', state: 'directory', recurse: true }, /needs a mode/],
  ['copy', { dest: '/x' }, /either src or content/],
  ['copy', { dest: '/x', src: 'a', content: 'b' }, /either src or content/],
  ['service', { name: 'a' }, /give a state/],
  ['service', { name: '-h', state: 'started' }, /name of a unit/],
  ['user', { name: 'a:b' }, /must be a name/],
  ['cron', { name: 'a', minute: 99, job: 'x' }, /from 0 to 59/],
  ['cron', { name: 'a', hour: '0-24', job: 'x' }, /from 0 to 23/],
  ['cron', { name: 'a', day: 0, job: 'x' }, /from 1 to 31/],
  ['command', { argv: ['a'], sh: 'a' }, /either argv or sh/],
  ['command', { sh: 'a', read_only: true, creates: '/x' }, /runs each time/],
  ['command', { argv: [{ secret: 'A' }] }, /process list|Invalid input/],
  ['command', { sh: 'a', environment: { 'A B': '1' } }, /name of a variable/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} refuses ${JSON.stringify(yaml)}`, async t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
  })

/** What a kind's own example gives it. */
function exampleOf({ kind, example = '' }: AnyResource): unknown {
  const tasks = readYaml(example, kind).value as Record<string, unknown>[]
  return tasks.find(task => kind in task)?.[kind]
}

test('an answer that is none is a fault', t => {
  for (const one of resources) {
    const loaded = one.kind === 'copy' ? { items: [{}] } : {}
    const want = { ...(one.schema.parse(exampleOf(one)) as object), ...loaded }
    t.throws(() => one.read('', want), { name: 'UserError' }, one.kind)
  }
  t.end()
})

/** A file that makes a kind says so in the first line of what it exports. */
const makesKind = /^export const \w+(?:: [^=\n]+)? = (?:resource|editing|keysOf)\b|^export const shell\b/m

test('the list names every kind of the folder, and each documents its YAML', t => {
  const folder = new URL('resources/', here)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && makesKind.test(readFileSync(new URL(name, folder), 'utf8')))
    .map(name => basename(name))
  t.same(files.sort(), resources.map(one => `${one.kind}.ts`).sort())
  for (const { kind, schema } of resources) {
    const { properties = {} } = z.toJSONSchema(schema, { io: 'input' })
    // Its fields are the user's own variables.
    if (kind !== 'set_fact') t.ok(Object.keys(properties).length >= 1, kind)
    for (const [name, property] of Object.entries(properties))
      t.ok(typeof property === 'object' && property.description, `${kind}.${name} is described`)
  }
  t.end()
})

test('only a command without a check is unknown', async t => {
  const { schema, unknown } = kindOf('command')
  t.equal(unknown?.(schema.parse('reboot')), true)
  for (const more of [{ check: 'a' }, { creates: '/a' }, { removes: '/a' }, { read_only: true }])
    t.equal(unknown?.(schema.parse({ sh: 'reboot', ...more })), false)
})
