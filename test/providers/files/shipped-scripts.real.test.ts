// Shell text about shipped files under the shells and tools that hosts have: received whole or not at all, changed in place, removed.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'tap'
import { localFiles } from '../../../cli/files.js'
import { contentSum, shippedTree, sumOf } from '../../../core/containers/mounts/shipped.js'
import type { ShippedWant } from '../../../core/containers/mounts/shipped-want.js'
import { lines, type Sh, sh, withStdin } from '../../../core/sh.js'
import { listScript, readLists, readTexts, textScript } from '../../../providers/docker/files/held.js'
import { packShipped } from '../../../providers/docker/files/pack.js'
import {
  askScript,
  bringScript,
  missingCode,
  noteScript,
  placeScript,
  receiveScript,
  removeScript,
} from '../../../providers/docker/files/scripts.js'
import { busyboxRootfs } from '../../lab/index.js'
import { run, shells } from '../../resources/shells.js'

const project = 'lsshipscripts'
const base = `/var/lib/longshore/${project}`
const odd = `a 'b' "c" $d \n-e`

const wantOf = async (path: string, kind: ShippedWant['kind'] = 'directory'): Promise<ShippedWant> => {
  const source = { from: { path }, kind, uid: 0, gid: 0 }
  const { entries } = await shippedTree(localFiles, source)
  const sum = await sumOf(entries, source)
  return { thing: 'it', ...source, sum, bytes: 0, entries: entries.length, secret: false, onChange: 'restart' }
}

const packed = (want: ShippedWant): Promise<Readable> => packShipped(localFiles, want, { where: 'here' })

const bytesOf = async (archive: Readable): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of archive) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

test('files are received, changed under a container and removed, whatever the shell', async t => {
  const root = t.testdir({ one: { same: 'same', old: 'old', swap: { in: 'x' }, [odd]: 'odd' }, file: 'first', bin: {} })
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const at = (path: string): string => join(root, path)
  await busyboxRootfs(at('bin'))
  symlinkSync('same', at('one/link'))
  chmodSync(at('one/same'), 0o750)
  const [first, file] = [await wantOf(at('one')), await wantOf(at('file'), 'file')]
  const archives = [await bytesOf(await packed(first)), await bytesOf(await packed(file))] as const
  // Kinds that change places, a link that goes, a mode, and a file that stays as it is.
  mkdirSync(at('two/old'), { recursive: true })
  writeFileSync(at('two/old/deep'), 'deep')
  writeFileSync(at('two/swap'), 'now a file')
  writeFileSync(at('two/same'), 'same')
  writeFileSync(at('two/link'), 'no link any more')
  writeFileSync(at('two/file'), 'second, and longer')
  chmodSync(at('two/same'), 0o700)
  const second = await wantOf(at('two'))
  const twice = await bytesOf(await packed(second))

  for (const shell of shells) {
    const tools: Sh = shell[0] === 'busybox' ? sh`PATH=${at('bin/bin')}; export PATH` : sh`:`
    const go = async (script: Sh) => run(lines(tools, script), shell)
    const good = async (script: Sh, what: string): Promise<string> => {
      const ended = await go(script)
      t.equal(ended.code, 0, `${shell[0]}, ${what}: ${ended.stderr}`)
      return ended.stdout
    }
    rmSync(base, { recursive: true, force: true })
    const receive = (want: ShippedWant, bytes: Buffer): Sh =>
      withStdin(receiveScript(project, want.sum, want.entries), () => Readable.from([bytes]))
    for (const end of [0, 512, 1536, archives[0].length - 1024 - 512, 700]) {
      const cut = await go(receive(first, archives[0].subarray(0, end)))
      t.not(cut.code, 0, `${shell[0]}: cut off after ${end} bytes`)
      t.notOk(existsSync(`${base}/files/${first.sum}`))
    }
    await good(receive(first, archives[0]), 'received')
    await good(receive(first, archives[0]), 'received again')
    await good(receive(file, archives[1]), 'a file')
    t.equal(statSync(`${base}/files`).mode & 0o777, 0o700)
    t.equal(readFileSync(join(base, 'files', first.sum, 'content', odd), 'utf8'), 'odd')

    const paths = [`${first.sum}/content`, `${'0'.repeat(64)}/content`, `${file.sum}/content`]
    const [folder, none, single] = readLists(await good(listScript(project, paths), 'listed'), paths.length)
    const byPath = (one: { path: string }, other: { path: string }): number => (one.path < other.path ? -1 : 1)
    const { entries } = await shippedTree(localFiles, first)
    t.same(
      folder?.toSorted(byPath),
      await Promise.all(
        entries.toSorted(byPath).map(async entry => {
          const { path, kind, mode, target } = entry
          const size = kind === 'file' ? entry.size : (folder?.find(one => one.path === path)?.size ?? -1)
          const own = { path, kind, mode, size, owner: '0:0', ...(target === undefined ? {} : { target }) }
          return entry.open ? { ...own, sum: await contentSum(entry) } : own
        }),
      ),
      `${shell[0]}: the host holds what was sent, odd names and links too`,
    )
    t.equal(none, undefined)
    t.match(single, [{ path: '', kind: 'file', size: 5 }])
    const asked = [`${first.sum}/content/${odd}`, 'gone', `${file.sum}/content`]
    t.same(
      readTexts(await good(textScript(project, asked), 'texts')).map(bytes => Buffer.from(bytes).toString()),
      ['odd', '', 'first'],
    )

    const copies = [
      { path: 'c-1/aa', hash: first.sum },
      { path: 'c-1/bb', hash: file.sum },
    ]
    t.equal((await go(placeScript(project, ['0'.repeat(64)], []))).code, missingCode)
    t.equal(await good(placeScript(project, [first.sum, file.sum], copies), 'placed'), `${base}/files\n`)
    const live = (path: string): string => join(base, 'files/live', path)
    const before = { inode: statSync(live('c-1/bb')).ino, same: statSync(live('c-1/aa/same')).ino }
    t.equal(readlinkSync(live('c-1/aa/link')), 'same')

    await good(receive(second, twice), 'the second')
    writeFileSync(at('file'), 'another')
    const changed = await wantOf(at('file'), 'file')
    await good(receive(changed, await bytesOf(await packed(changed))), 'the changed file')
    writeFileSync(at('file'), 'first')
    const now = [
      { path: 'c-1/aa', hash: second.sum },
      { path: 'c-1/bb', hash: changed.sum },
    ]
    for (const time of ['once', 'twice']) {
      await good(bringScript(project, now), `brought ${time}`)
      t.same(readFileSync(live('c-1/aa/old/deep'), 'utf8'), 'deep')
      t.same(readFileSync(live('c-1/aa/swap'), 'utf8'), 'now a file')
      t.ok(lstatSync(live('c-1/aa/link')).isFile())
      t.notOk(existsSync(live(`c-1/aa/${odd}`)), 'what is no longer there goes')
      t.equal(statSync(live('c-1/aa/same')).mode & 0o777, 0o700)
      t.equal(statSync(live('c-1/aa/same')).ino, before.same, 'what stays as it is is not touched')
      t.equal(readFileSync(live('c-1/bb'), 'utf8'), 'another')
      t.equal(statSync(live('c-1/bb')).ino, before.inode, 'a mounted file stays the same one')
    }
    const ask = askScript(project, ['c-1/aa', 'c-1/bb', 'c-1/none'])
    t.equal(await good(ask, 'asked'), `${first.sum} c-1/aa\n${file.sum} c-1/bb\n`, 'nobody was told yet')
    await good(noteScript(project, now), 'noted')
    t.equal(await good(ask, 'asked'), `${second.sum} c-1/aa\n${changed.sum} c-1/bb\n`)

    await good(removeScript(project, [first.sum, 'live/c-1', 'never']), 'removed')
    t.notOk(existsSync(live('c-1')) || existsSync(`${base}/files/${first.sum}`))
    t.ok(existsSync(`${base}/files/${second.sum}`), 'the others stay')
    await good(removeScript(project, [second.sum, file.sum, changed.sum]), 'all removed')
    await good(removeScript(project, [second.sum]), 'and again')
    t.notOk(existsSync(`${base}/files`))
  }
})

test('what changes while it is sent never gets a name', async t => {
  const root = t.testdir({ one: { a: 'a', b: 'b' } })
  const want = await wantOf(join(root, 'one'))
  for (const [text, why] of [
    ['x', 'of the same size'],
    ['longer', 'longer'],
    ['', 'shorter'],
  ] as const) {
    writeFileSync(join(root, 'one/b'), text)
    await t.rejects(packed(want).then(bytesOf), /it is no longer what was planned/, why)
  }
})
