// Images without an engine: what a Dockerfile starts from, how images are called, and what of a build context counts.
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'tap'
import { localFiles } from '../../cli/files.js'
import {
  archiveOf,
  type BuildWant,
  hashEntries,
  readContext,
  withStages,
} from '../../providers/docker/images/context.js'
import { baseImages, needsBuildkit } from '../../providers/docker/images/dockerfile.js'
import { isForPlatform } from '../../providers/docker/images/platform.js'
import { progressLines } from '../../providers/docker/images/progress.js'
import { judgeImages, type PruneCandidate } from '../../providers/docker/images/prune.js'
import { familiarReference, splitReference } from '../../providers/docker/images/reference.js'
import { packTar } from '../../providers/docker/images/tar.js'
import { must } from '../lab/run.js'
import { at } from './samples.js'

test('Dockerfiles: what they start from, and which builder can read them', t => {
  const rows: [string, Record<string, string>, string | undefined, string[], boolean][] = [
    ['FROM busybox', {}, undefined, ['busybox'], false],
    ['# c\nfrom  busybox:1 AS one\nFROM one\nFROM scratch\nCOPY --from=one /a /b', {}, undefined, ['busybox:1'], false],
    ['ARG V=1\nARG N\nFROM busybox:$V\nFROM ${N:-debian}:${V}', {}, undefined, ['busybox:1', 'debian:1'], false],
    ['ARG V=1\nFROM busybox:$V', { V: '2' }, undefined, ['busybox:2'], false],
    ['FROM a AS x\nFROM b AS y\nFROM c', {}, 'y', ['a', 'b'], false],
    ['FROM \\\n# why\n  busybox', {}, undefined, ['busybox'], false],
    [
      'FROM --platform=linux/amd64 a\nCOPY --from=tools:3 /x /x\nCOPY --from=0 /y /y',
      {},
      undefined,
      ['a', 'tools:3'],
      false,
    ],
    ['FROM a\nRUN <<EOF\nFROM nowhere\nEOF\nRUN true', {}, undefined, ['a'], true],
    ['# syntax=docker/dockerfile:1\nFROM a', {}, undefined, ['a'], true],
    ['FROM a\nRUN --mount=type=cache,target=/x make', {}, undefined, ['a'], true],
    ['FROM a\nCOPY --chmod=755 x y', {}, undefined, ['a'], true],
    ['FROM a\nCOPY --chown=1:1 x y\nRUN cat <file', {}, undefined, ['a'], false],
  ]
  for (const [text, args, target, bases, buildkit] of rows) {
    t.same(baseImages(text, args, target), bases, text)
    t.equal(needsBuildkit(text), buildkit, text)
  }
  t.end()
})

test('image references', t => {
  const rows: [string, string, string, string][] = [
    ['redis', 'redis:latest', 'redis', 'latest'],
    ['docker.io/library/redis:7', 'redis:7', 'docker.io/library/redis', '7'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest', 'localhost:5000/a/b', 'latest'],
    ['redis:7@sha256:abc', 'redis@sha256:abc', 'redis', 'sha256:abc'],
  ]
  for (const [ref, familiar, name, tag] of rows) {
    t.equal(familiarReference(ref), familiar, ref)
    t.same(splitReference(ref), { name, tag }, ref)
  }
  t.end()
})

test('a build context: what is left out, what counts, and the same archive for the same files', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'lsprov-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const write = (path: string, text: string): Promise<void> => writeFile(join(folder, path), text)
  await write('Dockerfile', 'FROM scratch\n')
  await write('b.txt', 'b')
  await write('run.sh', 'echo')
  await write('secret.key', 'k')
  await write('.dockerignore', '*.key\nDockerfile\n')
  await symlink('b.txt', join(folder, 'link'))
  const want: BuildWant = { ref: 'x', from: 'build', context: folder, dockerfile: 'Dockerfile', args: {}, at }
  const read = async (): Promise<{ paths: string[]; hash: string; sum: string }> => {
    const { entries } = await readContext(localFiles, want)
    const sum = createHash('sha256')
      .update(await buffer(packTar(entries)))
      .digest('hex')
    return { paths: entries.map(({ path }) => path), hash: await hashEntries(entries), sum }
  }
  const first = await read()
  t.same(
    first.paths,
    ['.dockerignore', 'Dockerfile', 'b.txt', 'link', 'run.sh'],
    'the Dockerfile goes along all the same',
  )
  t.same(await read(), first, 'twice the same')
  await write('secret.key', 'other')
  t.same(await read(), first, 'what is left out does not count')
  await chmod(join(folder, 'b.txt'), 0o664)
  t.equal((await read()).hash, first.hash, 'another umask is no change')
  await chmod(join(folder, 'run.sh'), 0o755)
  const second = await read()
  t.not(second.hash, first.hash, 'a program is')
  await write('b.txt', 'c')
  t.not((await read()).hash, second.hash)

  const archive = join(folder, 'out.tar')
  await writeFile(archive, await buffer(packTar((await readContext(localFiles, want)).entries)))
  const listing = await must('tar', ['--numeric-owner', '--utc', '-tvf', archive])
  t.match(listing, /-rwxr-xr-x 0\/0 +4 1970-01-01 00:00 run\.sh/)
  t.match(listing, /link -> b\.txt/)

  const outside = await readContext(localFiles, { ...want, context: join(folder), dockerfile: '../../etc/hostname' })
  t.equal(outside.dockerfile, undefined)
  const sent = await archiveOf(outside, '', true)
  t.equal(sent.dockerfile, '.longshore.Dockerfile')
  const ignore = sent.entries.find(({ path }) => path === '.dockerignore')
  t.equal(String(await ignore?.bytes?.()), '*.key\nDockerfile\n.longshore.Dockerfile\n', 'it is no part of a COPY .')
  await t.rejects(readContext(localFiles, { ...want, dockerfile: 'None' }), {
    message: /the Dockerfile .*None of image x/,
    at,
  })
  await t.rejects(readContext(localFiles, { ...want, context: '/none' }), {
    message: 'the build context /none of image x is not there',
  })
})

test('further contexts of a build are stages before its own', t => {
  const text =
    '# syntax=docker/dockerfile:1\nARG V=1\nFROM base:$V AS one\nCOPY --from=0 /a /a\nCOPY --from=more /b /b\n'
  t.equal(withStages(text, ''), text)
  t.equal(
    withStages(text, 'FROM x AS more\n'),
    '# syntax=docker/dockerfile:1\nARG V=1\nFROM x AS more\nFROM base:$V AS one\nCOPY --from=1 /a /a\nCOPY --from=more /b /b\n',
    'arguments before the first FROM stay so, and stages called by number are counted on',
  )
  t.end()
})

test('platforms', t => {
  for (const [found, wanted, fits] of [
    ['linux/amd64', 'linux/amd64', true],
    ['linux/amd64', 'linux/x86_64', true],
    ['linux/arm64/v8', 'linux/aarch64', true],
    ['linux/arm/v7', 'linux/arm/v6', false],
    ['linux/amd64', 'linux/arm64', false],
    ['windows/amd64', 'linux/amd64', false],
  ] as const)
    t.equal(isForPlatform(found, wanted), fits, `${found} for ${wanted}`)
  t.end()
})

test('which images nobody needs', t => {
  const older = { 'longshore.project': 'shop', 'longshore.image': 'app:latest' }
  const image = (id: string, created: number, part: Partial<PruneCandidate> = {}): PruneCandidate => ({
    ...{ id: `sha256:${id}`, tags: [], digests: [], labels: {}, created, own: 1 },
    ...part,
  })
  const images = [
    image('now', 9, { tags: ['app:latest'], labels: older }),
    image('old2', 8, { labels: older }),
    image('old1', 7, { labels: older }),
    image('gone', 6, { tags: ['gone:latest'], labels: { ...older, 'longshore.image': 'gone:latest' } }),
    image('theirs', 5, { labels: { ...older, 'longshore.project': 'other' } }),
    image('dangling', 4),
    image('pinned', 4, { digests: ['redis@sha256:aa'] }),
    image('redis', 3, { tags: ['redis:7'] }),
    image('spare', 2, { tags: ['spare:1'] }),
    image('kept', 1, { tags: ['longshore.local/shop/app:0123456789ab'], labels: older }),
    image('layers', 1, { tags: ['longshore-layers:1'], labels: { 'longshore.ships': 'app:latest' } }),
    image('lost', 1, { tags: ['longshore-layers:2'], labels: { 'longshore.ships': 'gone:latest' } }),
  ]
  const rule = { project: 'shop', keep: 1, all: false, wanted: ['app', 'redis:7'], kept: new Set<string>() }
  const going = (part: object = {}, used: string[] = []): string[] =>
    judgeImages(images, new Set(used), { ...rule, ...part }).map(one => one.image.id.slice(7))
  t.same(going(), ['old1', 'gone', 'dangling', 'pinned'])
  t.same(going({ keep: 0 }), ['old2', 'old1', 'gone', 'dangling', 'pinned'])
  t.same(going({ keep: 2 }), ['gone', 'dangling', 'pinned'])
  t.same(going({ all: true }), ['old1', 'gone', 'dangling', 'pinned', 'spare', 'lost'])
  t.same(going({ kept: new Set(['sha256:old1', 'sha256:gone']) }), ['dangling', 'pinned'], 'a rollback needs them')
  t.same(going({ kept: new Set(['redis@sha256:aa']) }), ['old1', 'gone', 'dangling'], 'by whatever id it has here')
  t.same(going({}, ['sha256:dangling', 'sha256:old2']), ['gone', 'pinned'], 'containers are made from them')
  t.same(going({ wanted: ['app', 'redis@sha256:aa'] }), ['old1', 'gone', 'dangling'], 'the file pins it')
  t.end()
})

test('progress is told in bytes, for all layers together', t => {
  const told: string[] = []
  const progress = progressLines(text => told.push(text))
  const layer = (id: string, status: string, current: number, total: number): void =>
    progress.take({ id, status, progressDetail: { current, total } })
  layer('a', 'Downloading', 1e6, 4e6)
  layer('b', 'Downloading', 2e6, 6e6)
  layer('a', 'Downloading', 4e6, 4e6)
  layer('a', 'Extracting', 1e6, 9e6)
  layer('a', 'Extracting', 2e6, 9e6)
  progress.take({ id: 'a', status: 'Pull complete' })
  t.same(
    told,
    ['pulled 1.0 MB of 4.0 MB', 'a: Extracting', 'a: Pull complete'],
    'now and then, and what happens to it next',
  )
  t.equal(progress.bytes(), 10e6)
  t.equal(progress.last(), 'a: Extracting\na: Pull complete')
  t.end()
})
