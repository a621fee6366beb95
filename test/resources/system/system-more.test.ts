// What mount, swap, modprobe, limits, locale and ca_certificate make of recorded answers, and which YAML they refuse.
import { test } from 'tap'
import { recorded, testAnswer } from '../recorded.js'
import { contextIn, kindOf } from '../shells.js'

const scratch = { path: '/srv/scratch', fstype: 'tmpfs', opts: 'size=64m,noexec' }
const shared = { path: '/srv/my shared', src: '/srv/scratch', opts: 'bind' }
const swapFile = { path: '/var/lib/containers/swap', size: '4M' }
const german = { name: 'de_DE.UTF-8', default: true }

/** The certificate of the kind's own example, with which the answers were recorded. */
const [pem = ''] =
  /-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/.exec(
    kindOf('ca_certificate').example?.replaceAll('      ', '') ?? '',
  ) ?? []
const authority = { name: 'x', pem }

/** Kind, YAML, recorded answer, changes, words of all scripts (where there is a change). */
const rows: [string, unknown, string, object[], RegExp?][] = [
  [
    'mount',
    scratch,
    'mount-none',
    [{ what: 'mounted' }, { what: '/etc/fstab', from: 'absent', to: 'tmpfs /srv/scratch tmpfs size=64m,noexec 0 0' }],
    /mount -t tmpfs -o size=64m,noexec tmpfs \/srv\/scratch[\s\S]*daemon-reload/,
  ],
  ['mount', { ...scratch, state: 'present' }, 'mount-none', [{ what: '/etc/fstab' }]],
  ['mount', { path: '/srv/scratch', state: 'absent' }, 'mount-none', []],
  ['mount', scratch, 'mount-tmpfs', []],
  [
    'mount',
    { ...scratch, opts: ['size=32m', 'noexec'] },
    'mount-tmpfs',
    [{ what: '/etc/fstab', from: /size=64m/, to: /size=32m/ }],
    /mount -o remount,size=32m,noexec \/srv\/scratch/,
  ],
  [
    'mount',
    { ...scratch, opts: 'size=64m,exec,ro' },
    'mount-tmpfs',
    [{ what: 'options', to: 'ro,exec' }, { what: '/etc/fstab' }],
    /remount,size=64m,exec,ro/,
  ],
  ['mount', { ...scratch, passno: 1 }, 'mount-tmpfs', [{ what: '/etc/fstab' }], /^(?![\s\S]*remount)/],
  [
    'mount',
    { path: '/srv/scratch', src: '/dev/sdb1', fstype: 'ext4' },
    'mount-tmpfs',
    [{ what: 'mounted', from: 'tmpfs', to: '/dev/sdb1' }, {}],
    /umount \/srv\/scratch \|\|[\s\S]*mount -t ext4/,
  ],
  [
    'mount',
    { path: '/srv/scratch', state: 'unmounted' },
    'mount-tmpfs',
    [{ from: 'tmpfs', to: 'not mounted' }],
    /umount/,
  ],
  [
    'mount',
    { path: '/srv/scratch', state: 'absent' },
    'mount-tmpfs',
    [{ to: 'not mounted' }, { to: 'absent', diff: /\n-tmpfs .srv/ }],
    /umount/,
  ],
  ['mount', shared, 'mount-bind', []],
  [
    'mount',
    { ...shared, opts: 'bind,ro' },
    'mount-bind',
    [{ what: 'options', to: 'ro' }, { to: '/srv/scratch /srv/my\\040shared none bind,ro 0 0' }],
    /remount,bind,ro '\/srv\/my shared'/,
  ],
  [
    'swap',
    swapFile,
    'swap-none',
    [{ what: 'size', from: 'absent', to: '4194304 bytes' }, { what: 'swap' }, { what: '/etc/fstab' }],
    /head -c 4194304 [\s\S]*swapon /,
  ],
  [
    'swap',
    { ...swapFile, use: 'boot' },
    'swap-none',
    [{ what: 'size' }, { what: '/etc/fstab' }],
    /^(?![\s\S]*swapon \/var)/,
  ],
  ['swap', { path: swapFile.path, state: 'absent' }, 'swap-none', []],
  ['swap', { ...swapFile, priority: 5 }, 'swap-on', []],
  [
    'swap',
    { ...swapFile, priority: 6 },
    'swap-on',
    [{ what: 'priority', from: '5', to: '6' }, { to: /sw,pri=6/ }],
    /swapoff [\s\S]*swapon -p 6/,
  ],
  [
    'swap',
    { ...swapFile, size: '8M', priority: 5 },
    'swap-on',
    [{ what: 'size', from: '4194304 bytes' }],
    /swapoff [\s\S]*mkswap [\s\S]*swapon -p 5/,
  ],
  [
    'swap',
    { path: swapFile.path, state: 'absent' },
    'swap-on',
    [{ to: 'not in use' }, { what: 'file' }, { what: '/etc/fstab' }],
    /swapoff [\s\S]*rm -f \/var/,
  ],
  [
    'modprobe',
    'overlay',
    'module-builtin',
    [{ what: 'modules-load.d', diff: /\+overlay\n/ }],
    /^(?![\s\S]*modprobe overlay)/,
  ],
  ['modprobe', { name: 'overlay', persistent: false }, 'module-builtin', []],
  ['modprobe', { name: 'overlay', state: 'absent' }, 'module-builtin', []],
  [
    'modprobe',
    { name: 'dummy', params: 'numdummies=2 x=y' },
    'module-none',
    [{ from: 'not loaded' }, {}, { what: 'modprobe.d', diff: /\+options dummy numdummies=2 x=y\n/ }],
    /modprobe dummy numdummies=2 x=y/,
  ],
  [
    'modprobe',
    { name: 'dummy', use: 'boot', params: { numdummies: 2 } },
    'module-none',
    [{}, { diff: /\+options dummy numdummies=2\n/ }],
  ],
  [
    'limits',
    { name: 'app', domain: '@app', limit_type: 'soft', limit_item: 'nofile', value: 4096 },
    'limits-absent',
    [{ diff: /\+@app\tsoft\tnofile\t4096\n/ }],
  ],
  [
    'limits',
    {
      entries: [
        { item: 'core', value: 0 },
        { domain: 'a', item: 'memlock', value: 'unlimited' },
      ],
    },
    'limits-absent',
    [{ diff: /\+\*\t-\tcore\t0\n\+a\t-\tmemlock\tunlimited\n/ }],
  ],
  ['limits', { state: 'absent' }, 'limits-absent', []],
  [
    'locale',
    german,
    'locale-missing',
    [
      { from: 'absent', to: 'generated' },
      { what: '/etc/default/locale', diff: /\+LANG=de_DE\.UTF-8\n/ },
    ],
    /install the package locales/,
  ],
  ['locale', 'C.UTF-8', 'locale-missing', []],
  [
    'locale',
    'de_DE.UTF-8',
    'locale-plain',
    [{ to: 'generated' }, { diff: /\n-# de_DE\.UTF-8 UTF-8 *\n\+de_DE\.UTF-8 UTF-8\n/ }],
    /locale-gen/,
  ],
  ['locale', german, 'locale-german', []],
  [
    'locale',
    { name: ['de_DE.UTF-8', 'C.UTF-8'], variables: { LC_TIME: 'C.UTF-8' } },
    'locale-german',
    [{ diff: /\n\+LC_TIME=C\.UTF-8\n/ }],
    /^(?![\s\S]*locale-gen)/,
  ],
  ['locale', { name: 'C.UTF-8', default: true }, 'locale-german', [{ diff: /-LANG=de_DE\.UTF-8\n\+LANG=C\.UTF-8\n/ }]],
  [
    'locale',
    { name: 'de_DE.UTF-8', state: 'absent' },
    'locale-german',
    [{ to: 'absent' }, { diff: /\n-de_DE\.UTF-8 UTF-8\n\+# de_DE\.UTF-8 UTF-8\n/ }],
    /locale-gen/,
  ],
  [
    'ca_certificate',
    authority,
    'ca-absent',
    [{ from: 'absent', diff: /\+-----BEGIN CERTIFICATE-----\n/ }, { what: 'trust' }],
    /usr.local.share.ca-certificates.x\.crt[\s\S]*update-ca-certificates </,
  ],
  ['ca_certificate', authority, 'ca-trusted', []],
  ['ca_certificate', { name: 'x.crt', state: 'absent' }, 'ca-absent', []],
]

for (const row of rows)
  test(`${row[0]} ${JSON.stringify(row[1]).slice(0, 120)} on ${row[2]}`, t => testAnswer(t, row, { words: row[4] }))

test('an answer that is none is a fault of each', async t => {
  for (const [kind, yaml] of rows) {
    const { schema, load, read } = kindOf(kind)
    const parsed = schema.parse(yaml)
    const want = (await load?.(parsed, contextIn('/'))) ?? parsed
    t.throws(() => read('', want), { name: 'UserError' }, kind)
  }
})

test('a file that is no swap file is left alone', async t => {
  const { schema, read } = kindOf('swap')
  t.throws(() => read(recorded('swap-other'), schema.parse({ path: '/notes', size: '4M' })), {
    message: '/notes is on the host, and no swap file',
  })
})

test('a certificate is read before anything is done', async t => {
  const { schema, load } = kindOf('ca_certificate')
  const loading = async (text: string) => load?.(schema.parse({ name: 'x', pem: text }), contextIn('/'))
  const key = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n'
  await t.rejects(loading('what is this'), { message: 'pem is no certificate' })
  await t.rejects(loading(authority.pem + key), { message: 'pem holds a private key' })
  await t.rejects(loading(authority.pem + authority.pem), { message: 'pem holds 2 certificates' })
  const wide = authority.pem.replace(/([A-Za-z0-9+/=])\n(?!-)/g, '$1')
  t.match(await loading(wide), { pem: authority.pem }, 'lines are cut as all tools cut them')
})

/** Kind, YAML, words of the refusal. */
const refused: [string, unknown, RegExp][] = [
  ['mount', { path: '/x' }, /is needed/],
  ['mount', { path: '/x', src: '/dev/sda1', opts: 'ro, noexec' }, /without blanks/],
  ['swap', { path: '/swap' }, /is needed/],
  ['swap', { path: '/swap', size: '12K' }, /at least 1M/],
  ['modprobe', '../x', /name of a module/],
  ['modprobe', { name: 'x', persistent: false, use: 'boot' }, /says nothing/],
  ['limits', {}, /is needed/],
  ['limits', { item: 'nofile', value: 'many' }, /number or unlimited/],
  ['locale', 'de_DE', /with its character set/],
  ['locale', { name: 'de_DE.UTF-8', state: 'absent', default: true }, /state: absent/],
  ['ca_certificate', { name: 'x' }, /either pem or src/],
  ['ca_certificate', { name: '../x', pem: 'x' }, /must be letters/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} refuses ${JSON.stringify(yaml)}`, async t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
  })
