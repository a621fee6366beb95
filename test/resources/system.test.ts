// What the kinds of resources/system and resources/flow make of recorded answers, and which YAML they and the text kinds refuse.
import { test } from 'tap'
import { testAnswer } from './recorded.js'
import { contextIn, kindOf } from './shells.js'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'
const unit = '[Service]\nType=oneshot\nExecStart=/bin/true'
const folder = { what: '.ssh mode', from: '0755', to: '0700' }
const backup = { name: 'backup', minute: 5, hour: '*/2', job: '/bin/true' }

/** Kind, YAML, recorded answer, changes, words of all scripts (where there is a change). */
const rows: [string, unknown, string, object[], RegExp?][] = [
  [
    'cron',
    backup,
    'cron-missing',
    [{ from: 'absent, as is cron', to: '5 */2 * * * /bin/true' }],
    /install the package/,
  ],
  ['cron', { ...backup, state: 'absent' }, 'cron-missing', []],
  ['cron', backup, 'cron-empty', [{ from: 'absent' }], /crontab -u root -\n/],
  ['cron', backup, 'cron-job', []],
  ['cron', { name: 'backup', job: '/bin/true', special_time: 'daily' }, 'cron-job', [{ to: '@daily /bin/true' }]],
  ['cron', { ...backup, disabled: true }, 'cron-job', [{ to: '#5 */2 * * * /bin/true' }]],
  ['cron', { ...backup, state: 'absent' }, 'cron-job', [{ from: '5 */2 * * * /bin/true', to: 'absent' }]],
  ['authorized_key', { user: 'x', key }, 'keys-no-user', [{ from: 'no such user' }], /there is no user x/],
  ['authorized_key', { user: 'x', key, state: 'absent' }, 'keys-no-user', []],
  [
    'authorized_key',
    { user: 'x', key },
    'keys-none',
    [{ what: '.ssh' }, { what: 'keys' }],
    /mkdir -p .home.deploy.\.ssh/,
  ],
  ['authorized_key', { user: 'x', key: `${key} another name` }, 'keys-one', [folder], /chmod 0700/],
  ['authorized_key', { user: 'x', key: [key, other] }, 'keys-one', [folder, { diff: /^ ssh.*\n\+ssh/m }]],
  ['authorized_key', { user: 'x', key: other, exclusive: true }, 'keys-one', [folder, { diff: /^-ssh.*\n\+ssh/m }]],
  ['authorized_key', { user: 'x', key: `no-pty ${key}` }, 'keys-one', [folder, { diff: /\n-ssh.*\n\+no-pty ssh/ }]],
  ['sysctl', { name: 'net.ipv4.tcp_rmem', value: '4096 131072 33554432' }, 'sysctl-set', [{ what: 'content' }]],
  ['sysctl', { name: 'net.ipv4.tcp_rmem', value: 1 }, 'sysctl-set', [{ what: 'content' }, { what: 'value', to: '1' }]],
  ['sysctl', { name: 'net.ipv4.tcp_rmem', value: 1, reload: false }, 'sysctl-set', [{ what: 'content' }]],
  ['sysctl', { name: 'net.ipv4.tcp_rmem', state: 'absent' }, 'sysctl-set', []],
  ['sysctl', { name: 'a.b', value: 1 }, 'sysctl-none', [{}, { from: 'no such setting' }], /a module to be loaded/],
  [
    'sysctl',
    { name: 'net.ipv4.conf.eth0/1.x', value: 1 },
    'sysctl-none',
    [{}, {}],
    /\/proc\/sys\/net\/ipv4\/conf\/eth0\.1\/x/,
  ],
  ['timezone', 'Etc/UTC', 'timezone', []],
  ['timezone', 'Europe/Berlin', 'timezone', [{ from: 'Etc/UTC' }, { what: '/etc/timezone' }], /package tzdata/],
  ['hostname', 'web1', 'hostname', [{ what: '/etc/hostname' }, { what: 'hostname', to: 'web1' }], /hostname web1/],
  ['hostname', { name: 'web1', use: 'boot' }, 'hostname', [{ what: '/etc/hostname' }]],
  ['systemd_unit', { name: 'a.service', content: unit }, 'unit-absent', [{ from: 'absent' }], /daemon-reload/],
  ['systemd_unit', { name: 'a.service', content: unit }, 'unit-stale', [{ what: 'systemd' }], /daemon-reload/],
  ['systemd_unit', { name: 'a.service', state: 'absent' }, 'unit-absent', []],
  [
    'systemd_unit',
    { name: 'a.service', state: 'absent' },
    'unit-stale',
    [{ to: 'absent' }],
    /disable --now.*\n.*rm -f/s,
  ],
  [
    'sudoers',
    { name: 'ops', group: 'ops', commands: '/bin/ls' },
    'sudoers-absent',
    [{ diff: /\+%ops ALL=\(ALL\) NOPASSWD: \/bin\/ls\n/ }],
    /visudo -cf/,
  ],
  [
    'sudoers',
    { name: 'ops', user: 'a', commands: ['/a', '/b'], nopassword: false, runas: 'www' },
    'sudoers-absent',
    [{ diff: /\+a ALL=\(www\) \/a, \/b\n/ }],
  ],
  ['sudoers', { name: 'ops', state: 'absent' }, 'sudoers-absent', []],
  [
    'line',
    { path: '/x', regexp: '^#?PermitRootLogin', line: 'PermitRootLogin no' },
    'text-sshd-config',
    [{ diff: /^-#PermitRootLogin prohibit-password\n\+PermitRootLogin no$/m }],
  ],
  ['line', { path: '/x', line: 'UsePAM yes' }, 'text-sshd-config', []],
  ['wait_for', { port: 22 }, 'wait-port', []],
  [
    'wait_for',
    { port: 22, state: 'absent' },
    'wait-port',
    [{ from: 'an answer', to: 'no answer' }],
    /after 300 seconds/,
  ],
]

/** Their scripts look for themselves. */
const alwaysScripted = new Set(['timezone', 'wait_for'])

for (const row of rows)
  test(`${row[0]} ${JSON.stringify(row[1]).slice(0, 120)} on ${row[2]}`, t =>
    testAnswer(t, row, { words: row[4], always: alwaysScripted.has(row[0]) }))

test('a job or a block that Ansible made is taken over', async t => {
  const cron = kindOf('cron')
  const answer = `text\n${Buffer.from('#Ansible: backup\n1 * * * * /old\n0 0 * * * /mine\n').toString('base64')}\nend\n`
  const want = cron.schema.parse(backup)
  const [change] = cron.diff(want, cron.read(answer, want))
  t.match(
    change?.diff,
    / #Ansible: backup\n-1 \* \* \* \* \/old\n\+5 \*\/2 \* \* \* \/bin\/true\n 0 0 \* \* \* \/mine\n/,
  )
})

test('what an assertion says', async t => {
  const { read, schema, diff, apply, load } = kindOf('assert')
  const told = async (yaml: object) => {
    const want = await load?.(schema.parse(yaml), contextIn('/'))
    const seen = read('asked\n', want)
    return { changes: diff(want, seen), script: apply(want, seen)[0]?.sh }
  }
  t.same((await told({ that: [true, 'facts.ready'] })).changes, [])
  const wrong = await told({ that: [true, 'facts.gone'], msg: 'no room left' })
  t.match(wrong.changes, [{ from: 'no room left (false: facts.gone)' }])
  t.match(wrong.script, /no room left.*exit 1/)
  t.match((await told({ that: false })).changes, [{ from: 'what must hold does not' }])
})

/** Kind, YAML, words of the refusal. */
const refused: [string, unknown, RegExp][] = [
  ['line', { path: '/x' }, /is needed/],
  ['line', { path: '/x', line: 'a\nb' }, /one line/],
  ['line', { path: '/x', line: 'a', regexp: '(?i)a' }, /as JavaScript writes it/],
  ['line', { path: '/x', line: 'a', insertafter: 'a', insertbefore: 'b' }, /not both/],
  ['line', { path: '/x', line: 'a', validate: 'true' }, /as %s/],
  ['block', { path: '/x', marker: '# mine' }, /holds \{mark\}/],
  ['ini', { path: '/x', section: 'a', option: 'b' }, /is needed/],
  ['file', { path: '/x', backup: true }, /goes with content/],
  ['sudoers', { name: 'a.b', content: 'x' }, /ignores files with a dot/],
  ['sudoers', { name: 'a', user: 'b', group: 'c', commands: 'ALL' }, /one of content, user and group/],
  ['authorized_key', { user: 'a', key: 'what is this' }, /must be public keys/],
  ['cron', { name: 'a', job: 'b', minute: '5 5' }, /crontab\(5\)/],
  ['cron', { name: 'a', job: 'b', special_time: 'daily', hour: 1 }, /stands instead of/],
  ['sysctl', { name: '../x', value: 1 }, /must be a name such as/],
  ['systemd_unit', { name: 'tick', content: 'x' }, /full name of a unit/],
  ['timezone', '../../etc/passwd', /such as Europe/],
  ['hostname', 'a_b', /host name/],
  ['wait_for', { port: 1, path: '/x' }, /either a port, a path or a url/],
  ['assert', { that: [] }, /that/],
  ['shell', { argv: ['a'] }, /argv|sh/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} refuses ${JSON.stringify(yaml)}`, async t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
  })
