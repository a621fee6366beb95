// What is told of an engine that is reached over TLS when certificates or the far side are at fault: against servers of this process.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { issue, makeAuthority, type Pair } from '../../cli/certificates/issue.js'
import { anyEngine } from '../../core/engine-want.js'
import { UserError } from '../../core/errors.js'
import type { Host } from '../../core/project.js'
import { Secret } from '../../core/secret.js'
import { connectEngine } from '../../hosts/engine.js'

const at = { file: 'longshore.yaml', line: 3, column: 5 }

/** A host whose engine listens at this port here. */
const hostAt = (port: number, tls: object | undefined): Host => {
  const address = { kind: 'tcp' as const, name: '127.0.0.1', port, url: `tcp://127.0.0.1:${port}`, at, leftOut: [] }
  const engineAddress = tls === undefined ? address : { ...address, tls: { ...tls, at } }
  const own = { name: 'e1', connection: 'engine' as const, address: '127.0.0.1', engineAddress, at }
  return { ...own, labels: {}, groups: [], vars: {}, engine: anyEngine() }
}

/** Answers as an engine does, to clients of the authority alone. */
async function listenTls(t: Test, own: Pair, authority: Pair): Promise<number> {
  const options = { cert: own.certificate, key: own.key, ca: authority.certificate, requestCert: true }
  const server = createHttps(options, (asked, answer) => answer.end(asked.url === '/_ping' ? 'OK' : 'what?'))
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

async function listenPlain(t: Test, says: string | undefined): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    if (says === undefined) socket.destroy()
    else if (says !== '') socket.once('data', () => socket.end(says))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

test('certificates and far sides at fault', async t => {
  const year = 365 * 24 * 60 * 60 * 1000
  const lastYear = new Date(Date.now() - year)
  const nextYear = new Date(Date.now() + year)
  // Older than all that it signs, as the check wants it.
  const authority = await makeAuthority('shop engines', 3650, new Date(lastYear.getTime() - year))
  const server = { name: 'e1', use: 'server' as const, names: ['127.0.0.1'], days: 30 }
  const client = { name: 'ci', use: 'client' as const, names: [], days: 30 }
  const folder = t.testdir({})
  const keep = (name: string, pair: Pair, mode = 0o600): Record<string, string> => {
    const place = join(folder, name)
    mkdirSync(place)
    writeFileSync(join(place, 'ca.pem'), authority.certificate)
    writeFileSync(join(place, 'cert.pem'), pair.certificate)
    writeFileSync(join(place, 'key.pem'), pair.key, { mode })
    return { ca: join(place, 'ca.pem'), cert: join(place, 'cert.pem'), key: join(place, 'key.pem') }
  }
  const pair = await issue(authority, client)
  const good = keep('good', pair)
  const port = await listenTls(t, await issue(authority, server), authority)
  const rows: [what: string, port: number, tls: object | undefined, exit: number, says: RegExp][] = [
    [
      'expired there',
      await listenTls(t, await issue(authority, { ...server, now: lastYear }), authority),
      good,
      4,
      /its certificate has run out/,
    ],
    [
      'not yet there',
      await listenTls(t, await issue(authority, { ...server, now: nextYear }), authority),
      good,
      4,
      /does not hold yet/,
    ],
    [
      'another name',
      await listenTls(t, await issue(authority, { ...server, names: ['web', '192.0.2.1'] }), authority),
      good,
      4,
      /not for 127\.0\.0\.1, but for web, 192\.0\.2\.1$/,
    ],
    [
      'ours expired',
      port,
      keep('old', await issue(authority, { ...client, now: lastYear })),
      3,
      /old\/cert\.pem has run out on \d{4}-/,
    ],
    [
      'ours too early',
      port,
      keep('new', await issue(authority, { ...client, now: nextYear })),
      3,
      /holds from \d{4}-.* only/,
    ],
    ['loose', port, keep('loose', pair, 0o644), 3, /everybody here can read the private key/],
    ['no certificate', port, { ca: good.key }, 3, /key\.pem holds no certificate/],
    ['TLS to no TLS', await listenPlain(t, 'SSH-2.0-x\r\n'), good, 4, /does not speak TLS there/],
    ['hangs up', await listenPlain(t, undefined), undefined, 4, /hung up at once/],
    ['no HTTP', await listenPlain(t, 'nonsense\r\n\r\n'), undefined, 4, /cannot speak to the engine/],
    [
      'a web server',
      await listenPlain(t, 'HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nlost'),
      undefined,
      4,
      /answers with status 404: lost/,
    ],
    ['silence', await listenPlain(t, ''), undefined, 4, /there is no answer/],
  ]
  for (const [what, to, tls, exit, says] of rows) {
    const error = await connectEngine(hostAt(to, tls), 700).catch((thrown: unknown) => thrown)
    t.ok(error instanceof UserError && says.test(error.message) && error.exit === exit, `${what}: ${error}`)
    t.same(error instanceof UserError && error.at, at, what)
  }
  const secret = { ca: good.ca, cert: good.cert, key: new Secret('KEY', pair.key) }
  for (const tls of [good, secret]) {
    const connection = await connectEngine(hostAt(port, tls), 5000)
    const stream = await connection.dial('/whatever')
    stream.write('GET /x HTTP/1.1\r\nhost: d\r\nconnection: close\r\n\r\n')
    let answer = ''
    for await (const chunk of stream) answer += String(chunk)
    t.match(answer, /200 OK[\s\S]*what\?/)
    await t.rejects(connection.exec({ sh: 'true' }), { message: /reached by its engine alone/, exit: 3 })
    await connection.close()
  }
  const aborted = AbortSignal.abort(new Error('stop'))
  await t.rejects(connectEngine(hostAt(port, good), 5000, aborted), { message: 'stop' })
})
