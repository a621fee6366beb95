// What the kinds package and repo make of recorded answers of each package manager, and which YAML they refuse.
import { test } from 'tap'
import { matches } from '../../resources/packages/_seen.js'
import { recorded, testAnswer } from './recorded.js'
import { kindOf } from './shells.js'

const curl = { what: 'curl', from: 'absent', to: 'the version that the package lists will name' }
const sl = { what: 'sl', from: 'absent', to: '5.02-1+b1' }
const needers = 'also removed, because they need it: ca-certificates, openssh-server, openssh-sftp-server'
const latest = { name: ['tiny', 'tiny-virtual', 'no-such'], state: 'latest' }
const newer = [{ from: '1.0-1', to: '1.1-1' }, { what: 'no-such' }]
const gone = [{ to: 'absent', loses: 'also removed, because they need it: tiny-needs-1.0-1.noarch' }]
const tiny = { name: 'tiny', uris: 'http://tiny.example/debian', suites: 'stable', components: 'main' }

/** Kind, YAML, recorded answer, changes, words of the scripts (where there is a change), the verb (likewise). */
const rows: [string, unknown, string, object[], RegExp?, string?][] = [
  [
    'package',
    ['cron', 'hello', 'sl'],
    'package-two-of-three',
    [sl],
    /apt-get install .*--no-install-recommends +-- sl </,
    'install',
  ],
  ['package', { name: 'sl', install_recommends: true }, 'package-two-of-three', [sl], / --install-recommends /],
  ['package', ['cron', 'hello'], 'package-two-of-three', []],
  ['package', 'curl', 'package-lists-missing', [curl], /\[ unknown = unknown \]/, 'install'],
  ['package', 'hello=2.10-*', 'package-two-of-three', []],
  ['package', 'hello=3.*', 'package-two-of-three', [{ from: '2.10-3', to: '3.*' }], /'hello=3\.\*'/, 'upgrade'],
  ['package', { name: 'sl', allow_downgrade: true }, 'package-two-of-three', [sl], /--allow-downgrades/],
  [
    'package',
    { name: ['openssl', 'openssh-client'], state: 'absent' },
    'package-removal',
    [{ what: 'openssl', to: 'absent', loses: needers }, { what: 'openssh-client' }],
    /apt-get remove .*-- openssl openssh-client </,
    'remove',
  ],
  ['package', { name: 'cron', state: 'absent' }, 'package-held', []],
  [
    'package',
    { name: 'cron', state: 'absent', purge: true },
    'package-held',
    [{ from: 'configuration files' }],
    /apt-get purge .*-- cron </,
  ],
  ['package', { name: 'hello', state: 'absent' }, 'package-held', [{ from: '2.10-3' }], /on hold on this host: hello/],
  [
    'package',
    { name: 'hello', state: 'absent', allow_change_held_packages: true },
    'package-held',
    [{}],
    /--allow-change-held-packages -- hello/,
  ],
  ['package', { name: 'hello=2.1', allow_downgrade: true }, 'package-held', [{ from: '2.10-3', to: '2.1' }], /on hold/],
  [
    'package',
    latest,
    'package-dnf',
    newer,
    /dnf .* install no-such <.*\n.*dnf .*weak_deps=False upgrade tiny </,
    'install',
  ],
  ['package', { name: 'tiny', state: 'absent' }, 'package-dnf-removal', gone, /dnf .* remove tiny </],
  ['package', 'tiny=1.0', 'package-dnf', []],
  ['package', 'tiny=1.2-1', 'package-dnf', [{ from: '1.0-1', to: '1.2-1' }], /dnf .* install tiny-1\.2-1 </],
  ['package', latest, 'package-zypper', newer, /zypper .* install --no-recommends +-- tiny no-such </],
  ['package', { name: 'tiny', state: 'absent' }, 'package-zypper-removal', gone, /zypper .* remove .*-- tiny </],
  ['package', { name: 'tiny=1.0-1' }, 'package-zypper', []],
  ['package', latest, 'package-pacman', newer, /pacman -S --noconfirm --needed -- tiny no-such </],
  [
    'package',
    { name: 'tiny', state: 'absent', purge: true },
    'package-pacman-removal',
    [{ to: 'absent' }],
    /pacman -Rcn --noconfirm -- tiny </,
  ],
  [
    'repo',
    tiny,
    'repo-absent',
    [{ what: '/etc/apt/sources.list.d/tiny.sources', diff: /^\+URIs: http:..tiny.example.debian$/m }],
    /rm -f .*apt-updated/,
    'create',
  ],
  [
    'repo',
    { ...tiny, key: { url: 'https://tiny.example/key', sha256: 'a'.repeat(64) } },
    'repo-absent',
    [{ what: '/etc/apt/keyrings/tiny.asc', to: /the key at/ }, { diff: /^\+Signed-By: .etc.apt.keyrings.tiny.asc/m }],
    /https:\/\/tiny\.example\/key/,
  ],
  ['repo', { name: 'tiny', state: 'absent' }, 'repo-absent', []],
  [
    'repo',
    tiny,
    'repo-mixed',
    [
      {
        what: /mix.list/,
        diff: /^\+deb \[arch=amd64 signed-by=.usr.share.keyrings.tiny.gpg\] http:..tiny.example.debian. stable contrib$/m,
      },
      { what: /mix.sources/, diff: /^\+Suites: testing$[\s\S]*^\+Enabled: no$/m },
      { from: 'absent' },
    ],
  ],
]

for (const row of rows)
  test(`${row[0]} ${JSON.stringify(row[1]).slice(0, 120)} on ${row[2]}`, t =>
    testAnswer(t, row, { words: row[4], verb: row[5] }))

/** Kind, YAML, recorded answer, words of the refusal. */
const impossible: [string, unknown, string, RegExp][] = [
  ['package', 'hello=2.1', 'package-held', /hello 2\.10-3 is newer than the wanted 2\.1/],
  ['package', 'tiny=1.0', 'package-pacman', /one version of each package/],
  ['package', 'tiny=1.*', 'package-zypper', /zypper takes no \*/],
  ['package', { deb: '/x.deb' }, 'package-dnf', /is for apt, and the host has dnf/],
  ['repo', { name: 'a', server: 'file:///a' }, 'repo-absent', /the host has apt, and the repository a has no uris/],
]

for (const [kind, yaml, fixture, message] of impossible)
  test(`${kind} ${JSON.stringify(yaml)} is impossible on ${fixture}`, async t => {
    const { read, schema } = kindOf(kind)
    t.throws(() => read(recorded(fixture), schema.parse(yaml)), { name: 'UserError', message })
  })

/** Kind, YAML, words of the refusal. */
const refused: [string, unknown, RegExp][] = [
  ['package', 'curl; reboot', /package name/],
  ['package', '-o=x', /package name/],
  ['package', { name: 'curl', state: 'installed' }, /present/],
  ['package', { name: 'curl', deb: '/x.deb' }, /either name or deb/],
  ['package', { deb: '/x.deb', state: 'absent' }, /remove its package by name/],
  ['package', { deb: '/x.rpm' }, /ends in \.deb/],
  ['package', { name: 'curl', purge: true }, /only with state: absent/],
  ['package', { name: 'curl=1', state: 'absent' }, /without a version/],
  ['package', { name: 'curl', recommends: true }, /Unrecognized key/],
  ['repo', { name: 'a' }, /one of uris/],
  ['repo', { name: 'a', uris: 'http://a', baseurl: 'http://b', suites: 'x/' }, /one of uris/],
  ['repo', { name: 'a', uris: 'http://a', suites: 'x' }, /components|such as main/],
  ['repo', { name: 'a', uris: 'http://a\nb', suites: 'x/' }, /address/],
  ['repo', { name: '../a', uris: 'http://a', suites: 'x/' }, /letters, digits/],
  ['repo', { name: 'a', uris: 'http://a', suites: 'x/', key: { url: 'http://k' } }, /needs its sha256/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} refuses ${JSON.stringify(yaml)}`, async t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
  })

test('no manager, and an answer that is cut off', async t => {
  const { read, schema } = kindOf('package')
  t.throws(() => read('manager none\nend\n', schema.parse('curl')), /none of the package managers/)
  t.throws(() => read('manager apt\ninstalled curl 1\n', schema.parse('curl')), /did not say which packages/)
})

test('which versions a pin names', async t => {
  for (const [version, pin, manager, is] of [
    ['7.88.1-10', '7.88.*', 'apt', true],
    ['7.88.1-10', '7.88.1', 'apt', false],
    ['7.88.1-10', '7.88.1', 'dnf', true],
    ['1:7.88.1-10', '7.88.1-10', 'zypper', true],
    ['1:7.88.1-10', '2:7.88.1-10', 'dnf', false],
    ['1.2.11-r3', '~1.2', 'apk', true],
    ['1.20.0-r3', '~1.2', 'apk', false],
    ['1.2.11-r3', '1.2.11', 'apk', false],
    ['1a2', '1.2', 'apt', false],
  ] as const)
    t.equal(matches(version, pin, manager), is, `${version} ${pin} ${manager}`)
})
