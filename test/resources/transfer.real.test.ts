// The kinds of resources/transfer on the machine of the tests: a web server and repositories of its own, under every shell.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { Secret } from '../../core/secret.js'
import { apply, converge, kindOf, plan, type Shell, shells } from './shells.js'

all.setTimeout(300_000)

const sum = (text: string | Uint8Array, algorithm = 'sha256'): string =>
  `${algorithm}:${createHash(algorithm).update(text).digest('hex')}`

const said = (program: string, words: string[]): string =>
  execFileSync(program, words, { encoding: 'utf8', stdio: 'pipe' })

const open = (server: Server): Promise<number> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

const token = 'tok"en\\3n'
/** Every command line of the machine. */
const commandLines = (): string =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(id => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
    .join('\n')

/** Serves `files` by path; /private needs a header, and tells whether the header shows in a process list; /moved leads to /text. */
function webOf(files: Map<string, Uint8Array | string>): Server {
  return createServer((request, response) => {
    const path = request.url ?? ''
    const file = files.get(path)
    if (path === '/moved') response.writeHead(302, { location: '/text' }).end()
    else if (path === '/private' && request.headers['x-token'] !== token) response.writeHead(403).end('no')
    else if (path === '/private') response.end(commandLines().includes('3n') ? 'everybody sees it' : 'private text')
    else if (file === undefined) response.writeHead(404).end('none')
    else response.end(file)
  })
}

/** A folder of programs: what the scripts need, and of the ways to download only one. */
function programsWith(folder: string, wget: 'wget' | 'busybox' | 'none', more = ''): string {
  mkdirSync(folder, { recursive: true })
  const needed =
    'sh dash bash busybox cat chmod chown cp cut date grep head mktemp mv rm sed sha256sum sha512sum stat tail tr readlink'
  for (const name of `${needed} ${more}`.trim().split(' '))
    symlinkSync(said('sh', ['-c', `command -v ${name}`]).trim(), join(folder, name))
  if (wget !== 'none') symlinkSync(said('sh', ['-c', `command -v ${wget}`]).trim(), join(folder, 'wget'))
  return folder
}

test('get_url', async t => {
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

test('archive', async t => {
  const here = t.testdir({ tree: { top: { a: 'old\n', 'bin dir': { run: '#!/bin/sh\n' } } } })
  const tree = join(here, 'tree')
  chmodSync(join(tree, 'top/bin dir/run'), 0o755)
  symlinkSync('a', join(tree, 'top/link'))
  const pack = (): void => {
    said('tar', ['-C', tree, '--owner=12345', '-cf', join(here, 'plain.bin'), 'top'])
    for (const [program, end] of [
      ['gzip', 'gz'],
      ['xz', 'xz'],
      ['zstd', 'zst'],
      ['bzip2', 'bz2'],
    ])
      said('sh', ['-c', `${program} -c <${here}/plain.bin >${here}/packed.${end}`])
    said('sh', ['-c', `rm -f ${here}/packed.zip; cd ${tree} && zip -qry ${here}/packed.zip top`])
  }
  pack()
  const files = new Map<string, Uint8Array>()
  const web = webOf(files as Map<string, Uint8Array | string>)
  const root = `http://127.0.0.1:${await open(web)}`
  t.teardown(() => web.close())
  for (const [index, shell] of shells.entries()) {
    const way = shell.join(' ')
    for (const name of ['plain.bin', 'packed.gz', 'packed.xz', 'packed.zst', 'packed.bz2', 'packed.zip']) {
      const dest = join(here, `${index} ${name}`)
      const row = `${name} in ${way}`
      const done = await converge('archive', { src: name, dest, strip: 1 }, shell, here)
      t.same([done.ended.code, done.left, done.changes.length], [0, [], 1], `${row} ${done.ended.stderr}`)
      t.same(
        readdirSync(dest)
          .filter(one => !one.startsWith('.longshore-archive-'))
          .sort(),
        ['a', 'bin dir', 'link'],
        row,
      )
      t.equal(statSync(join(dest, 'bin dir/run')).mode & 0o777, 0o755, row)
      t.same([statSync(dest).mode & 0o777, statSync(join(dest, 'a')).uid], [0o755, 0], row)
    }
    const dest = join(here, `${index} packed.gz`)
    writeFileSync(join(dest, 'mine'), 'kept')
    symlinkSync(join(here, `${index} elsewhere`), join(here, `${index} link`))
    writeFileSync(join(tree, 'top/a'), `new ${index}\n`)
    pack()
    const again = await converge('archive', { src: 'packed.gz', dest, strip: 1, owner: 1, group: 2 }, shell, here)
    t.match(again, { ended: { code: 0 }, changes: [{ from: 'another archive' }], left: [] }, again.ended.stderr)
    t.same(
      [readFileSync(join(dest, 'a'), 'utf8'), statSync(join(dest, 'a')).uid, statSync(join(dest, 'bin dir')).gid],
      [`new ${index}\n`, 1, 2],
    )
    t.same(
      [readFileSync(join(dest, 'mine'), 'utf8'), statSync(join(dest, 'mine')).uid, statSync(dest).uid],
      ['kept', 0, 0],
    )
    const manner = await converge('archive', { src: 'packed.gz', dest, same_owner: true }, shell, here)
    t.match(manner, { ended: { code: 0 }, changes: [{ from: 'unpacked in another manner' }], left: [] })
    t.equal(statSync(join(dest, 'top/a')).uid, 12345)
    t.same((await plan('archive', { src: 'packed.gz', dest, creates: join(dest, 'mine') }, shell, here)).changes, [])

    const remote = { src: join(here, 'packed.xz'), remote_src: true, dest: join(here, `${index} remote`) }
    t.match(await converge('archive', remote, shell), { ended: { code: 0 }, changes: [{ from: 'absent' }], left: [] })
    const later = await plan('archive', { ...remote, src: '/no/such.tar' }, shell)
    t.match(later.changes, [{ to: '/no/such.tar, which is not there yet' }])
    t.match(await apply('archive', later, shell), { code: 1, stderr: /does not exist on the host/ })

    const bytes = readFileSync(join(here, 'packed.zst'))
    files.set('/x', bytes)
    const url = { src: `${root}/x`, dest: join(here, `${index} url`), checksum: sum(bytes) }
    t.match(await converge('archive', url, shell), { ended: { code: 0 }, changes: [{}], left: [] })
    const other = await apply('archive', await plan('archive', { ...url, checksum: sum('other') }, shell), shell)
    t.match(other, { code: 1, stderr: /is as it was: .*another checksum/ })
    t.same((await plan('archive', url, shell)).changes, [])

    writeFileSync(join(here, 'cut.gz'), readFileSync(join(here, 'packed.gz')).subarray(0, 150))
    writeFileSync(join(here, 'words'), 'no archive at all')
    for (const [src, message] of [
      ['cut.gz', /is as it was: cut.gz could not be unpacked/],
      ['words', /none of tar, tar.gz[\s\S]*is as it was/],
    ] as const)
      t.match(
        await apply('archive', await plan('archive', { src, dest }, shell, here), shell),
        { code: 1, stderr: message },
        src,
      )
    const empty = await apply(
      'archive',
      await plan('archive', { src: 'packed.gz', dest, strip: 9 }, shell, here),
      shell,
    )
    t.match(empty, { code: 1, stderr: /is empty once 9 folders are stripped/ })
    t.same(
      readdirSync(dest).filter(name => name.startsWith('.longshore.')),
      [],
      'nothing is left behind',
    )

    const bare: Shell = [
      'env',
      `PATH=${programsWith(join(here, `${index} bare`), 'none', 'tar od mkdir ls id')}`,
      ...shell,
    ]
    for (const [src, message] of [
      ['packed.xz', /xz is not on this host: install the package xz-utils in a task before/],
      ['packed.zip', /unzip is not on this host: install the package unzip/],
    ] as const)
      t.match(
        await apply('archive', await plan('archive', { src, dest: join(here, 'y') }, bare, here), bare),
        { code: 1, stderr: message },
        src,
      )

    // A link to a folder stays one: an archive must not put a folder of its own in the place of /bin.
    const usr = join(here, `${index} usr`)
    mkdirSync(join(usr, 'real'), { recursive: true })
    symlinkSync('real', join(usr, 'top'))
    t.equal((await converge('archive', { src: 'packed.gz', dest: usr }, shell, here)).ended.code, 0)
    t.ok(existsSync(join(usr, 'real/a')), 'went through the link')
  }
})

test('git', async t => {
  const here = t.testdir({})
  const origin = join(here, 'origin')
  const git = (...words: string[]): string =>
    said('git', ['-C', origin, '-c', 'user.name=A', '-c', 'user.email=a@b.test', ...words]).trim()
  said('git', ['init', '-q', '-b', 'main', origin])
  const commit = (text: string): string => {
    writeFileSync(join(origin, 'text'), text)
    git('add', '.')
    git('commit', '-q', '-m', text)
    return git('rev-parse', 'HEAD')
  }
  const first = commit('one')
  git('tag', '-a', 'v1', '-m', 'v1')
  git('branch', 'side')
  for (const [index, shell] of shells.entries()) {
    const way = shell.join(' ')
    const dest = join(here, `it's ${index}`)
    const repo = `file://${origin}`
    const text = (): string => readFileSync(join(dest, 'text'), 'utf8')
    const head = (): string => said('git', ['-c', 'safe.directory=*', '-C', dest, 'rev-parse', 'HEAD']).trim()
    const second = commit(`two ${index}`)
    const rows: [object, string, RegExp][] = [
      [{}, second, /absent/],
      [{ version: 'v1' }, first, /^[\da-f]{10}$/],
      [{ version: 'main' }, second, /^[\da-f]{10}$/],
      [{ version: first }, first, /^[\da-f]{10}$/],
      [{ version: 'side' }, first, /none/],
      [{ version: second.slice(0, 12) }, second, /^[\da-f]{10}$/],
      [{ depth: 1, version: 'main' }, second, /none/],
    ]
    for (const [more, wanted, from] of rows) {
      const done = await converge('git', { repo, dest, ...more }, shell)
      const row = `${JSON.stringify(more)} in ${way}`
      t.same([done.ended.code, done.left], [0, []], `${row} ${done.ended.stderr}`)
      t.match(done.changes[0]?.from, from, row)
      t.equal(head(), wanted, row)
      t.match(kindOf('git').result?.(plan, done.seen), { after: wanted })
    }
    t.equal(said('git', ['-C', dest, 'symbolic-ref', '--short', 'HEAD']).trim(), 'main', 'on a branch')

    const third = commit(`three ${index}`)
    t.same((await plan('git', { repo, dest, update: false }, shell)).changes, [])
    said('chown', ['-R', '1:1', dest])
    t.match(await converge('git', { repo, dest }, shell), { ended: { code: 0 }, left: [] }, 'a folder of another owner')
    t.equal(head(), third)

    writeFileSync(join(dest, 'text'), 'by hand')
    t.same((await plan('git', { repo, dest }, shell)).changes, [], 'local changes are no difference')
    const fourth = commit(`four ${index}`)
    const blocked = await plan('git', { repo, dest }, shell)
    t.match(blocked.changes, [{ what: 'version' }, { what: 'local changes', from: 'text' }])
    t.match(await apply('git', blocked, shell), { code: 1, stderr: /has local changes, which force: true/ })
    t.equal(text(), 'by hand')
    const forced = await converge('git', { repo, dest, force: true }, shell)
    t.match(forced.changes, [{ what: 'version' }, { loses: /the local changes in/ }])
    t.same([forced.ended.code, forced.left, text()], [0, [], `four ${index}`], forced.ended.stderr)
    t.equal(head(), fourth)

    writeFileSync(join(dest, 'text'), 'mine')
    said('git', [
      '-C',
      dest,
      '-c',
      'safe.directory=*',
      '-c',
      'user.name=A',
      '-c',
      'user.email=a@b.test',
      'commit',
      '-q',
      '-a',
      '-m',
      'my own',
    ])
    const ahead = await plan('git', { repo, dest }, shell)
    t.match(await apply('git', ahead, shell), { code: 1, stderr: /has commits that are nowhere else.*my own/ })
    t.same((await converge('git', { repo, dest, force: true }, shell)).left, [])
    t.equal(head(), fourth)

    const moved = await converge('git', { repo: origin, dest }, shell)
    t.match(moved, { ended: { code: 0 }, changes: [{ what: 'origin', from: repo, to: origin }], left: [] })
    const none = await apply('git', await plan('git', { repo, dest, version: 'nowhere' }, shell), shell)
    t.match(none, { code: 1, stderr: /has no branch, tag or commit nowhere/ })
    const gone = await plan('git', { repo: join(here, 'gone'), dest }, shell)
    t.match(gone.changes, [{ what: 'origin' }, { from: /the repository does not answer/ }])
    t.match(await apply('git', gone, shell), { code: /^[1-9]/, stderr: /gone/ })

    const shallow = join(here, `shallow ${index}`)
    t.match(await converge('git', { repo, dest: shallow, depth: 1 }, shell), { ended: { code: 0 }, left: [] })
    t.equal(said('git', ['-C', shallow, 'rev-list', '--count', 'HEAD']).trim(), '1')
    writeFileSync(join(shallow, '.git/HEAD'), 'nonsense')
    await t.rejects(plan('git', { repo, dest: shallow }, shell), { message: /not a git repository/ })
    const occupied = await apply('git', await plan('git', { repo, dest: here }, shell), shell)
    t.match(occupied, { code: 1, stderr: /is not empty, and no checkout of git/ })
  }
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
