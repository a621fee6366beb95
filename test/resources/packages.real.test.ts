// Packages and repositories by apt, dnf, zypper and pacman on a Debian host, from repositories made there; apk by recorded answers.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { type LabHost, labHost } from '../lab/index.js'
import {
  builders,
  makeAptRepository,
  makePacmanRepository,
  makeRpmRepository,
  otherManagers,
} from './packages/repositories.js'
import { go, on, type Row } from './packages/rows.js'
import { recorded } from './recorded.js'
import { plan } from './shells.js'

all.setTimeout(600_000)

const install = (host: LabHost, names: string) =>
  host.sh(
    `export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends ${names}`,
    { check: true },
  )

const from = (what: string, version: string, to: string) => ({ what, from: version, to })
const tiny = (version: string, to: string): object[] => [from('tiny', version, to)]
const version = "dpkg-query -W -f '${db:Status-Status} ${Version}' tiny"

const slow = "dpkg-query -W -f '${db:Status-Status}' tiny-slow"

test('apt', { timeout: 300_000 }, async t => {
  const host = await labHost({ release: 'bookworm' })
  t.teardown(() => host.remove())
  await install(host, `${builders} ${otherManagers}`)
  await host.sh(makeAptRepository, { check: true })
  const here = t.testdir({})
  for (const file of ['tiny.asc', 'tiny.gpg', 'deb/tiny_1.0-1_all.deb'])
    await host.sh(`base64 /srv/${file}`).then(async ({ stdout }) => {
      writeFileSync(join(here, file.replace(/^.*\//, '')), Buffer.from(stdout, 'base64'))
    })
  const sums = (await host.sh('sha256sum /srv/tiny.gpg /srv/tiny.asc')).stdout.match(/^[0-9a-f]{64}/gm) ?? []
  const [binary = '', armor = ''] = sums
  await host.sh(`cat >/etc/apt/sources.list <<'X'
deb [trusted=yes] file:/srv/deb/ ./
X
cat >/etc/apt/sources.list.d/old.sources <<'X'
Types: deb
URIs: file:/srv/deb
Suites: ./
Signed-By: /srv/tiny.gpg
X
mkdir -p /run/longshore; : >/run/longshore/apt-updated
printf '#!/bin/sh\\necho "$@" >>/run/asked\\n' >/usr/local/bin/cloud-init; chmod 755 /usr/local/bin/cloud-init`)
  const own = { name: 'tiny', uris: 'file:/srv/deb', suites: './' }
  const files = ['keyrings/tiny.asc', 'sources.list', 'sources.list.d/old.sources', 'sources.list.d/tiny.sources']
  const key = 'head -n 1 /etc/apt/keyrings/tiny.asc; apt-get update 2>&1 | grep -c "^[EW]:"'
  const good = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n0'
  const another = [{ what: '/etc/apt/keyrings/tiny.asc', from: 'another key' }]
  const lists = { what: 'package lists', to: 'refreshed' }
  const many = Array.from({ length: 9 }, (_, index) => `tiny-many${index + 1}`)
  await go(
    t,
    host,
    [
      [{ repo: own }, { says: files.slice(1).map(file => ({ what: `/etc/apt/${file}`, diff: /^[-+]/m })) }],
      [
        { repo: { ...own, key: 'tiny.gpg' } },
        { says: [{ what: /asc/, diff: /BEGIN PGP/ }, { diff: /^\+Signed-By/m }] },
        key,
        good,
      ],
      [{ repo: { ...own, key: readFileSync(join(here, 'tiny.asc'), 'utf8') } }, { says: [] }],
      [{ repo: { ...own, key: { url: 'file:///srv/tiny.gpg', sha256: binary } } }, { says: another }, key, good],
      [
        { repo: { ...own, key: { url: 'file:///srv/tiny.gpg', sha256: armor } } },
        { fails: /not the wanted one/ },
        key,
        good,
      ],
      [{ repo: { ...own, key: { url: 'file:///srv/tiny.asc', sha256: armor } } }, { says: another }, key, good],
      [
        { repo: own },
        { says: [{ diff: /^-Signed-By/m }] },
        'cat /etc/apt/sources.list.d/*',
        /Enabled: no[\s\S]*Types: deb\n/,
      ],
      [{ repo: { ...own, key: 'tiny.asc' } }, { says: [{ diff: /^.Signed-By/m }] }, 'ls /run/longshore', ''],
      [{ name: 'tiny=1.0*' }, { says: tiny('absent', '1.0-1') }, version, 'installed 1.0-1'],
      [
        { name: 'tiny-virtual' },
        { says: [] },
        'ls /run/longshore; dpkg -l tiny-extra 2>&1 | grep -c ^ii',
        'apt-updated\n0',
      ],
      [{ name: 'tiny', state: 'latest' }, { says: tiny('1.0-1', '1.1-1') }, version, 'installed 1.1-1'],
      [{ name: 'tiny=1.0*' }, { refuses: /tiny 1\.1-1 is newer than the wanted 1\.0\*/ }],
      [{ name: 'tiny=1.0*', allow_downgrade: true }, { says: tiny('1.1-1', '1.0-1') }, 'apt-mark hold tiny', /hold/],
      [{ name: 'tiny', state: 'latest' }, { says: [] }],
      [{ name: 'tiny=1.1-1' }, { fails: /on hold on this host: tiny/ }, version, 'installed 1.0-1'],
      [
        { name: 'tiny=1.1-1', allow_change_held_packages: true },
        { says: tiny('1.0-1', '1.1-1') },
        'apt-mark unhold tiny; echo mine >/etc/tiny.conf',
        /Canceled hold/,
      ],
      [{ name: 'tiny=1.0-1', allow_downgrade: true }, { says: tiny('1.1-1', '1.0-1') }, 'cat /etc/tiny.conf', 'mine'],
      [
        { name: ['tiny-needs', ...many] },
        { says: [{ what: 'tiny-needs' }, ...many.map(() => ({ to: '1.0' }))] },
        'grep -c "^Commandline.*tiny-many1 .*tiny-many9" /var/log/apt/history.log',
        '1',
      ],
      [
        { name: 'tiny', state: 'absent' },
        { says: [{ loses: /because they need it: tiny-needs/ }] },
        version,
        'config-files 1.0-1',
      ],
      [
        { name: 'tiny', state: 'absent', purge: true },
        { says: [{ from: 'configuration files' }] },
        'ls /etc/tiny.conf; apt-get install -y tiny-slow >/dev/null 2>&1 </dev/null & sleep 1.5',
        '',
      ],
      [{ name: 'tiny-many9', state: 'absent' }, { says: [{}] }, slow, 'installed'],
      [{ name: ['tiny', 'tiny-no-such'] }, { fails: /Unable to locate package tiny-no-such/ }, version, ''],
      [{ name: 'tiny-no-such', state: 'absent' }, { says: [] }],
      [{ name: 'tiny=7*' }, { fails: /Version '7\*' for 'tiny' was not found/ }],
      [
        { deb: '/srv/deb/tiny-needs_1.0_all.deb', install_recommends: true },
        { says: [from('tiny-needs', 'absent', '1.0')] },
        `${version}; dpkg -l tiny-extra | grep -c ^ii`,
        'installed 1.1-11',
      ],
      [{ deb: 'tiny_1.0-1_all.deb' }, { says: [] }],
      [
        { deb: 'tiny_1.0-1_all.deb', allow_downgrade: true },
        { says: tiny('1.1-1', '1.0-1') },
        'ls /var/cache/apt | grep longshore',
        '',
      ],
      [
        { deb: '/srv/deb/tiny_1.1-1_all.deb' },
        { says: tiny('1.0-1', '1.1-1') },
        'sort -u /run/asked; dpkg -P tiny-needs tiny >/dev/null; rm /run/longshore/*',
        'status --wait',
      ],
      [{ deb: 'tiny_1.0-1_all.deb' }, { says: tiny('absent', '1.0-1') }, version, 'installed 1.0-1'],
      [{ deb: '/srv/no-such.deb' }, { fails: /there is no file \/srv\/no-such\.deb/ }, 'rm /run/longshore/*', ''],
      [
        { name: 'tiny', state: 'latest', update_cache: true },
        { says: [lists, from('tiny', '1.0-1', '1.1-1')] },
        version,
        'installed 1.1-1',
      ],
      [
        { repo: { ...own, state: 'absent' } },
        { says: [{ what: /asc/, to: 'absent' }, { diff: /^-Types/m }] },
        'ls /etc/apt/keyrings /run/longshore',
        /keyrings:\s+.run.longshore:$/,
      ],
    ],
    here,
  )

  await t.test('dnf, zypper and pacman', async t => {
    await host.sh(makeRpmRepository, { check: true })
    await host.sh(makePacmanRepository, { check: true })
    await t.rejects(
      plan('repo', { name: 'x', server: 'file:///x' }, on(host, 'sh')),
      /the host has apt, and .* has no uris/,
    )
    for (const use of ['dnf', 'zypper']) {
      const own = { name: 'tiny', use, baseurl: 'file:///srv/rpm', key: 'tiny.asc', gpgcheck: false }
      const rows: Row[] = [
        [{ repo: own }, { says: [{ what: /KEY-tiny/ }, { diff: /^\+gpgcheck=0/m }] }],
        [{ name: 'tiny=1.0', use }, { says: tiny('absent', '1.0') }, 'rpm -q tiny', 'tiny-1.0-1.noarch'],
        [{ name: 'tiny-virtual', use }, { says: [] }],
        [{ name: 'tiny', use, state: 'latest' }, { says: tiny('1.0-1', '1.1-1') }, 'rpm -q tiny', 'tiny-1.1-1.noarch'],
        [{ name: 'tiny=1.0', use }, { refuses: /tiny 1\.1-1 is newer/ }],
        [{ name: 'tiny=1.0-1', use, allow_downgrade: true }, { says: tiny('1.1-1', '1.0-1') }],
        [{ name: ['tiny', 'no-such'], use }, { fails: /no-such/ }],
        [{ name: ['tiny-needs'], use }, { says: [from('tiny-needs', 'absent', '1.0-1')] }],
        [
          { name: 'tiny', use, state: 'absent' },
          { says: [{ to: 'absent', loses: /tiny-needs-1/ }] },
          'rpm -q tiny-needs',
          /not installed/,
        ],
        [{ repo: { name: 'tiny', use, state: 'absent' } }, { says: [{ to: 'absent' }, { to: 'absent' }] }],
      ]
      await go(t, host, rows, here)
    }
    const use = 'pacman'
    const own = { name: 'tiny', use, server: 'file:///srv/pacman', siglevel: 'Never' }
    const rows: Row[] = [
      [{ repo: own }, { says: [{ diff: /^\+\[tiny\]/m }] }],
      [
        { name: 'tiny', use },
        { says: [{ from: 'absent' }] },
        'pacman -Q tiny; sh /usr/local/bin/publish 1.1 yesterday',
        'tiny 1.0-1',
      ],
      [{ name: 'tiny=1.0', use }, { refuses: /pacman has one version of each package/ }],
      [{ name: ['tiny', 'no-such'], use }, { fails: /target not found: no-such/ }],
      [{ name: 'tiny', use, state: 'latest' }, { says: tiny('1.0-1', '1.1-1') }, 'pacman -Q tiny', 'tiny 1.1-1'],
      [{ name: 'tiny-virtual', use }, { says: [] }],
      [{ name: 'tiny', use, state: 'absent' }, { says: tiny('1.1-1', 'absent') }],
      [
        { repo: { ...own, state: 'absent' } },
        { says: [{ diff: /^-\[tiny\]/m }] },
        'grep -c "^.tiny" /etc/pacman.conf',
        '0',
      ],
    ]
    await go(t, host, rows, here)
  })

  await t.test('apk, from recorded answers', async t => {
    await host.sh(`mkdir -p /lib/apk/db; cat >/lib/apk/db/installed <<'X'\n${recorded('apk-installed')}X
cat >/usr/local/bin/apk <<'X'
#!/bin/sh
case $1 in
add) cat <<'Y'\n${recorded('apk-add')}Y
;;
del) cat <<'Y'\n${recorded('apk-del')}Y
;;
version) echo '>';;
esac
X
chmod +x /usr/local/bin/apk`)
    for (const shell of [on(host, 'dash'), on(host, 'bash', '--posix'), on(host, 'busybox', 'sh')]) {
      const changes = async (yaml: object) => (await plan('package', { use: 'apk', ...yaml }, shell)).changes
      t.same(
        await changes({ name: ['musl', 'busybox', 'ca-certificates-cacert', 'apk-tools=2.12.6-r0', 'zlib=~1.2'] }),
        [],
      )
      t.match(await changes({ name: ['docker', 'mus'] }), [
        from('docker', 'absent', '20.10.18-r0'),
        { what: 'mus', from: 'absent' },
      ])
      t.match(await changes({ name: 'musl', state: 'absent' }), [{ from: '1.2.2-r3', loses: 'also removed: nmap' }])
      await t.rejects(changes({ name: 'zlib=1.2.10-r0' }), /zlib 1\.2\.11-r3 is newer/)
    }
  })
})
