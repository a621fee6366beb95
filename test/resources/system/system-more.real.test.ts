// mount, swap, modprobe, limits, locale and ca_certificate on a host: what each leaves there, and that a second run has nothing to do.
import { t as all, test } from 'tap'
import { labHost } from '../../lab/index.js'
import { on, type Row, walk } from '../network/walk.js'
import { apply, converge, kindOf, plan } from '../shells.js'

all.setTimeout(600_000)

const busybox = '/usr/bin/busybox'
const [pem = ''] =
  /-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/.exec(
    kindOf('ca_certificate').example?.replaceAll('      ', '') ?? '',
  ) ?? []

const scratch = { path: '/srv/a b', fstype: 'tmpfs', opts: 'size=8m,noexec' }
const options = `grep -F '/srv/a' /proc/self/mountinfo`
// A file on the overlay of a container cannot be swapped to; the volume of the host's engines can. What is swapped to is the whole machine's.
const swapFile = '/var/lib/containers/swap'

const rows: Row[] = [
  ['mount', scratch, options, /\/srv\/a\\040b rw,noexec.* - tmpfs tmpfs rw,size=8192k$/],
  ['mount', { ...scratch, opts: 'size=4m,noexec,nosuid' }, options, /rw,nosuid,noexec.* - tmpfs tmpfs rw,size=4096k$/],
  ['mount', { path: '/srv/c', src: '/srv/a b', opts: 'bind' }, 'touch "/srv/a b/x"; ls /srv/c', 'x'],
  [
    'mount',
    { path: '/srv/c', src: '/srv', opts: ['bind', 'ro'] },
    'ls /srv/c; touch /srv/c/y 2>&1',
    /a b\nc\n.*Read-only file system/,
  ],
  [
    'mount',
    { path: '/srv/f', src: '/etc/hostname', opts: 'bind' },
    'cmp /srv/f /etc/hostname && grep -c srv /etc/fstab',
    '3',
  ],
  ['mount', { path: '/srv/f', state: 'unmounted' }, 'wc -c </srv/f; mount -a; wc -c </srv/f', /^0\n[1-9]/],
  ['mount', { path: '/srv/f', state: 'absent' }, 'rm /srv/f', ''],
  ['mount', { path: '/srv/c', state: 'absent' }, 'rmdir /srv/c', ''],
  ['mount', { ...scratch, state: 'absent' }, `${options}; rmdir "/srv/a b"; grep srv /etc/fstab`, ''],
  ['mount', { ...scratch, state: 'present' }, `${options}; grep -c srv /etc/fstab`, '1'],
  ['mount', { ...scratch, state: 'absent' }, 'grep srv /etc/fstab', ''],
  // No module can be loaded in the lab; of one that the kernel has built in, and of the files, all can be seen.
  [
    'modprobe',
    { name: 'overlay', params: { redirect_dir: 'on' } },
    'cat /etc/modules-load.d/longshore* /etc/modprobe.d/longshore*',
    'overlay\noptions overlay redirect_dir=on',
  ],
  ['modprobe', 'overlay', 'ls /etc/modprobe.d/longshore*', ''],
  [
    'modprobe',
    { name: 'no-such', use: 'boot', params: 'a=1' },
    'cat /etc/modprobe.d/longshore*',
    'options no-such a=1',
  ],
  ['modprobe', { name: 'no-such', use: 'boot', state: 'absent' }, 'ls /etc/modprobe.d/longshore*', ''],
  ['modprobe', { name: 'overlay', state: 'absent' }, 'ls /etc/modules-load.d/longshore*', ''],
  [
    'limits',
    { domain: 'deploy', limit_type: 'soft', limit_item: 'nofile', value: 1234 },
    'su deploy -c "ulimit -Sn"',
    '1234',
  ],
  [
    'limits',
    { entries: [{ domain: '@deploy', item: 'nofile', value: 999 }] },
    'su deploy -c "ulimit -Sn; ulimit -Hn"',
    '999\n999',
  ],
  ['limits', { state: 'absent' }, 'ls /etc/security/limits.d', ''],
]

const once: Row[] = [
  [
    'swap',
    { path: swapFile, size: '4M', use: 'boot' },
    `stat -c '%s %a' ${swapFile}; grep swap /etc/fstab; grep -c swap /proc/swaps`,
    `4194304 600\n${swapFile} none swap sw 0 0\n0`,
  ],
  ['swap', { path: swapFile, size: '4M', priority: 1 }, `grep ${swapFile} /proc/swaps`, /4092\s+0\s+1$/],
  ['swap', { path: swapFile, size: '5M', priority: 2 }, `grep ${swapFile} /proc/swaps`, /5116\s+0\s+2$/],
  ['swap', { path: swapFile, state: 'absent' }, `ls ${swapFile}*; grep swap /proc/swaps /etc/fstab`, ''],
  [
    'ca_certificate',
    { name: 'our-ca', pem },
    'openssl verify -CApath /etc/ssl/certs /usr/local/share/ca-certificates/our-ca.crt',
    /: OK$/,
  ],
  [
    'ca_certificate',
    { name: 'our-ca', state: 'absent' },
    'ls /etc/ssl/certs | grep our-ca; ls /usr/local/share/ca-certificates',
    '',
  ],
]

const languages: Row[] = [
  [
    'locale',
    ['de_DE.UTF-8', 'en_US.ISO-8859-1'],
    'locale -a | tr "\\n" " "; LC_ALL=de_DE.UTF-8 date -d 2024-03-01 +%B',
    'C C.utf8 POSIX de_DE.utf8 en_US.iso88591 März',
  ],
  [
    'locale',
    { name: 'de_DE.UTF-8', default: true, variables: { LC_TIME: 'C.UTF-8' } },
    'cat /etc/default/locale; su - deploy -c "locale | head -1"',
    /^(#.*\n)*LANG=de_DE\.UTF-8\nLC_TIME=C\.UTF-8\nLANG=de_DE\.UTF-8$/,
  ],
  [
    'locale',
    { name: 'en_US.ISO-8859-1', state: 'absent' },
    'locale -a | tr "\\n" " "; grep "^[^#]" /etc/locale.gen',
    'C C.utf8 POSIX de_DE.utf8 de_DE.UTF-8 UTF-8',
  ],
]

test('more system kinds on a Debian host', async t => {
  const host = await labHost({ release: 'bookworm', mounts: [`${busybox}:${busybox}:ro`] })
  t.teardown(async () => {
    await host.sh(`swapoff ${swapFile}`)
    await host.remove()
  })
  await host.sh('useradd -m deploy')
  for (const shell of [['dash'], ['bash', '--posix'], [busybox, 'sh']]) await walk(t, host, on(host, ...shell), rows)

  const shell = on(host, 'sh')
  const early = await plan('locale', 'de_DE.UTF-8', shell)
  t.match(await apply('locale', early, shell), { code: 1, stderr: /install the package locales/ })
  await host.sh('apt-get update -q && apt-get install -y -q --no-install-recommends locales kmod')
  await walk(t, host, shell, [...once, ...languages])

  /** Kind, YAML, words of the failure, and a look at what must still be so. */
  const failing: [string, unknown, RegExp, string, string][] = [
    ['modprobe', 'no_such', /no_such cannot be loaded: the running kernel/, '', ''],
    ['mount', { path: '/srv/n', src: '/dev/no-such', fstype: 'ext4' }, /does not exist/, 'grep srv /etc/fstab', ''],
    ['mount', { path: '/run', state: 'absent' }, /run is in use/, 'mountpoint /run', '/run is a mountpoint'],
    [
      'swap',
      { path: '/swap', size: '1M' },
      /cannot be used for swapping here[\s\S]*use: boot/,
      'grep swap /etc/fstab',
      '',
    ],
    ['swap', { path: '/dev/shm/swap', size: '9T' }, /there is no room for \/dev\/shm\/swap/, 'ls /dev/shm', ''],
    ['locale', 'xx_XX.UTF-8', /no locale xx_XX/, 'grep xx_XX /etc/locale.gen', ''],
  ]
  for (const [kind, yaml, message, script, expected] of failing) {
    const ended = await apply(kind, await plan(kind, yaml, shell), shell)
    t.match(ended.stderr, message, `${kind} ${JSON.stringify(yaml)}`)
    t.not(ended.code, 0)
    t.equal((await host.sh(script, { check: false })).stdout.trim(), expected)
  }
  await host.sh('echo notes >/notes')
  await t.rejects(plan('swap', { path: '/notes', state: 'absent' }, shell), /no swap file/)

  // An interrupted removal: the file is gone, the store has not been made anew.
  await converge('ca_certificate', { name: 'our-ca', pem }, shell)
  await host.sh('rm /usr/local/share/ca-certificates/our-ca.crt')
  await walk(t, host, shell, [
    ['ca_certificate', { name: 'our-ca', state: 'absent' }, 'ls /etc/ssl/certs | grep our-ca', ''],
  ])
})
