// archive and git on the machine of the tests: archives of every kind, and repositories of its own, under every shell.
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
import { join } from 'node:path'
import { t as all, test } from 'tap'
import { ensureTools } from '../lab/index.js'
import { apply, converge, kindOf, plan, type Shell, shells } from './shells.js'
import { open, programsWith, said, sum, webOf } from './web.js'

all.setTimeout(600_000)

test('archive', async t => {
  await ensureTools({
    xz: 'xz-utils',
    zstd: 'zstd',
    bzip2: 'bzip2',
    zip: 'zip',
    unzip: 'unzip',
    curl: 'curl',
    git: 'git',
  })
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
      'dash',
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
