// Trees of this machine as archives and back, and archives that try to reach out of the folder they are meant for.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'tap'
import { packTree } from '../../../providers/local-tree/pack.js'
import { unpackTree } from '../../../providers/local-tree/unpack.js'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'longshore-tree-')))
process.on('exit', () => rmSync(base, { recursive: true, force: true }))

let folders = 0
const folder = (): string => {
  const path = join(base, String(++folders))
  mkdirSync(path)
  return path
}

const bytesOf = async (archive: Readable): Promise<Buffer> => Buffer.concat((await archive.toArray()) as Buffer[])

/** What GNU tar lists of an archive. */
const listed = (archive: Buffer): string[] =>
  spawnSync('tar', ['-tv', '--numeric-owner', '--full-time', '--utc'], { input: archive, encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
    .map(line => line.replace(/ +/g, ' ').replace(/ \d{4}-\d\d-\d\d [\d:]+/, ''))

/** One entry of an archive, by hand: a library would refuse to make what others may send (POSIX ustar). */
function entry(
  name: string,
  type: '0' | '1' | '2' | '3' | '5' | '6',
  { link = '', body = '', mode = 0o644 } = {},
): Buffer {
  const head = Buffer.alloc(512)
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`
  head.write(name, 0)
  head.write(octal(mode, 8), 100)
  head.write(octal(0, 8) + octal(0, 8), 108)
  head.write(octal(body.length, 12) + octal(1_000_000_000, 12), 124)
  head.write(' '.repeat(8), 148)
  head.write(type, 156)
  head.write(link, 157)
  head.write('ustar\x0000', 257)
  head.write(
    `${octal(
      head.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  )
  const content = Buffer.alloc(Math.ceil(body.length / 512) * 512)
  content.write(body)
  return Buffer.concat([head, content])
}

const archiveOf = (...entries: Buffer[]): Readable => Readable.from([Buffer.concat([...entries, Buffer.alloc(1024)])])

test('a tree goes into an archive and comes out of it as it was', async t => {
  const from = folder()
  mkdirSync(join(from, 'sub'))
  writeFileSync(join(from, 'a b'), 'one\n', { mode: 0o640 })
  writeFileSync(join(from, 'sub', 'x'.repeat(150)), Buffer.alloc(700_000, 7))
  writeFileSync(join(from, 'empty'), '')
  symlinkSync('/etc/passwd', join(from, 'sub', 'link'))
  symlinkSync(from, join(base, 'way'))
  const archive = await bytesOf(packTree(from, { as: 'new', follow: false, owners: false }))
  t.same(listed(archive), [
    'drwxr-xr-x 0/0 0 new/',
    '-rw-r----- 0/0 4 new/a b',
    '-rw-r--r-- 0/0 0 new/empty',
    'drwxr-xr-x 0/0 0 new/sub/',
    'lrwxrwxrwx 0/0 0 new/sub/link -> /etc/passwd',
    `-rw-r--r-- 0/0 700000 new/sub/${'x'.repeat(150)}`,
  ])
  const content = listed(await bytesOf(packTree(from, { as: '', follow: false, owners: false })))
  t.match(content[0], /a b$/, 'only the content')
  t.equal(listed(await bytesOf(packTree(join(base, 'way'), { as: 'w', follow: false, owners: false }))).length, 1)
  t.equal(listed(await bytesOf(packTree(join(base, 'way'), { as: 'w', follow: true, owners: false }))).length, 6)
  await t.rejects(bytesOf(packTree(join(base, 'none'), { as: 'x', follow: false, owners: false })), { code: 'ENOENT' })

  const unwanted = packTree(join(from, 'a b'), { as: 'x', follow: false, owners: false })
  unwanted.destroy()
  // Whatever it would leave unhandled is thrown by then.
  await new Promise(resolve => setTimeout(resolve, 50))

  const into = folder()
  for (const round of ['first', 'second']) {
    t.same((await unpackTree(Readable.from([archive]), { into, as: 'copy', owners: false })).left, [], round)
    t.equal(readFileSync(join(into, 'copy', 'a b'), 'utf8'), 'one\n')
    t.equal(statSync(join(into, 'copy', 'a b')).mode & 0o777, 0o640)
    t.equal(
      Math.floor(statSync(join(into, 'copy', 'a b')).mtimeMs / 1000),
      Math.floor(statSync(join(from, 'a b')).mtimeMs / 1000),
    )
    t.equal(statSync(join(into, 'copy', 'sub', 'x'.repeat(150))).size, 700_000)
    t.equal(readlinkSync(join(into, 'copy', 'sub', 'link')), '/etc/passwd', 'a link is kept, wherever it leads')
  }
  const merged = folder()
  await unpackTree(Readable.from([archive]), { into: merged, as: '', owners: false })
  t.same(readdirSync(merged), ['a b', 'empty', 'sub'])
})

test('no archive reaches out of its folder', async t => {
  const outside = folder()
  writeFileSync(join(outside, 'precious'), 'mine')
  const hostile: [string, Buffer[]][] = [
    ['a name that leads up', [entry('d/', '5'), entry('d/../../escape', '0', { body: 'x' })]],
    ['a first name that leads up', [entry('../escape', '0', { body: 'x' })]],
    ['an absolute name', [entry('d/', '5'), entry(`${outside}/escape`, '0', { body: 'x' })]],
    ['a name beside the first', [entry('d/', '5'), entry('escape', '0', { body: 'x' })]],
    [
      'through a link',
      [entry('d/', '5'), entry('d/l', '2', { link: outside }), entry('d/l/escape', '0', { body: 'x' })],
    ],
    [
      'through a relative link',
      [entry('d/', '5'), entry('d/l', '2', { link: '..' }), entry('d/l/escape', '0', { body: 'x' })],
    ],
    [
      'a folder through a link',
      [entry('d/', '5'), entry('d/l', '2', { link: outside }), entry('d/l/', '5'), entry('d/l/escape', '0')],
    ],
    ['the first entry is a link', [entry('d', '2', { link: outside }), entry('d/escape', '0', { body: 'x' })]],
    ['a hard link to elsewhere', [entry('d/', '5'), entry('d/h', '1', { link: `${outside}/precious` })]],
    [
      'a hard link that leads up',
      [entry('d/', '5'), entry('d/h', '1', { link: `d/../../${outside.split('/').at(-1)}/precious` })],
    ],
    [
      'a hard link through a link',
      [entry('d/', '5'), entry('d/l', '2', { link: outside }), entry('d/h', '1', { link: 'd/l/precious' })],
    ],
  ]
  for (const [what, entries] of hostile)
    for (const as of ['d', '']) {
      const into = folder()
      await t.rejects(
        unpackTree(archiveOf(...entries), { into, as, owners: false }),
        { name: 'UserError' },
        `${what}, as "${as}"`,
      )
      t.same(readdirSync(outside), ['precious'], what)
      t.notOk(existsSync(join(base, 'escape')), what)
      t.equal(readFileSync(join(outside, 'precious'), 'utf8'), 'mine')
      t.equal(statSync(join(outside, 'precious')).nlink, 1, what)
    }

  const into = folder()
  symlinkSync(outside, join(into, 'd'))
  await t.rejects(
    unpackTree(archiveOf(entry('d/', '5'), entry('d/precious', '0', { body: 'x' })), { into, as: 'd', owners: false }),
  )
  rmSync(join(into, 'd'))
  mkdirSync(join(into, 'd'))
  symlinkSync(join(outside, 'precious'), join(into, 'd', 'f'))
  linkSync(join(outside, 'precious'), join(into, 'd', 'g'))
  const taken = archiveOf(
    entry('d/', '5'),
    entry('d/f', '0', { body: 'x' }),
    entry('d/g', '0', { body: 'x', mode: 0o6755 }),
  )
  await unpackTree(taken, { into, as: 'd', owners: false })
  t.equal(readFileSync(join(outside, 'precious'), 'utf8'), 'mine', 'a link in the way is replaced, not followed')
  t.ok(lstatSync(join(into, 'd', 'f')).isFile())
  t.equal(statSync(join(into, 'd', 'g')).mode & 0o7777, 0o755, 'rights of an owner are not lent')

  const special = archiveOf(
    entry('d/', '5'),
    entry('d/pipe', '6'),
    entry('d/dev', '3'),
    entry('d/f', '0', { body: 'y' }),
  )
  t.same((await unpackTree(special, { into, as: 'd', owners: false })).left, ['d/pipe', 'd/dev'])
  t.equal(readFileSync(join(into, 'd', 'f'), 'utf8'), 'y')
  await t.rejects(
    unpackTree(archiveOf(entry('d', '0', { body: 'x' })), { into, as: 'd', owners: false }),
    { message: /is a folder/ },
    'a file takes no folder’s place',
  )
  await t.rejects(
    unpackTree(archiveOf(entry('d/', '5')), { into: join(into, 'd'), as: 'f', owners: false }),
    { message: /a folder cannot take the place/ },
    'nor the other way round',
  )
  const cutOff = Readable.from([Buffer.concat([entry('d', '0', { body: 'x'.repeat(2000) })]).subarray(0, 1000)])
  await t.rejects(unpackTree(cutOff, { into: folder(), as: 'd', owners: false }))
})
