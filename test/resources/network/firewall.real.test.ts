// ufw and nft on a host: what is in force after each, what a boot would load, and that nobody is locked out.
import { t as all, test } from 'tap'
import { labHost } from '../../lab/index.js'
import { apply, plan } from '../shells.js'
import { login, on, walk } from './walk.js'

all.setTimeout(600_000)

const table = (port: number, more: object = {}): object => ({
  name: 'front',
  rules: `chain input {\n  type filter hook input priority 0; policy accept;\n  tcp dport ${port} counter drop\n}`,
  ...more,
})

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
    [
      'nft',
      table(9, { name: 'other', family: 'ip', enabled: false }),
      'nft list tables',
      'table inet front\ntable ip other',
    ],
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
    ['nft', { name: 'front', state: 'absent' }, `nft list tables; ls /etc/nftables.d`, /^(?![\s\S]*front)/],
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
