// What the kinds ufw and nft make of recorded answers, what a firewall would let in, and which YAML they refuse.
import { test } from 'tap'
import { recorded, testAnswer } from '../recorded.js'
import { kindOf } from '../shells.js'

const table = { name: 'front', rules: 'chain input {\n  type filter hook input priority 0; policy accept;\n}' }

/** Kind, YAML, recorded answer, changes, words of all scripts (where there is a change). */
const rows: [string, unknown, string, object[], RegExp?][] = [
  ['ufw', 'allow 22/tcp', 'ufw-missing', [{ what: /^rule allow in/, from: 'absent' }], /install the package ufw/],
  [
    'ufw',
    { state: 'enabled' },
    'ufw-off',
    [{ what: 'state', from: 'disabled', to: 'enabled' }],
    /no rule allows port 22\/tcp. Add the rule/,
  ],
  ['ufw', { state: 'enabled', force: true }, 'ufw-off', [{}], /ufw --force enable/],
  [
    'ufw',
    { state: 'enabled', default: 'allow' },
    'ufw-off',
    [{ what: 'default incoming', from: 'deny', to: 'allow' }, {}],
    /ufw default allow incoming[\s\S]*enable/,
  ],
  [
    'ufw',
    { state: 'enabled', rules: ['limit 22'] },
    'ufw-off',
    [{}, {}],
    /ufw limit in from any to any port 22 <[\s\S]*ufw --force enable/,
  ],
  [
    'ufw',
    { state: 'enabled', rules: [{ rule: 'allow', port: '20:30', proto: 'tcp' }] },
    'ufw-off',
    [{}, {}],
    /ufw --force enable/,
  ],
  ['ufw', { state: 'enabled', rules: ['allow 22/udp'] }, 'ufw-off', [{}, {}], /nobody could log in/],
  [
    'ufw',
    { state: 'enabled', rules: [{ rule: 'allow', port: 22, from: '192.0.2.0/24' }] },
    'ufw-off',
    [{}, {}],
    /nobody could log in/,
  ],
  ['ufw', { state: 'enabled', rules: ['deny 22', 'allow 22/tcp'] }, 'ufw-off', [{}, {}, {}], /nobody could log in/],
  ['ufw', { state: 'enabled', rules: ['allow OpenSSH'] }, 'ufw-off', [{}, {}], /to any app OpenSSH/],
  ['ufw', { state: 'disabled' }, 'ufw-off', []],
  ['ufw', { rule: 'deny', port: 80 }, 'ufw-off', [{ from: 'absent' }], /ufw deny in from any to any port 80 </],
  [
    'ufw',
    {
      state: 'enabled',
      default: { incoming: 'deny', outgoing: 'allow' },
      logging: 'low',
      rules: ['allow 22/tcp', 'limit OpenSSH'],
    },
    'ufw-on',
    [],
  ],
  ['ufw', { rule: 'allow', port: 5432, proto: 'tcp', from: '10.1.2.3/8', comment: 'data base' }, 'ufw-on', []],
  [
    'ufw',
    { rule: 'allow', port: 5432, proto: 'tcp', from: '10.0.0.0/8' },
    'ufw-on',
    [{ from: 'allow', to: 'present' }],
  ],
  ['ufw', { rule: 'deny', port: 23, interface: 'eth0' }, 'ufw-on', []],
  ['ufw', { rule: 'allow', port: '443,80', proto: 'tcp', from: '2001:db8::/32' }, 'ufw-on', []],
  ['ufw', { rule: 'reject', direction: 'out', to: '192.0.2.1/32' }, 'ufw-on', []],
  [
    'ufw',
    { rule: 'deny', port: 23, interface: 'eth0', delete: true },
    'ufw-on',
    [{ from: 'present', to: 'absent' }],
    /ufw --force delete deny in on eth0 from any to any port 23 </,
  ],
  ['ufw', { rules: [{ rule: 'allow', port: 22, proto: 'tcp', delete: true }] }, 'ufw-on', [{}], /ufw --force delete/],
  [
    'ufw',
    {
      rules: [
        { rule: 'allow', port: 22, proto: 'tcp', delete: true },
        { rule: 'limit', app: 'OpenSSH', delete: true },
      ],
    },
    'ufw-on',
    [{}, {}],
    /nobody could log in/,
  ],
  ['ufw', { rule: 'deny', port: 22, proto: 'tcp' }, 'ufw-on', [{ from: 'allow' }], /nobody could log in/],
  ['ufw', { rule: 'deny', port: 22, from: '203.0.113.0/24', insert: 1 }, 'ufw-on', [{}], /nobody could log in/],
  ['ufw', { state: 'disabled' }, 'ufw-on', [{ from: 'enabled', to: 'disabled' }], /ufw --force disable/],
  [
    'nft',
    table,
    'nft-missing',
    [{ what: 'content' }, { what: 'table' }, { what: 'nftables.conf' }],
    /install the package nftables/,
  ],
  [
    'nft',
    table,
    'nft-none',
    [{ what: 'content' }, { from: 'not loaded' }, {}, { what: 'service nftables' }],
    /nft -c -f "\$1"[\s\S]*systemctl enable nftables/,
  ],
  [
    'nft',
    { ...table, enabled: false },
    'nft-none',
    [{ what: 'content' }, { what: 'table' }],
    /mkdir -p .etc.nftables\.d/,
  ],
  ['nft', table, 'nft-loaded', []],
  ['nft', table, 'nft-changed', [{ what: 'table', from: 'other rules' }], /nft -f .etc.nftables\.d.front\.nft/],
  [
    'nft',
    { name: 'front', state: 'absent' },
    'nft-loaded',
    [{ to: 'absent' }, { from: 'loaded' }],
    /nft delete table inet front[\s\S]*rm -f .etc.nftables\.d.front\.nft/,
  ],
  ['nft', { name: 'front', state: 'absent' }, 'nft-none', []],
]

for (const row of rows)
  test(`${row[0]} ${JSON.stringify(row[1]).slice(0, 120)} on ${row[2]}`, t => testAnswer(t, row, { words: row[4] }))

test('from where we are connected decides what locks out', async t => {
  const { schema, read, apply } = kindOf('ufw')
  const script = (yaml: object, from: string): string => {
    const want = schema.parse({ state: 'enabled', ...yaml })
    const connected = recorded('ufw-off').replace('connection=', `connection=${from} 50000 198.51.100.1 2222`)
    return apply(want, read(connected, want))[0]?.sh ?? ''
  }
  const near = { rules: [{ rule: 'allow', port: 2222, proto: 'tcp', from: '192.0.2.0/24' }] }
  t.match(script(near, '192.0.2.7'), 'ufw --force enable')
  t.match(script(near, '203.0.113.7'), /no rule allows port 2222\/tcp from 203\.0\.113\.7/)
  t.match(script({ rules: ['allow 22/tcp'] }, '192.0.2.7'), /port 2222/, 'the port that is used, not the usual one')
  t.match(
    script({ rules: [{ rule: 'allow', port: 2222, from: '2001:db8::/32' }] }, '2001:db8::7'),
    'ufw --force enable',
  )
  t.match(
    script({ rules: [{ rule: 'deny', from: '203.0.113.0/24' }, 'allow 2222'] }, '192.0.2.7'),
    'ufw --force enable',
  )
})

for (const [kind, yaml, fixture] of [
  ['ufw', 'allow 22', 'ufw-on'],
  ['nft', table, 'nft-loaded'],
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
  ['ufw', {}, /says nothing/],
  ['ufw', 'allow ssh/tcp', /must be|Invalid|profile|instead/i],
  ['ufw', 'open 22', /allow/],
  ['ufw', { rule: 'allow', port: 70000 }, /65535/],
  ['ufw', { rule: 'allow', port: '80,443' }, /needs proto: tcp or udp/],
  ['ufw', { rule: 'allow', port: 80, app: 'WWW' }, /instead of port/],
  ['ufw', { rule: 'allow', from: 'web1' }, /must be an address/],
  ['ufw', { rule: 'allow', comment: "it's" }, /without '/],
  ['ufw', { rules: ['allow 1'], port: 2 }, /port/],
  ['nft', { name: 'a' }, /is needed/],
  ['nft', { name: 'a b', rules: '' }, /letters, digits/],
  ['nft', { name: 'a', family: 'inet6', rules: '' }, /inet/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} refuses ${JSON.stringify(yaml)}`, async t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
  })
