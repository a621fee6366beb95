// Facts: what recorded hosts told, families of distributions, the owner's own facts, damage, and this machine in every shell.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { readCustom } from '../../core/facts/custom.js'
import { familyOf } from '../../core/facts/system.js'
import { factsProbe, readFacts } from '../../core/facts.js'
import { packageRoot } from '../e2e/command.js'

const fixture = (name: string): string => readFileSync(join(packageRoot, 'test/core/fixtures', name), 'utf8')

/** What both recordings of the same host must tell alike. */
const host = {
  hostname: 'facts-x',
  fqdn: 'facts-x.lab.test',
  domain: 'lab.test',
  os: { id: 'debian', version: '12', codename: 'bookworm', family: 'debian', name: 'Debian GNU/Linux 12 (bookworm)' },
  package_manager: 'apt',
  arch: 'x86_64',
  init: 'systemd',
  cpus: 2,
  cpu: { model: 'AMD EPYC', count: 2 },
  memory_mb: 24106,
  disks: [{ name: 'vda', size: 274877906944, model: '', rotational: true }],
  address: '172.17.0.10',
  default_route: { interface: 'eth0', gateway: '172.17.0.1', address: '172.17.0.10' },
  virtualisation: 'docker',
  timezone: 'Etc/UTC',
  selinux: 'disabled',
  apparmor: 'disabled',
  machine_id: '945a45e918c54bfd9a052dd408ef4f45',
}

test('a recorded host', t => {
  const facts = readFacts(fixture('facts-bookworm.txt'))
  t.match(facts, host)
  t.match(facts, {
    uid: 0,
    user: 'root',
    home: '/root',
    shell: '/bin/bash',
    groups: ['root'],
    dns: { servers: ['10.255.255.53'], search: [] },
    ssh_host_keys: [{ type: 'ssh-ed25519', key: /^AAAA/ }],
    boot_id: /^[0-9a-f-]{36}$/,
    memory: { total: 24106, swap: 0, swap_free: 0 },
    engine: { name: '', version: '', api: '', state: '' },
  })
  t.ok(facts.uptime > 0 && facts.memory.free > 0 && facts.memory.available >= facts.memory.free)
  t.same(facts.interfaces, [
    {
      name: 'eth0',
      mac: '02:42:ac:11:00:0a',
      mtu: 1500,
      up: true,
      addresses: [{ family: 4, address: '172.17.0.10', prefix: 16, scope: 'global' }],
    },
    {
      name: 'lo',
      mac: '00:00:00:00:00:00',
      mtu: 65536,
      up: true,
      addresses: [{ family: 4, address: '127.0.0.1', prefix: 8, scope: 'host' }],
    },
  ])
  t.same(
    facts.mounts.map(({ device, path, type }) => `${device} ${path} ${type}`),
    [
      'overlay / overlay',
      'tmpfs /run tmpfs',
      'tmpfs /run/lock tmpfs',
      '/dev/vda /var/lib/containerd ext4',
      '/dev/vda /var/lib/containers ext4',
      '/dev/vda /var/lib/docker ext4',
    ],
    'no pseudo file systems',
  )
  t.ok(facts.mounts[0]?.size === 264212084 * 1024 && facts.mounts[0].available > 0)
  t.end()
})

test("the owner's own facts of the recorded host", t => {
  const { custom, custom_errors } = readFacts(fixture('facts-bookworm.txt'))
  t.same(custom, {
    app: { role: 'db', ports: [1, 2] },
    load: { load: 3 },
    owner: { contact: { name: 'Ann' } },
    place: { rack: 'r7', units: [3, 4] },
  })
  t.same(custom_errors, { 'broken.json': 'not JSON', 'fails.sh': 'the script did not print JSON' })
  const read = readCustom(
    new Map([
      ['plain.conf', 'a=1\n; note\nb = two words\n'],
      ['wrong.ini', 'no key here\n'],
      ['bad.yaml', 'a: [\n'],
      ['control.json', '{"a": "x\\u001b[31my", "__proto__": {"b": 1}}'],
      ['long.json', `"${'x'.repeat(70_000)}"`],
    ]),
  )
  t.same(read.custom, { plain: { a: '1', b: 'two words' }, control: { a: 'xy' } })
  t.same(Object.keys(read.custom_errors), ['wrong.ini', 'bad.yaml', 'long.json'])
  t.end()
})

test('a host without `ip` tells the same of its network, from the kernel; a plain user tells of himself', t => {
  const facts = readFacts(fixture('facts-without-ip.txt'))
  t.match(facts, {
    ...host,
    user: 'ann',
    uid: 1000,
    home: '/home/ann',
    shell: '/bin/sh',
    groups: ['ann', 'adm', 'sudo'],
  })
  const known = readFacts(fixture('facts-bookworm.txt'))
  t.same(facts.interfaces, known.interfaces)
  t.same(facts.default_route, known.default_route)
  t.end()
})

test('families', t => {
  // ID and ID_LIKE as these distributions have them in /etc/os-release.
  const rows: [string, string, string][] = [
    ['debian', '', 'debian'],
    ['ubuntu', 'debian', 'debian'],
    ['raspbian', 'debian', 'debian'],
    ['linuxmint', 'ubuntu debian', 'debian'],
    ['pop', 'ubuntu debian', 'debian'],
    ['fedora', '', 'redhat'],
    ['rhel', 'fedora', 'redhat'],
    ['centos', 'rhel fedora', 'redhat'],
    ['almalinux', 'rhel centos fedora', 'redhat'],
    ['rocky', 'rhel centos fedora', 'redhat'],
    ['amzn', 'fedora', 'redhat'],
    ['opensuse-leap', 'suse opensuse', 'suse'],
    ['opensuse-tumbleweed', 'opensuse suse', 'suse'],
    ['sles', 'suse opensuse', 'suse'],
    ['arch', '', 'arch'],
    ['manjaro', 'arch', 'arch'],
    ['endeavouros', 'arch', 'arch'],
    ['alpine', '', 'alpine'],
    ['nixos', '', 'nixos'],
    ['newone', 'elder other', 'elder'],
    ['', '', ''],
  ]
  for (const [id, like, family] of rows) t.equal(familyOf(id, like), family, `${id} like ${like}`)
  const managers: [string, string, string][] = [
    ['ID=debian', 'apt-get dnf', 'apt'],
    ['ID=rocky\nID_LIKE="rhel fedora"', 'apt-get dnf yum', 'dnf'],
    ['ID=centos', 'yum', 'yum'],
    ['ID="sles"', 'zypper', 'zypper'],
    ['ID=arch', 'pacman', 'pacman'],
    ['ID=alpine', 'apk', 'apk'],
    ['ID=void', '', ''],
  ]
  for (const [release, found, expected] of managers) {
    const files = release.split('\n').map(line => `/etc/os-release:${line}`)
    t.equal(readFacts(`@told\nmanagers=${found}\n@files\n${files.join('\n')}`).package_manager, expected, release)
  }
  t.end()
})

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

const hasControls = (text: string): boolean =>
  [...text].some(letter => (letter < ' ' && letter !== '\n') || letter === '\x7f')

test('nothing told is empty, and damage breaks nothing', t => {
  t.match(readFacts(''), {
    hostname: '',
    fqdn: '',
    domain: '',
    init: 'none',
    cpus: 0,
    memory_mb: 0,
    uid: -1,
    user: '',
    groups: [],
    interfaces: [],
    mounts: [],
    disks: [],
    default_route: { interface: '', gateway: '', address: '' },
    virtualisation: 'none',
    timezone: '',
    custom: {},
  })
  const whole = fixture('facts-bookworm.txt')
  for (let round = 0; round < 200; round++) {
    const at = (round * 37) % whole.length
    const damaged = whole.slice(0, at) + randomBytes(6).toString('latin1') + whole.slice(at + 9)
    const texts = textsIn(readFacts(damaged))
    t.notOk(texts.some(hasControls), `control characters, round ${round}`)
  }
  const many = `@files\n${Array.from({ length: 5000 }, (_, index) => `/sys/class/net/veth${index}/mtu:1500`).join('\n')}`
  t.equal(readFacts(many).interfaces.length, 512, 'lists are bounded')
  t.end()
})

test('this machine tells the same in every shell', t => {
  const shells: [string, string[]][] = [
    ['dash', []],
    ['bash', ['--posix']],
    ['busybox', ['sh']],
  ]
  const lasting = shells.map(([shell, args]) => {
    const out = execFileSync(shell, [...args, '-s'], { input: factsProbe.sh, encoding: 'utf8' })
    const { uptime, memory, mounts, ...rest } = readFacts(out)
    t.ok(uptime > 0 && memory.total > 0 && rest.uid >= 0 && rest.cpus > 0 && rest.kernel !== '', shell)
    t.ok(
      mounts.some(({ path, size }) => path === '/' && size > 0),
      `${shell}: the root file system`,
    )
    return { ...rest, interfaces: rest.interfaces.filter(({ name }) => !name.startsWith('veth')) }
  })
  t.same(lasting[1], lasting[0])
  // Busybox brings a `uname`, an `ip` and a `df` of its own; what they say is the same.
  t.match(lasting[2], {
    os: lasting[0]?.os,
    cpus: lasting[0]?.cpus,
    address: lasting[0]?.address,
    user: lasting[0]?.user,
  })
  t.end()
})
