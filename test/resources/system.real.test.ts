// The kinds of resources/system on a host with systemd, cron, sudo and sshd: what each leaves there, and that a second run has nothing to do.
import { t as all, test } from 'tap'
import { labHost } from '../lab/index.js'
import { apply, converge, plan, type Shell } from './shells.js'

all.setTimeout(600_000)

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa me@x'

test('system kinds on a Debian host', async t => {
  const host = await labHost({ release: 'bookworm' })
  t.teardown(() => host.remove())
  const shell: Shell = ['docker', 'exec', '-i', '-e', 'LC_ALL=C', host.container, 'sh']
  const said = async (script: string): Promise<string> => (await host.sh(script, { check: false })).stdout.trim()
  await host.sh('useradd -m deploy')
  const unknown = await plan('cron', { name: 'early', job: 'true' }, shell)
  t.match((await apply('cron', unknown, shell)).stderr, /install the package cron/, 'cron may come with a task before')
  await host.sh('apt-get update -q && apt-get install -y -q --no-install-recommends cron')

  /** Kind, YAML, a look at the host, and what it must say. */
  const rows: [string, unknown, string, RegExp | string][] = [
    ['cron', { name: 'b', minute: '*/5', job: 'true % x' }, 'crontab -l', '#Longshore: b\n*/5 * * * * true % x'],
    ['cron', { name: 'c', user: 'deploy', special_time: 'daily', job: 'true' }, 'crontab -u deploy -l', /@daily true/],
    ['cron', { name: 'b', state: 'absent' }, 'crontab -l', ''],
    ['authorized_key', { user: 'deploy', key }, 'stat -c %a.%U.%G /home/deploy/.ssh/*', '600.deploy.deploy'],
    [
      'authorized_key',
      { user: 'deploy', key: `no-pty ${key}` },
      'cat /home/deploy/.ssh/authorized_keys',
      `no-pty ${key}`,
    ],
    ['authorized_key', { user: 'deploy', key: [], exclusive: true }, 'cat /home/deploy/.ssh/authorized_keys', ''],
    ['sudoers', { name: 'ops', user: 'deploy', commands: ['/usr/bin/id'] }, 'su deploy -c "sudo -n id -u"', '0'],
    ['sudoers', { name: 'ops', content: ['deploy ALL=(ALL) ALL'] }, 'stat -c %a.%U /etc/sudoers.d/ops', '440.root'],
    ['sudoers', { name: 'ops', state: 'absent' }, 'ls /etc/sudoers.d', 'README'],
    ['sysctl', { name: 'net.ipv4.ip_default_ttl', value: 77 }, 'cat /proc/sys/net/ipv4/ip_default_ttl', '77'],
    ['sysctl', { name: 'net.ipv4.ip_default_ttl', value: '64' }, 'sysctl --system | grep ttl', /= 64/],
    ['sysctl', { name: 'net.ipv4.ip_default_ttl', state: 'absent' }, 'ls /etc/sysctl.d/zz-*', ''],
    ['sysctl', { name: 'no.such', value: 1, reload: false }, 'cat /etc/sysctl.d/zz-*', 'no.such = 1'],
    ['hostname', 'web-9', 'cat /etc/hostname; uname -n', 'web-9\nweb-9'],
    ['timezone', 'Asia/Tokyo', 'date +%Z; cat /etc/timezone', 'JST\nAsia/Tokyo'],
    ['systemd_unit', { name: 'tick.service', content: '[Service]\nType=oneshot\nExecStart=touch /run/tick' }, '', ''],
    ['systemd_unit', { name: 'tick.timer', content: '[Timer]\nOnActiveSec=1\nAccuracySec=100ms' }, '', ''],
    ['service', { name: 'tick.timer', state: 'started' }, 'sleep 2; ls /run/tick', '/run/tick'],
    ['systemd_unit', { name: 'tick.timer', content: '[Timer]\nOnActiveSec=1d' }, 'systemctl cat tick.timer', /=1d/],
    ['systemd_unit', { name: 'tick.timer', state: 'absent' }, 'systemctl is-active tick.timer', 'inactive'],
    ['wait_for', { port: 22 }, '', ''],
    ['wait_for', { port: 22, host: '127.0.0.2', state: 'started' }, '', ''],
  ]
  for (const [kind, yaml, script, expected] of rows) {
    const row = `${kind} ${JSON.stringify(yaml)}`
    const { ended, changes, left } = await converge(kind, yaml, shell)
    t.same([ended.code, left], [0, []], `${row} ${ended.stderr}`)
    t.equal(changes.length > 0, kind !== 'wait_for', row)
    if (typeof expected === 'string') t.equal(script === '' ? '' : await said(script), expected, row)
    else t.match(await said(script), expected, row)
  }

  /** Kind, YAML, words of the failure, and a look at what must still be so. */
  const failing: [string, unknown, RegExp, string, string][] = [
    [
      'sudoers',
      { name: 'bad', content: 'deploy ALL=(ALL' },
      /syntax error[\s\S]*is as it was/,
      'ls /etc/sudoers.d',
      'README',
    ],
    ['sysctl', { name: 'kernel.no_such', value: 1 }, /this kernel has no setting/, '', ''],
    ['timezone', 'No/Where', /there is no zone/, 'cat /etc/timezone', 'Asia/Tokyo'],
    ['cron', { name: 'x', user: 'ghost', job: 'y' }, /there is no user ghost/, '', ''],
    ['authorized_key', { user: 'ghost', key }, /there is no user ghost/, '', ''],
    [
      'line',
      { path: '/etc/ssh/sshd_config', regexp: '^#?UsePAM', line: 'UsePAM maybe', validate: '/usr/sbin/sshd -t -f %s' },
      /unsupported option[\s\S]*is as it was/,
      'grep ^UsePAM /etc/ssh/sshd_config',
      'UsePAM yes',
    ],
  ]
  for (const [kind, yaml, message, script, expected] of failing) {
    const ended = await apply(kind, await plan(kind, yaml, shell), shell)
    t.match(ended, { code: 1, stderr: message }, `${kind} ${JSON.stringify(yaml)}`)
    t.equal(script === '' ? '' : await said(script), expected)
  }
  await host.sh('ln -s /etc/shadow /home/deploy/.ssh/x; mv -f /home/deploy/.ssh/x /home/deploy/.ssh/authorized_keys')
  await t.rejects(plan('authorized_key', { user: 'deploy', key }, shell), /is a link, which is not followed/)
})
