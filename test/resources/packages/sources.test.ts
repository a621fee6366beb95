// What becomes of apt's other lists, of keys, and of package files of this machine.
import { deflateRawSync } from 'node:zlib'
import { test } from 'tap'
import { startOfDeb } from '../../../resources/packages/_deb.js'
import { armored } from '../../../resources/packages/_key.js'
import { type AptSource, sourcesText, withoutSource } from '../../../resources/packages/_sources.js'

test('entries of the same repository in other lists', async t => {
  const source: AptSource = {
    name: 'x',
    types: ['deb'],
    uris: ['http://x/d/'],
    suites: ['s'],
    components: ['main'],
    architectures: [],
    enabled: true,
    signedBy: '/k',
  }
  t.equal(
    sourcesText({ ...source, architectures: ['amd64', 'arm64'], trusted: true, enabled: false }),
    'Types: deb\nURIs: http://x/d/\nSuites: s\nComponents: main\nArchitectures: amd64 arm64\nEnabled: no\nTrusted: yes\nSigned-By: /k\n',
  )
  const { signedBy, ...unsigned } = source
  const other = 'deb http://x/d t main\n# deb http://x/d s main\n'
  for (const [path, before, after, by] of [
    ['a.list', `deb http://x/d s main\n${other}`, `# now in x.sources: deb http://x/d s main\n${other}`, source],
    [
      'a.list',
      'deb [signed-by=/o arch=a] http://x/d s main extra',
      'deb [arch=a signed-by=/k] http://x/d s extra',
      source,
    ],
    ['a.list', 'deb-src http://x/d s main', 'deb-src [signed-by=/k] http://x/d s main', source],
    ['a.list', 'deb http://x/d s extra', 'deb http://x/d s extra', unsigned],
    [
      'a.sources',
      'Types: deb\nURIs: http://x/d\nSuites: s t\nComponents: main\n',
      'Types: deb\nURIs: http://x/d\nSuites: t\nComponents: main\n',
      source,
    ],
    [
      'a.sources',
      'Types: deb\nURIs: http://x/d\nSuites: s\nComponents: main extra\n',
      'Types: deb\nURIs: http://x/d\nSuites: s\nComponents: main extra\nSigned-By: /k\n',
      source,
    ],
    [
      'a.sources',
      'Types: deb\nURIs: http://x/d\nSuites: s\nComponents: main\nEnabled: no\n',
      'Types: deb\nURIs: http://x/d\nSuites: s\nComponents: main\nEnabled: no\n',
      source,
    ],
  ] as const)
    t.equal(withoutSource(path, before, by), after, before)
  t.throws(
    () => withoutSource('a.sources', 'Types: deb\nURIs: http://x/d http://y\nSuites: s\nComponents: main\n', source),
    /together with others/,
  )
  t.equal(signedBy, '/k')
})

test('keys and package files of this machine', async t => {
  t.equal(
    armored(Buffer.from('-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n\n'), 'k'),
    '-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n',
  )
  t.throws(() => armored(Buffer.from('-----BEGIN PGP PRIVATE KEY BLOCK-----\n'), 'k'), /k is a private key/)
  t.throws(() => armored(Buffer.from('<html>'), 'k'), /k is no OpenPGP key/)
  const member = (name: string, data: Uint8Array): Buffer =>
    Buffer.concat([
      Buffer.from(`${name.padEnd(16)}${'0'.padEnd(12)}0     0     100644  ${String(data.length).padEnd(10)}\`\n`),
      data,
      Buffer.alloc(data.length % 2),
    ])
  const start = Buffer.concat([
    Buffer.from('!<arch>\n'),
    member('debian-binary', Buffer.from('2.0\n')),
    member('control.tar.xz', deflateRawSync('odd')),
  ])
  t.equal(startOfDeb(Buffer.concat([start, member('data.tar.xz', Buffer.alloc(9999))]), 'f'), start.toString('base64'))
  t.throws(() => startOfDeb(Buffer.from('PK'), 'f.deb'), /f\.deb is not a Debian package/)
  t.throws(() => startOfDeb(start.subarray(0, 80), 'f.deb'), /not a Debian package/)
})
