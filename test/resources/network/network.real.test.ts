// The kinds of resources/network on hosts with sshd, ufw and nftables: what is in force after each, and that nobody is locked out.
import { spawn } from 'node:child_process'
import { t as all, type Test, test } from 'tap'
import { type LabHost, labHost, pause } from '../../lab/index.js'
import { apply, converge, plan, type Shell } from '../shells.js'

all.setTimeout(120_000)

const busybox = '/usr/bin/busybox'
const on = (host: LabHost, ...shell: string[]): Shell => [
  'docker',
  'exec',
  '-i',
  '-e',
  'LC_ALL=C',
  host.container,
  ...shell,
]

/** A login as root over SSH that runs one command. */
const login = (host: LabHost, command: string) => {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=ERROR']
  const words = [...options.flatMap(one => ['-o', one]), '-i', host.identity, '-p', String(host.port)]
  const child = spawn('ssh', [...words, 'root@127.0.0.1', command])
  let said = ''
  child.stdout.setEncoding('utf8').on('data', text => (said += text))
  const ended = new Promise<number | null>(done => child.on('close', done))
  return { child, ended, said: () => said }
}

/** Kind, YAML, a look at the host, and what it must say. */
type Row = [string, unknown, string, RegExp | string]

const walk = async (t: Test, host: LabHost, shell: Shell, rows: readonly Row[]): Promise<void> => {
  for (const [kind, yaml, script, expected] of rows) {
    const row = `${kind} ${JSON.stringify(yaml)}`
    const { ended, changes, left } = await converge(kind, yaml, shell)
    t.same([ended.code, left], [0, []], `${row} ${ended.stderr}`)
    t.ok(changes.length > 0, row)
    const said = (await host.sh(script, { check: false })).stdout.trim()
    if (typeof expected === 'string') t.equal(said, expected, row)
    else t.match(said, expected, row)
  }
}

const dropIn = '/etc/ssh/sshd_config.d/00-longshore.conf'
const names = "grep -v -e localhost -e ip6 -e lab /etc/hosts | tr '\\t' ' '"

const fileRows: Row[] = [
  [
    'sshd',
    { settings: { PermitRootLogin: 'prohibit-password', AcceptEnv: ['A', 'B_*'] } },
    'sshd -T | grep -i acceptenv',
    /^acceptenv A\nacceptenv B_\*/,
  ],
  [
    'sshd',
    { settings: { MaxAuthTries: 3 }, match: { 'User ghost': { PermitTTY: false } } },
    'sshd -T -C user=ghost | grep -iE "maxauth|permittty"',
    'maxauthtries 3\npermittty no',
  ],
  ['sshd', { state: 'absent' }, `sshd -T | grep -i maxauth; ls ${dropIn}`, 'maxauthtries 6'],
  [
    'hosts_file',
    { ip: '192.0.2.1', names: ['db.example', 'db'] },
    `getent hosts db; ${names}`,
    '192.0.2.1       db.example db\n192.0.2.1 db.example db',
  ],
  [
    'hosts_file',
    { entries: { '192.0.2.2': 'db', '2001:db8::1': 'db' } },
    names,
    '192.0.2.1 db.example\n192.0.2.2 db\n2001:db8::1 db',
  ],
  ['hosts_file', { entries: { '192.0.2.1': [], '192.0.2.2': 'db' }, names: ['db'], state: 'absent' }, names, ''],
]

test('settings of sshd, and names, in all shells', async t => {
  const host = await labHost({ release: 'bookworm', mounts: [`${busybox}:${busybox}:ro`] })
  t.teardown(() => host.remove())
  const { stdout: before } = await host.sh('cat /etc/hosts /etc/ssh/sshd_config')
  for (const shell of [['dash'], ['bash', '--posix'], [busybox, 'sh']])
    await walk(t, host, on(host, ...shell), fileRows)
  const shell = on(host, 'sh')

  const session = login(host, 'echo in; read line; echo "still $line"')
  while (!session.said().includes('in')) await pause(50)
  t.equal((await converge('sshd', { settings: { AllowUsers: ['nobody'] } }, shell)).ended.code, 0)
  t.equal(await login(host, 'true').ended, 255, 'nobody else comes in: the new setting counts')
  session.child.stdin.end('here\n')
  t.equal(await session.ended, 0)
  t.match(session.said(), 'still here', 'the session has stayed')
  await walk(t, host, shell, [['sshd', { state: 'absent' }, '', '']])
  t.equal(await login(host, 'true').ended, 0)

  // An interrupted run: the file is written, the server has not read it.
  await converge('sshd', { settings: { MaxSessions: 7 } }, shell)
  await host.sh('mkdir -p /run/longshore && : >/run/longshore/sshd-due')
  t.match((await plan('sshd', { settings: { MaxSessions: 7 } }, shell)).changes, [
    { what: 'sshd', to: 'has read them' },
  ])
  t.same((await converge('sshd', { settings: { MaxSessions: 7 } }, shell)).left, [])

  await host.sh('echo "MaxSessions 9" >/etc/ssh/sshd_config.d/00-a.conf')
  const overruled = await plan('sshd', { settings: { MaxSessions: 7 } }, shell)
  t.match(overruled.changes, [{ what: 'effective maxsessions', from: '9', to: '7' }])
  t.match(await apply('sshd', overruled, shell), { code: 1, stderr: /not in force[\s\S]*00-a\.conf:1:MaxSessions 9/ })
  await host.sh('rm /etc/ssh/sshd_config.d/*')

  await t.rejects(plan('sshd', { settings: { MaxSessions: 'many' } }, shell), /refuses these settings/)
  const twice = await plan('sshd', { match: { 'User a': { Port: 22 } } }, shell)
  t.match(await apply('sshd', twice, shell), { code: 1, stderr: /not allowed within a Match block[\s\S]*is as it was/ })
  t.equal((await host.sh(`ls -A /etc/ssh/sshd_config.d`)).stdout, '', 'nothing is left of it')

  await host.sh('sed -i "/^Include/d; 1i # first" /etc/ssh/sshd_config; cp /etc/ssh/sshd_config /root/was')
  const both = { settings: { MaxAuthTries: 3 }, match: { 'User ghost': { PermitTTY: false } } }
  await walk(t, host, shell, [
    [
      'sshd',
      both,
      'head -2 /etc/ssh/sshd_config; sshd -T -C user=ghost | grep -iE "maxauth|permittty"',
      /MaxAuthTries 3\nmaxauthtries 3\npermittty no$/,
    ],
    [
      'sshd',
      { ...both, settings: { MaxAuthTries: 2 } },
      'sshd -T | grep -iE "maxauth|permittty"',
      'maxauthtries 2\npermittty yes',
    ],
    ['sshd', { state: 'absent' }, 'cmp /etc/ssh/sshd_config /root/was && echo same', 'same'],
  ])
  t.match(before, (await host.sh('cat /etc/hosts')).stdout, 'the lines of others have stayed')
})

test('sshd that nothing looks after is told by a signal', async t => {
  const host = await labHost({ release: 'bookworm', init: 'none' })
  t.teardown(() => host.remove())
  await walk(t, host, on(host, 'sh'), [['sshd', { settings: { AllowUsers: 'nobody' } }, '', '']])
  t.equal(await login(host, 'true').ended, 255)
})

const table = (port: number, more: object = {}): object => ({
  name: 'front',
  rules: `chain input {\n  type filter hook input priority 0; policy accept;\n  tcp dport ${port} counter drop\n}`,
  ...more,
})
const tables = 'nft list tables'

test('firewalls', async t => {
  const host = await labHost({ release: 'bookworm' })
  t.teardown(() => host.remove())
  const shell = on(host, 'sh')
  for (const [kind, yaml] of [
    ['ufw', { state: 'enabled', rules: ['allow 22/tcp'] }],
    ['nft', table(1)],
  ] as const)
    t.match(await apply(kind, await plan(kind, yaml, shell), shell), { code: 1, stderr: /install the package/ })
  await host.sh('apt-get update -q && apt-get install -y -q --no-install-recommends ufw nftables')

  await walk(t, host, shell, [
    [
      'nft',
      table(7),
      'nft list table inet front; systemctl is-enabled nftables',
      /tcp dport 7 counter[\s\S]*\nenabled$/,
    ],
    ['nft', table(8), 'nft list table inet front', /^(?![\s\S]*dport 7 )[\s\S]*dport 8/],
    ['nft', table(9, { name: 'other', family: 'ip', enabled: false }), tables, 'table inet front\ntable ip other'],
  ])
  await host.sh('nft add rule inet front input tcp dport 99 drop')
  await walk(t, host, shell, [['nft', table(8), 'nft list table inet front', /^(?![\s\S]*dport 99)/]])
  await host.sh('nft -f /etc/nftables.conf')
  t.same((await plan('nft', table(8), shell)).changes, [], 'what a boot loads is what was loaded')
  t.equal((await host.sh(`grep -c nftables.d /etc/nftables.conf`)).stdout, '1\n')
  t.match(await apply('nft', await plan('nft', table(99999), shell), shell), {
    code: 1,
    stderr: /Error: [\s\S]*is as it was/,
  })
  t.match((await host.sh('nft list table inet front')).stdout, /dport 8 /)
  await walk(t, host, shell, [
    ['nft', { name: 'front', state: 'absent' }, `${tables}; ls /etc/nftables.d`, /^(?![\s\S]*front)/],
    [
      'nft',
      { name: 'other', family: 'ip', state: 'absent' },
      'ls /etc/nftables.d /var/lib/longshore',
      /^\S+:\n\n\S+:$/,
    ],
  ])

  const rule = (more: object): object => ({ rule: 'allow', port: 5432, proto: 'tcp', from: '10.1.2.3/8', ...more })
  const shown = 'ufw status | grep -c "5432.*10.0.0.0/8"'
  const closed = await apply('ufw', await plan('ufw', { state: 'enabled' }, shell), shell)
  t.match(closed, { code: 1, stderr: /nobody could log in by SSH any more: no rule allows port 22\/tcp/ })
  t.match((await host.sh('ufw status')).stdout, 'inactive')
  const base = {
    state: 'enabled',
    default: { incoming: 'deny', routed: 'reject' },
    logging: 'medium',
    rules: ['allow 22/tcp'],
  }
  await walk(t, host, shell, [
    [
      'ufw',
      base,
      'ufw status verbose',
      /Status: active[\s\S]*medium[\s\S]*deny \(incoming\), allow \(outgoing\), reject \(routed\)[\s\S]*22\/tcp +ALLOW IN/,
    ],
    ['ufw', rule({}), shown, '1'],
    ['ufw', rule({ comment: 'data base' }), 'ufw status', /5432\/tcp +ALLOW +10\.0\.0\.0\/8 +# data base/],
    ['ufw', rule({ rule: 'reject' }), 'ufw status', /5432\/tcp +REJECT/],
    ['ufw', rule({ rule: 'reject', delete: true }), shown, '0'],
    ['ufw', { rule: 'limit', app: 'OpenSSH' }, 'ufw status', /OpenSSH +LIMIT/],
    [
      'ufw',
      { rule: 'deny', port: '6000:6007', proto: 'udp', interface: 'eth0', insert: 1 },
      'ufw status numbered',
      /\[ 1\] 6000:6007\/udp on eth0 +DENY IN/,
    ],
    [
      'ufw',
      { rule: 'reject', direction: 'out', to: '2001:db8::1', port: 25, proto: 'tcp', log: true },
      'ufw status',
      /2001:db8::1 25\/tcp +REJECT OUT +Anywhere \(v6\) +\(log\)/,
    ],
    [
      'ufw',
      {
        rules: ['allow 80,443/tcp', 'deny 53', { rule: 'allow', from: '192.0.2.7', to: '192.0.2.0/25', from_port: 9 }],
      },
      'ufw status',
      /80,443\/tcp +ALLOW[\s\S]*53 +DENY[\s\S]*192\.0\.2\.0\/25 +ALLOW +192\.0\.2\.7 9/,
    ],
  ])
  const shut = {
    rules: [
      { rule: 'allow', port: 22, proto: 'tcp', delete: true },
      { rule: 'limit', app: 'OpenSSH', delete: true },
    ],
  }
  t.match((await apply('ufw', await plan('ufw', shut, shell), shell)).stderr, /nobody could log in/)
  t.equal(await login(host, 'true').ended, 0, 'the way in is open')
  await walk(t, host, shell, [
    ['ufw', { ...shut, force: true }, 'ufw status', /^(?![\s\S]*(22\/tcp|OpenSSH))/],
    ['ufw', { state: 'disabled' }, 'ufw status', /inactive/],
  ])
})
