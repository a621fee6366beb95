// Certificates: an authority made once and kept well, pairs that openssl and a TLS server accept, refusals.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { type Test, test } from 'tap'
import { clientCertificate, ensureAuthority, keepClient, openAuthority } from '../../cli/certificates/authority.js'
import { issue, makeAuthority, type Pair } from '../../cli/certificates/issue.js'
import { Secret } from '../../core/secret.js'
import { belongsTo, isSignedBy, missingNames, readCertificate } from '../../core/x509.js'

function scratch(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-pki-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('an authority is made once, and its key is kept', async t => {
  const folder = join(scratch(t), 'pki')
  const place = { folder, project: 'shop' }
  t.equal(await openAuthority(place), undefined, 'none before it is made')
  const [one, two] = await Promise.all([ensureAuthority(place), ensureAuthority(place)])
  t.ok(one.certificate.includes('BEGIN CERTIFICATE'))
  const kept = await ensureAuthority(place)
  t.same([one, two], [kept, kept], 'of two at once one is kept, and both get it')
  t.equal(modeOf(join(folder, 'ca.key')), '600')
  t.equal(readCertificate(kept.certificate)?.name, 'shop engines')
  t.match(readFileSync(join(folder, '.gitignore'), 'utf8'), /^ca\.key$/m)
  rmSync(join(folder, 'ca.key'))
  await t.rejects(openAuthority(place), { message: /key of the authority .* is not here/, exit: 3 })
})

test('a key that is not kept well is refused', async t => {
  const folder = join(scratch(t), 'pki')
  const place = { folder, project: 'shop' }
  await ensureAuthority(place)
  chmodSync(join(folder, 'ca.key'), 0o640)
  await t.rejects(openAuthority(place), { message: /others can read/, hint: `chmod 600 ${join(folder, 'ca.key')}` })
  chmodSync(join(folder, 'ca.key'), 0o600)
  execFileSync('git', ['init', '-q'], { cwd: folder })
  t.ok(await openAuthority(place), 'a repository alone is no harm')
  execFileSync('git', ['add', '-f', 'ca.key'], { cwd: folder })
  await t.rejects(openAuthority(place), { message: /git tracks the private key/ })
})

test('a locked key opens with its passphrase alone', async t => {
  const folder = join(scratch(t), 'pki')
  const place = { folder, project: 'shop', passphrase: new Secret('CA', 'correct horse') }
  const made = await ensureAuthority(place)
  t.equal(modeOf(join(folder, 'ca.key.age')), '600')
  t.match(readFileSync(join(folder, 'ca.key.age'), 'utf8'), /^-----BEGIN AGE ENCRYPTED FILE-----/)
  t.same(await openAuthority(place), made)
  await t.rejects(openAuthority({ folder, project: 'shop' }), { message: /is locked/ })
  await t.rejects(openAuthority({ ...place, passphrase: new Secret('CA', 'wrong') }), { message: /does not open/ })
})

/** One TLS connection with both sides checked: "secure", or why not. */
function handshake(authority: string, server: Pair, client: Pair | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const listener = createServer(
      { ca: authority, cert: server.certificate, key: server.key, requestCert: true, rejectUnauthorized: true },
      socket => socket.end('secure'),
    )
    listener.on('tlsClientError', () => undefined)
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as { port: number }
      const credentials = client ? { cert: client.certificate, key: client.key } : {}
      const socket = connect({ port, host: '127.0.0.1', ca: authority, ...credentials })
      let said = ''
      socket.on('data', data => (said += data.toString()))
      socket.on('error', error => (said = error.message))
      socket.on('close', () => {
        listener.close()
        resolve(said)
      })
    })
    listener.on('error', reject)
  })
}

test('pairs are what they say', async t => {
  const folder = scratch(t)
  const authority = await makeAuthority('a', 100)
  const other = await makeAuthority('a', 100)
  const names = ['web1.example', '127.0.0.1', '192.0.2.7', '2001:db8::1', 'localhost']
  const server = await issue(authority, { name: 'web1', use: 'server', names, days: 90 })
  const client = await issue(authority, { name: 'ci', use: 'client', names: [], days: 90 })
  const stranger = await issue(other, { name: 'ci', use: 'client', names: [], days: 90 })
  mkdirSync(join(folder, 'x'))
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, 'x', name), text)
    return join(folder, 'x', name)
  }
  const ca = write('ca', authority.certificate)
  const verify = (purpose: string, pem: string): string =>
    execFileSync('openssl', ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', ca, pem], {
      stdio: 'pipe',
    }).toString()
  t.match(verify('sslserver', write('server', server.certificate)), /: OK/, 'openssl takes it for a server')
  t.match(verify('sslclient', write('client', client.certificate)), /: OK/)
  t.throws(() => verify('sslserver', join(folder, 'x', 'client')), 'a client is no server')
  t.throws(() => verify('sslclient', write('stranger', stranger.certificate)), 'another authority of the same name')
  t.same(missingNames(server.certificate, names), [])
  t.same(missingNames(server.certificate, ['web2.example', '192.0.2.8']), ['web2.example', '192.0.2.8'])
  t.ok(isSignedBy(server.certificate, authority.certificate))
  t.notOk(isSignedBy(stranger.certificate, authority.certificate))
  t.ok(belongsTo(server.key, server.certificate))
  t.notOk(belongsTo(client.key, server.certificate))
  t.equal(await handshake(authority.certificate, server, client), 'secure')
  t.not(await handshake(authority.certificate, server, undefined), 'secure', 'without a certificate there is no way in')
  t.not(await handshake(authority.certificate, server, stranger), 'secure')
})

test('lifetimes', async t => {
  const now = new Date('2026-01-01T00:00:00Z')
  const authority = await makeAuthority('a', 10, now)
  const short = await issue(authority, { name: 's', use: 'server', names: [], days: 5, now })
  const long = await issue(authority, { name: 's', use: 'server', names: [], days: 50, now })
  t.equal(readCertificate(short.certificate)?.until.toISOString(), '2026-01-06T00:00:00.000Z')
  t.equal(
    readCertificate(long.certificate)?.until.toISOString(),
    '2026-01-11T00:00:00.000Z',
    'no longer than its authority',
  )
  t.ok((readCertificate(short.certificate)?.from ?? now) < now, 'a clock may be a little behind')
  t.equal(readCertificate('no certificate'), undefined)
})

test('a client is kept beside the authority', async t => {
  const folder = join(scratch(t), 'pki')
  const authority = await ensureAuthority({ folder, project: 'shop' })
  t.equal(await clientCertificate(folder, 'ci'), undefined)
  const pair = await issue(authority, { name: 'ci', use: 'client', names: [], days: 90 })
  await keepClient(folder, 'ci', pair, authority.certificate)
  t.equal(modeOf(join(folder, 'clients', 'ci', 'key.pem')), '600')
  t.equal(await clientCertificate(folder, 'ci'), pair.certificate)
  chmodSync(join(folder, 'clients', 'ci', 'key.pem'), 0o644)
  await t.rejects(clientCertificate(folder, 'ci'), { message: /others can read/ })
  rmSync(join(folder, 'clients', 'ci', 'key.pem'))
  await t.rejects(clientCertificate(folder, 'ci'), { message: /key of the client ci is not/ })
})
