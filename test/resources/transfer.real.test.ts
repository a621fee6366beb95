// get_url and fetch on the machine of the tests: from a web server of its own, with every program that downloads, under every shell.
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { Secret } from '../../core/secret.js'
import { ensureTools } from '../lab/index.js'
import { apply, converge, kindOf, plan, type Shell, shells } from './shells.js'
import { open, programsWith, said, sum, token, webOf } from './web.js'

all.setTimeout(600_000)

test('get_url', async t => {
  await ensureTools({ curl: 'curl', wget: 'wget', busybox: 'busybox', openssl: 'openssl' })
  const files = new Map<string, string>([
    ['/text', 'one\n'],
    ['/d/a%20b', 'spaced'],
  ])
  const web = webOf(files)
  const root = `http://127.0.0.1:${await open(web)}`
  const here = t.testdir({})
  said('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=127.0.0.1',
    '-keyout',
    join(here, 'key'),
    '-out',
    join(here, 'cert'),
  ])
  const secure = createSecureServer(
    { key: readFileSync(join(here, 'key')), cert: readFileSync(join(here, 'cert')) },
    (_request, response) => response.end('secure'),
  )
  const secureRoot = `https://127.0.0.1:${await open(secure)}`
  t.teardown(() => {
    web.close()
    secure.close()
  })

  const withWget = programsWith(join(here, 'wget'), 'wget')
  const withBusybox = programsWith(join(here, 'busybox'), 'busybox')
  const withNothing = programsWith(join(here, 'nothing'), 'none')
  const ways: Shell[] = [...shells, ['env', `PATH=${withWget}`, 'dash'], ['env', `PATH=${withBusybox}`, 'dash']]
  for (const [index, shell] of ways.entries()) {
    const way = shell.join(' ')
    const isBusybox = index === ways.length - 1
    const folder = join(here, `it's ${index}`)
    mkdirSync(folder)
    files.set('/text', 'one\n')
    const dest = join(folder, 'text')
    const first = await converge('get_url', { url: `${root}/moved`, dest, mode: '0640' }, shell)
    t.same([first.ended.code, first.left, first.changes.length], [0, [], 1], `${way} ${first.ended.stderr}`)
    t.same([readFileSync(dest, 'utf8'), statSync(dest).mode & 0o777], ['one\n', 0o640], way)
    const mode = await converge('get_url', { url: `${root}/text`, dest, mode: '0600' }, shell)
    t.match(mode, { ended: { code: 0 }, changes: [{ what: 'mode' }], left: [] }, way)

    files.set('/text', 'two\n')
    t.same((await plan('get_url', { url: `${root}/text`, dest }, shell)).changes, [], 'got once')
    const wrong = { url: `${root}/text`, dest, checksum: sum('three') }
    const refused = await apply('get_url', await plan('get_url', wrong, shell), shell)
    t.match(refused, { code: 1, stderr: /is as it was: what came from .* has another checksum/ }, way)
    t.equal(readFileSync(dest, 'utf8'), 'one\n', 'a wrong checksum leaves the old file')
    const right = {
      url: `${root}/text`,
      dest,
      checksum: sum('two\n', index % 2 === 0 ? 'sha256' : 'sha512'),
      backup: true,
    }
    t.match(
      await converge('get_url', right, shell),
      { ended: { code: 0 }, changes: [{ what: 'content' }], left: [] },
      way,
    )
    t.same([readFileSync(dest, 'utf8'), statSync(dest).mode & 0o777], ['two\n', 0o600], 'keeps its mode')
    t.equal(readdirSync(folder).filter(name => name.endsWith('~')).length, 1, 'a backup')

    const forced = { url: `${root}/text`, dest, force: true }
    t.same((await plan('get_url', forced, shell)).changes, [], 'force finds the same')
    files.set('/text', 'three\n')
    t.match(await converge('get_url', forced, shell), { changes: [{ from: 'other content' }], left: [] }, way)
    t.equal(readFileSync(dest, 'utf8'), 'three\n')
    const lost = await plan('get_url', { url: `${root}/none`, dest, force: true }, shell)
    t.match(lost.changes, [{ from: /cannot be compared yet \(.*404/ }], way)
    t.match(await apply('get_url', lost, shell), { code: 1, stderr: /404[\s\S]*is as it was: .*could not be had/ }, way)

    const spaced = await converge('get_url', { url: `${root}/d/a%20b`, dest: `${folder}/` }, shell)
    t.equal(spaced.ended.code, 0, spaced.ended.stderr)
    t.equal(readFileSync(join(folder, 'a b'), 'utf8'), 'spaced')

    const asked = await plan(
      'get_url',
      { url: `${root}/private`, dest: join(folder, 'p'), headers: { 'X-Token': new Secret('T', token) } },
      shell,
    )
    t.notMatch(kindOf('get_url').apply(asked.want, asked.seen)[0]?.sh, '3n')
    const secret = await apply('get_url', asked, shell)
    if (isBusybox) t.match(secret, { code: 1, stderr: /shows headers to everybody: install curl/ })
    else t.equal(readFileSync(join(folder, 'p'), 'utf8'), 'private text', `${way} ${secret.stderr}`)
    const unsafe = await apply(
      'get_url',
      await plan('get_url', { url: secureRoot, dest: join(folder, 's') }, shell),
      shell,
    )
    t.match(unsafe, { code: 1, stderr: isBusybox ? /checks no certificates: install curl/ : /certificate/ }, way)
    const nowhere = await apply(
      'get_url',
      await plan('get_url', { url: `${root}/text`, dest: '/no/such/x' }, shell),
      shell,
    )
    t.match(nowhere.stderr, /the folder \/no\/such does not exist on the host: create it/, way)
    t.same(
      readdirSync(folder).filter(name => name.startsWith('.') || name === 's'),
      [],
      'nothing is left behind',
    )
  }
  const without = await plan('get_url', { url: `${root}/text`, dest: join(here, 'x') }, [
    'env',
    `PATH=${withNothing}`,
    'dash',
  ])
  t.match(
    (await apply('get_url', without, ['env', `PATH=${withNothing}`, 'dash'])).stderr,
    /neither curl nor wget .* install curl/,
  )
})

test('fetch', async t => {
  const here = t.testdir({ host: { secret: 'hidden', big: '' }, local: {} })
  const bytes = Buffer.from([...Array(5000).keys()].map(one => (one * 7919) % 251))
  writeFileSync(join(here, "host/it's bytes"), bytes)
  chmodSync(join(here, 'host/secret'), 0o600)
  for (const shell of shells) {
    const local = `local/${shell[0]}/`
    const src = join(here, "host/it's bytes")
    const look = await plan('fetch', { src, dest: local }, shell, here)
    t.match(look.changes, [{ from: 'absent here', to: '5000 bytes' }])
    const ended = await apply('fetch', look, shell)
    const [write] = kindOf('fetch').keeps?.(look.want, ended.stdout) ?? []
    t.match(write, { path: join(here, local, "it's bytes"), mode: 0o644 }, ended.stderr)
    t.ok(bytes.equals(write?.bytes ?? Buffer.alloc(0)), 'every byte')
    t.throws(() => kindOf('fetch').keeps?.(look.want, ended.stdout.replace(/^.{8}(?=.*\nend)/m, 'AAAA')), {
      name: 'UserError',
    })
    mkdirSync(join(here, local))
    writeFileSync(write?.path ?? '', write?.bytes ?? '')
    t.same((await plan('fetch', { src, dest: local }, shell, here)).changes, [])
    writeFileSync(write?.path ?? '', 'other')
    t.match((await plan('fetch', { src, dest: local }, shell, here)).changes, [{ from: 'other content here' }])

    const secret = await plan('fetch', { src: join(here, 'host/secret'), dest: 'local/s' }, shell, here)
    t.match(kindOf('fetch').keeps?.(secret.want, (await apply('fetch', secret, shell)).stdout), [{ mode: 0o600 }])
    const missing = await plan('fetch', { src: '/no/such', dest: 'local/s' }, shell, here)
    t.match(missing.changes, [{ from: 'not on the host' }])
    t.match(await apply('fetch', missing, shell), { code: 1, stderr: /does not exist on the host/ })
    t.same((await plan('fetch', { src: '/no/such', dest: 'local/s', fail_on_missing: false }, shell, here)).changes, [])
    said('truncate', ['-s', '33M', join(here, 'host/big')])
    const big = await plan('fetch', { src: join(here, 'host/big'), dest: 'local/b' }, shell, here)
    t.match(await apply('fetch', big, shell), { code: 1, stderr: /is larger than 32 MB/ })
    said('sh', ['-c', `head -c 6000000 /dev/urandom >${here}/host/big`])
    const dense = await plan('fetch', { src: join(here, 'host/big'), dest: 'local/b' }, shell, here)
    t.match(await apply('fetch', dense, shell), { code: 1, stderr: /also compressed/ })
  }
  await t.rejects(plan('fetch', { src: '/etc/hostname', dest: 'local' }, shells[0] ?? ['sh'], here), {
    message: /is a folder/,
  })
})
