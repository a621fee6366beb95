// What get_url, archive, git and fetch make of recorded answers, and which YAML they refuse.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { Secret } from '../../core/secret.js'
import { recorded } from './recorded.js'
import { contextIn, kindOf } from './shells.js'

const url = 'https://example.test/d/text'
const hello = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
const other = `sha256:${'0'.repeat(64)}`
const get = { url, dest: '/srv/text' }
const unpack = { src: '/srv/a.tar', remote: true, dest: '/srv/full' }
const shop = { repo: '/srv/shop', dest: '/srv/now', version: 'main' }

/** Kind, YAML, recorded answer, changes, verb (where there is a change), words of the script (likewise). */
const rows: [string, object, string, object[], string?, RegExp?][] = [
  ['get_url', get, 'file-absent', [{ from: 'absent', to: url }], 'download', /curl --config -/],
  ['get_url', { url, dest: '/srv/' }, 'file-absent', [{ from: 'absent' }], 'download', /dest=\/srv\/text\n/],
  ['get_url', get, 'url-file', []],
  ['get_url', { ...get, checksum: hello.toUpperCase().replace('SHA', 'sha') }, 'url-file', []],
  ['get_url', { ...get, checksum: hello, force: true }, 'url-file', []],
  [
    'get_url',
    { ...get, checksum: other },
    'url-file',
    [{ from: 'sha256:2cf24dba5fb0…', to: 'sha256:000000000000…' }],
    'download',
  ],
  [
    'get_url',
    { ...get, mode: '0600', owner: 'root' },
    'url-file',
    [{ what: 'mode', from: '0640' }],
    'change',
    /chmod 0600 \/srv\/text/,
  ],
  [
    'get_url',
    { ...get, force: true },
    'url-force',
    [{ from: /^cannot be compared yet \(curl: \(7\) Failed/ }],
    'download',
  ],
  [
    'archive',
    { ...unpack, dest: '/srv/none' },
    'archive-absent',
    [{ from: 'absent', to: '/srv/a.tar' }],
    'unpack',
    /mkdir -p/,
  ],
  ['archive', unpack, 'archive-other', [{ from: 'not unpacked' }], 'unpack'],
  ['archive', unpack, 'archive-unpacked', []],
  ['archive', { ...unpack, strip: 1 }, 'archive-unpacked', [{ from: 'unpacked in another manner' }], 'unpack again'],
  ['archive', { ...unpack, owner: 'www-data' }, 'archive-unpacked', [{}], 'unpack again', /chown -R -h www-data/],
  ['git', shop, 'git-absent', [{ what: 'checkout', from: 'absent', to: 'main, 2a626e3826' }], 'clone', /git init -q/],
  ['git', shop, 'git-current', []],
  ['git', { ...shop, version: 'HEAD' }, 'git-head', []],
  ['git', shop, 'git-clean', [{ what: 'version', from: '46b3320ea3', to: 'main, 2a626e3826' }], 'update'],
  ['git', { ...shop, update: false }, 'git-clean', []],
  ['git', shop, 'git-dirty', [{}, { what: 'local changes', from: 'a', to: /the step will fail/ }], 'update'],
  [
    'git',
    { ...shop, force: true },
    'git-dirty',
    [{}, { loses: 'the local changes in /srv/now' }],
    'update',
    /force=yes/,
  ],
  ['git', { ...shop, version: 'v1' }, 'git-tag', [{ what: 'version', to: 'v1, 0a7b7170a3' }], 'update'],
  [
    'git',
    { ...shop, repo: '/srv/gone' },
    'git-no-answer',
    [{ what: 'origin' }, { from: /does not answer/ }],
    'update',
    /set-url/,
  ],
  [
    'fetch',
    { src: '/srv/text', dest: '/x/' },
    'fetch-file',
    [{ from: 'absent here', to: '5 bytes' }],
    'fetch',
    /base64/,
  ],
  ['fetch', { src: '/srv/none', dest: '/x' }, 'file-absent', [{ from: 'not on the host' }], 'fetch'],
  ['fetch', { src: '/srv/none', dest: '/x', fail_on_missing: false }, 'file-absent', []],
]

for (const [kind, yaml, fixture, changes, verb, words] of rows)
  test(`${kind} ${JSON.stringify(yaml)} on ${fixture}`, async t => {
    const resource = kindOf(kind)
    const want = resource.schema.parse(yaml)
    const seen = resource.read(recorded(fixture), want)
    const found = resource.diff(want, seen)
    t.equal(found.length, changes.length, 'as many changes')
    t.match(found, changes)
    const scripts = resource.apply(want, seen)
    t.equal(scripts.length, changes.length === 0 ? 0 : 1)
    if (verb !== undefined) t.equal(resource.verb(want, seen), verb)
    if (words !== undefined) t.match(scripts[0]?.sh, words)
  })

test('a secret header is in no command line and in no probe', async t => {
  for (const [kind, yaml] of [
    ['get_url', get],
    ['archive', { src: url, dest: '/x' }],
  ] as const) {
    const resource = kindOf(kind)
    const want = resource.schema.parse({
      ...yaml,
      headers: { 'X-A': 'plain', Authorization: new Secret('T', 'to"k\\en') },
    })
    t.match(resource.secrets?.(want), [{ name: 'T' }])
    const seen = resource.read(recorded(kind === 'get_url' ? 'file-absent' : 'archive-other'), want)
    const [script] = resource.apply(want, seen)
    t.notMatch((script?.sh ?? '') + resource.probe(want).sh, /to"k/)
    const source = script?.stdin as { secret: Secret } | undefined
    t.match(
      source?.secret.reveal(),
      'c header = "Authorization: to\\"k\\\\en"\nw header = X-A: plain\nw header = Authorization: to"k\\en\nu ',
    )
  }
})

test('a commit by its whole name asks nobody, and a short one the checkout', async t => {
  const { schema, probe, read, diff } = kindOf('git')
  const commit = '2a626e38267a120806b208c0a44f1e1d09b03f99'
  const whole = schema.parse({ ...shop, version: commit })
  t.match(probe(whole).sh, /asked=skipped/)
  const answer = recorded('git-current').replace(/^remote=.*\n/gm, '')
  t.same(diff(whole, read(answer.replace('asked=yes', 'asked=skipped'), whole)), [])
  const short = schema.parse({ ...shop, version: commit.slice(0, 8) })
  t.match(probe(short).sh, /ls-remote/)
  t.same(diff(short, read(answer, short)), [])
  t.match(diff(short, read(answer.replace(/^named=.*$/m, 'named='), short)), [{ what: 'version', to: '2a626e38' }])
})

test('what a fetch keeps is what was sent, or an error', async t => {
  const { schema, load, keeps } = kindOf('fetch')
  const here = t.testdir({ there: 'x' })
  const want = await load?.(schema.parse({ src: '/etc/a', dest: 'new/' }), contextIn(here))
  const bytes = Buffer.from('some bytes\n')
  const sum = createHash('sha256').update(bytes).digest('hex')
  const out = `sum=${sum} mode=600\n${gzipSync(bytes).toString('base64')}\nend\n`
  t.match(keeps?.(want, out), [{ path: `${here}/new/a`, mode: 0o600 }])
  t.same(Buffer.from(keeps?.(want, out)[0]?.bytes ?? []), bytes)
  for (const broken of [
    '',
    out.replace('\nend', ''),
    out.replace(
      sum,
      sum.replace(/^./, one => (one === '0' ? '1' : '0')),
    ),
    `sum=${sum} mode=600\n%%%\nend\n`,
  ])
    t.throws(() => keeps?.(want, broken), { name: 'UserError', message: '/etc/a did not arrive whole' })
  const same = await load?.(schema.parse({ src: '/etc/a', dest: 'there' }), contextIn(here))
  t.match(same, { to: `${here}/there`, sum: createHash('sha256').update('x').digest('hex') })
})

/** Kind, YAML, words of the refusal. */
const refused: [string, object, RegExp][] = [
  ['get_url', { ...get, url: 'ftp://a/b' }, /http:\/\/ or https/],
  ['get_url', { ...get, url: 'https://me:word@example.test/a' }, /must hold no password/],
  ['get_url', { ...get, url: new Secret('U', 'https://x') }, /a secret belongs into headers/],
  ['get_url', { ...get, checksum: 'md5:00' }, /sha256: and 64/],
  ['get_url', { url: 'https://example.test/', dest: '/srv/' }, /the url has no name/],
  ['get_url', { ...get, force: true, headers: { A: new Secret('S', 'x') } }, /give a checksum/],
  ['get_url', { ...get, headers: { 'A B': 'x' } }, /name of a header/],
  ['archive', { src: 'x.tar', remote: true, dest: '/x' }, /absolute path on the host/],
  ['archive', { src: 'x.tar', dest: '/x', checksum: hello }, /goes with a src that is an address/],
  ['archive', { src: 'x.tar', dest: '/x', same_owner: true, owner: 'a' }, /goes without owner/],
  ['archive', { src: 'https://a:b@c/d', dest: '/x' }, /must hold no password/],
  ['git', { repo: '--upload-pack=x', dest: '/x' }, /address or a path/],
  ['git', { repo: 'https://me:word@example.test/a', dest: '/x' }, /must hold no password/],
  ['git', { repo: new Secret('U', 'x'), dest: '/x' }, /process list/],
  ['git', { ...shop, version: '-x' }, /a name as git takes it/],
  ['fetch', { src: '/x', dest: 'x', flat: false }, /put \{\{host.name\}\} into dest/],
]

for (const [kind, yaml, message] of refused)
  test(`${kind} refuses ${JSON.stringify(yaml)}`, async t => {
    t.throws(() => kindOf(kind).schema.parse(yaml), { message })
  })
