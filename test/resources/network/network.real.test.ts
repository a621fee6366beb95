// sshd and hosts_file on hosts: what is in force after each, in all shells, and that sessions stay.
import { t as all, test } from 'tap'
import { labHost, pause } from '../../lab/index.js'
import { apply, converge, plan } from '../shells.js'
import { login, on, type Row, walk } from './walk.js'

all.setTimeout(600_000)

const busybox = '/usr/bin/busybox'
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

  // As engines do it for their containers: the file cannot be exchanged for another.
  await host.sh('mount --bind /etc/hosts /etc/hosts')
  await walk(t, host, shell, [
    ['hosts_file', { ip: '192.0.2.3', names: 'c' }, names, '192.0.2.3 c'],
    ['hosts_file', { ip: '192.0.2.3', state: 'absent' }, `${names}; umount /etc/hosts`, ''],
  ])

  const session = login(host, 'echo in; read line; echo "still $line"')
  while (!session.said().includes('in')) await pause(50)
  t.equal((await converge('sshd', { settings: { AllowUsers: ['nobody'] } }, shell)).ended.code, 0)
  t.equal(await login(host, 'true').ended, 255, 'nobody else comes in: the new setting counts')
  session.child.stdin.end('here\n')
  t.equal(await session.ended, 0)
  t.match(session.said(), 'still here', 'the session has stayed')
  await walk(t, host, shell, [['sshd', { state: 'absent' }, '', '']])

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
