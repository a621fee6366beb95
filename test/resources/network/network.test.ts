// What the kinds sshd and hosts_file make of recorded answers, and which YAML they refuse.
import { test } from 'tap'
import { recorded, testAnswer } from '../recorded.js'
import { kindOf } from '../shells.js'

const login = { settings: { PermitRootLogin: 'no', LoginGraceTime: '1m' } }

/** Kind, YAML, recorded answer, changes, words of all scripts (where there is a change). */
const rows: [string, unknown, string, object[], RegExp?][] = [
  [
    'sshd',
    login,
    'sshd-plain',
    [{ from: 'absent', diff: /\+PermitRootLogin no\n\+LoginGraceTime 1m\n/ }],
    /holds permitrootlogin 'permitrootlogin no'/,
  ],
  [
    'sshd',
    { settings: { Port: [22, 2222], Ciphers: ['a', 'b'], UsePAM: true } },
    'sshd-plain',
    [{ diff: /\+Port 22\n\+Port 2222\n\+Ciphers a,b\n\+UsePAM yes\n/ }],
  ],
  [
    'sshd',
    { match: { 'Group sftp': { AuthorizedKeysFile: ['a', 'b'] } } },
    'sshd-plain',
    [{ diff: /\+Match Group sftp\n\+ {4}AuthorizedKeysFile a b\n/ }],
  ],
  ['sshd', { state: 'absent' }, 'sshd-plain', []],
  [
    'sshd',
    login,
    'sshd-overruled',
    [
      { what: 'effective permitrootlogin', from: 'yes', to: 'no' },
      { what: 'sshd', to: 'has read them' },
    ],
    /systemctl reload/,
  ],
  [
    'sshd',
    { state: 'absent' },
    'sshd-overruled',
    [{ from: 'present', to: 'absent' }],
    /rm -f .etc.ssh.sshd_config\.d.00-longshore\.conf/,
  ],
  [
    'sshd',
    login,
    'sshd-no-include',
    [
      {
        diff: /\n\+# BEGIN LONGSHORE 00-longshore\n\+PermitRootLogin no\n\+LoginGraceTime 1m\n\+# END LONGSHORE 00-longshore\n/,
      },
    ],
    /-t -f "\$1"/,
  ],
  [
    'sshd',
    { ...login, match: { 'User a': { PermitTTY: false } } },
    'sshd-no-include',
    [
      {
        diff: /@@ -1,.*\n[\s\S]*@@[\s\S]*\+# BEGIN LONGSHORE 00-longshore match\n\+Match User a\n\+ {4}PermitTTY no\n/,
      },
    ],
  ],
  ['sshd', { state: 'absent' }, 'sshd-no-include', []],
  [
    'hosts_file',
    { ip: '192.0.2.1', names: ['db.example', 'db'] },
    'hosts',
    [{ diff: /\n\+192\.0\.2\.1\tdb\.example db\n/ }],
  ],
  [
    'hosts_file',
    { ip: '127.0.0.1', names: 'localhost app' },
    'hosts',
    [{ diff: /\n-127\.0\.0\.1\tlocalhost\n\+127\.0\.0\.1\tlocalhost app\n/ }],
  ],
  ['hosts_file', { ip: '127.0.0.1', names: 'app' }, 'hosts', [{ diff: /\n\+127\.0\.0\.1\tlocalhost app\n/ }]],
  ['hosts_file', { ip: '127.0.0.1', names: 'app', exclusive: true }, 'hosts', [{ diff: /\n\+127\.0\.0\.1\tapp\n/ }]],
  [
    'hosts_file',
    { ip: '::1', names: 'ip6-localhost localhost' },
    'hosts',
    [{ diff: /\n\+::1\tip6-localhost localhost ip6-loopback\n/ }],
  ],
  ['hosts_file', { ip: '::1', names: 'localhost ip6-loopback' }, 'hosts', []],
  [
    'hosts_file',
    { ip: '192.0.2.1', names: 'localhost' },
    'hosts',
    [{ diff: /^-127\.0\.0\.1\tlocalhost\n( .*\n)*\+192\.0\.2\.1\tlocalhost\n/m }],
  ],
  ['hosts_file', { names: 'ip6-localnet', state: 'absent' }, 'hosts', [{ diff: /-fe00::0\tip6-localnet\n(?!\+fe00)/ }]],
  ['hosts_file', { ip: '::1', state: 'absent' }, 'hosts', [{ diff: /-::1\t.*\n ff|-::1/ }]],
  ['hosts_file', { names: 'nobody', state: 'absent' }, 'hosts', []],
]

for (const row of rows)
  test(`${row[0]} ${JSON.stringify(row[1]).slice(0, 120)} on ${row[2]}`, t => testAnswer(t, row, { words: row[4] }))

test('a server that refuses the settings says so in the plan', async t => {
  const { schema, read } = kindOf('sshd')
  const want = schema.parse({ settings: { PermitRootLogin: 'maybe' } })
  t.throws(() => read(recorded('sshd-refused'), want), {
    message: /refuses these settings/,
    output: 'line 1: unsupported option "maybe".',
  })
})

test('a file that an engine mounted is written in place', async t => {
  const { schema, read, apply } = kindOf('hosts_file')
  const want = schema.parse({ ip: '192.0.2.1', names: 'a' })
  const script = apply(want, read(recorded('hosts').replace('mounted=no', 'mounted=yes'), want))[0]
  t.match(script?.sh, /cat "\$new" >\/etc\/hosts/)
  t.notMatch(script?.sh, /mv -f/)
})

for (const [kind, yaml, fixture] of [
  ['sshd', login, 'sshd-plain'],
  ['hosts_file', { ip: '192.0.2.1', names: 'a' }, 'hosts'],
] as const)
  test(`${kind} does not take half an answer for a whole one`, async t => {
    const { schema, read } = kindOf(kind)
    const want = schema.parse(yaml)
    const whole = recorded(fixture)
    t.throws(() => read(whole.slice(0, whole.length / 2), want), { name: 'UserError' })
    t.throws(() => read('', want), { name: 'UserError' })
  })

/** Kind, YAML, words of the refusal. */
const refused: [string, unknown, RegExp][] = [
  ['sshd', {}, /give settings or match/],
  ['sshd', { settings: { Match: 'User a' } }, /give conditions by `match`/],
  ['sshd', { settings: { Include: '/x' } }, /cannot stand here/],
  ['sshd', { settings: { Port: '22\nPermitRootLogin yes' } }, /one line/],
  ['sshd', { settings: { 'Port 22': 1 } }, /name of a setting/],
  ['sshd', { name: '../x', settings: { Port: 22 } }, /letters, digits and dashes/],
  ['sshd', { setting: { Port: 22 } }, /setting/],
  ['hosts_file', { ip: '192.0.2', names: 'a' }, /must be an address|Invalid key/],
  ['hosts_file', { ip: '192.0.2.1' }, /needs a name/],
  ['hosts_file', { names: 'a' }, /needs an ip/],
  ['hosts_file', { ip: '192.0.2.1', names: 'a#b' }, /must be a host name/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} refuses ${JSON.stringify(yaml)}`, async t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
  })
