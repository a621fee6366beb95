// Shipping of images without an engine: archives that engines have saved are taken apart, and put together anew with what is lacking.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGunzip, gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { packageRoot } from '../../../cli/package-root.js'
import { receiveCause } from '../../../providers/docker/diff/received.js'
import type { SeenImage } from '../../../providers/docker/images/reference.js'
import { readTar } from '../../../providers/docker/images/tar.js'
import type { Seen } from '../../../providers/docker/observe/seen.js'
import { fileHeader, shipArchive } from '../../../providers/docker/ship/archive.js'
import { chainIds, lacking } from '../../../providers/docker/ship/chain.js'
import { readSaved } from '../../../providers/docker/ship/read-saved.js'
import { createSpool } from '../../../providers/docker/ship/spool.js'
import { layerFolders, positionOf } from '../../../providers/docker/ship/v1-id.js'
import { at } from '../samples.js'

const sha = (bytes: Uint8Array | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const never = new AbortController().signal

const saved = (name: string): Buffer => {
  const text = readFileSync(join(packageRoot, 'test/providers/fixtures', `save-${name}.txt`), 'utf8')
  return gunzipSync(Buffer.from(text.slice(text.indexOf('\n')), 'base64'))
}

const filesIn = async (archive: Readable): Promise<Map<string, Buffer>> => {
  const files = new Map<string, Buffer>()
  for await (const entry of readTar(archive)) {
    const bytes = await buffer(entry.body)
    if (entry.isFile) files.set(entry.path, bytes)
  }
  return files
}

const configOf = (files: ReadonlyMap<string, Buffer>): Buffer => {
  const [{ Config }] = JSON.parse(String(files.get('manifest.json'))) as [{ Config: string }]
  return files.get(Config) ?? Buffer.alloc(0)
}

const diffIdsIn = (config: Uint8Array): string[] => JSON.parse(Buffer.from(config).toString('utf8')).rootfs.diff_ids

/** What each engine told of its image when the archive was recorded. In the containerd store an image is called by its manifest. */
const recorded = [
  { name: '20.10', id: 'sha256:96a71b2e88d4b81345e410a7bc231a51d9332421b882d2522834ddc0238f9832' },
  { name: '26.1', id: 'sha256:9415843b687e7a632fc95bafe578983d6cab7bb272cdb3bac08dced743dcc6a7' },
  { name: '26.1-containerd', id: 'sha256:d6dace5f694f698c26698f64cbbae6a99b082c0f53ce2eeb41ac1648837b57c3' },
]

for (const { name, id } of recorded)
  test(`what ${name} saves`, async t => {
    const archive = saved(name)
    const config = configOf(await filesIn(Readable.from([archive])))
    const layers = diffIdsIn(config)
    t.ok(layers.length >= 5, 'the recorded image has its layers')
    const image = { ref: 'tiny:app', id, layers }
    const top = layers.at(-1) ?? ''
    const rows: { what: string; needed: string[]; sizes: boolean }[] = [
      { what: 'all layers', needed: layers, sizes: false },
      { what: 'the topmost layer', needed: [top], sizes: false },
      { what: 'nothing but the settings', needed: [], sizes: false },
      { what: 'the lowest layer, and all sizes', needed: layers.slice(0, 1), sizes: true },
    ]
    for (const { what, needed, sizes } of rows) {
      const wanted = new Set(needed)
      const spool = await createSpool(wanted, never)
      // In pieces of an odd length, so that nothing falls upon a block's border.
      const pieces = Readable.from(
        (function* () {
          for (let from = 0; from < archive.length; from += 777) yield archive.subarray(from, from + 777)
        })(),
      )
      const read = await readSaved(pieces, image, wanted, { spool, sizes })
      t.same(Buffer.from(read.config), config, `${what}: the settings, byte by byte`)
      for (const diffId of wanted) {
        const layer = await spool.layer(diffId)
        const content = gunzipSync(readFileSync(layer.path))
        t.equal(sha(content), diffId, `${what}: a layer has the content that its name says`)
        t.equal(layer.size, content.length, `${what}: and its size`)
      }
      if (sizes) t.same([...read.sizes.keys()].sort(), [...new Set(layers)].sort(), 'the sizes of all layers are known')

      const sent = await Promise.all([...wanted].map(diffId => spool.layer(diffId)))
      const written = { ref: 'tiny:app', config: read.config, layers, sent, ...(sizes ? { sizes: read.sizes } : {}) }
      const files = await filesIn(shipArchive(written).pipe(createGunzip()))
      const manifest = JSON.parse(String(files.get('manifest.json')))
      t.same(manifest[0].RepoTags, ['tiny:app'])
      t.same(
        manifest[0].Layers,
        layers.map(diffId => `blobs/sha256/${diffId.slice(7)}`),
        `${what}: all are named`,
      )
      t.same(configOf(files), config)
      for (const [path, bytes] of files)
        if (path.startsWith('blobs/')) t.equal(`sha256:${path.slice(13)}`, sha(bytes), `${what}: ${path.slice(13, 25)}`)
      const here = layers.filter(diffId => files.has(`blobs/sha256/${diffId.slice(7)}`))
      t.same(new Set(here), wanted, `${what}: and no other layer is in the archive`)
      t.equal(files.has('index.json'), sizes)
      if (sizes) {
        const [{ digest, annotations }] = JSON.parse(String(files.get('index.json'))).manifests
        t.equal(annotations['io.containerd.image.name'], 'docker.io/library/tiny:app')
        const oci = JSON.parse(String(files.get(`blobs/sha256/${digest.slice(7)}`)))
        t.same(
          oci.layers.map((one: { digest: string }) => one.digest),
          layers,
        )
      }
      await spool.close()
    }
    const broken: { what: string; bytes: Buffer; says: RegExp }[] = [
      { what: 'cut off', bytes: archive.subarray(0, archive.length / 2), says: /truncated/i },
      {
        what: 'of another image',
        bytes: saved(name === '20.10' ? '26.1' : '20.10'),
        says: /without all of its layers/,
      },
    ]
    for (const { what, bytes, says } of broken) {
      const spool = await createSpool(new Set(layers), never)
      await t.rejects(readSaved(Readable.from([bytes]), image, new Set(layers), { spool, sizes: false }), says, what)
      await spool.close()
    }
  })

test('a layer with another content than its name says is refused', async t => {
  const archive = saved('26.1')
  const files = await filesIn(Readable.from([archive]))
  const layers = diffIdsIn(configOf(files))
  const content = files.get(`blobs/sha256/${layers.at(-1)?.slice(7)}`) ?? Buffer.alloc(0)
  const tampered = Buffer.from(archive)
  tampered.fill('x', archive.indexOf(content) + 600, archive.indexOf(content) + 602)
  const needed = new Set(layers)
  const spool = await createSpool(needed, never)
  const image = { ref: 'tiny:app', id: recorded[1]?.id ?? '', layers }
  const reading = readSaved(Readable.from([tampered]), image, needed, { spool, sizes: false })
  await t.rejects(reading, /another content than its name says/)
  await spool.close()
})

test('layers by the folders of engines before 25', async t => {
  const files = await filesIn(Readable.from([saved('20.10')]))
  const chains = chainIds(diffIdsIn(configOf(files)))
  const positions = [...files].flatMap(([path, bytes]) =>
    path.endsWith('/json') ? [positionOf(bytes.toString('utf8'), chains)] : [],
  )
  t.same(positions.sort(), [0, 1, 2, 3, 4, 5], 'each is told without its content')
  const folders = layerFolders(chains)
  t.equal(folders.length, 5)
  for (const name of folders) t.ok(files.has(`${name}/json`), 'and by its name before it is read')
  const other = chainIds(['sha256:0', 'sha256:1', 'sha256:2'])
  const [first] = [...files].filter(([path, bytes]) => path.endsWith('/json') && !bytes.includes('parent'))
  t.equal(positionOf(String(first?.[1]), other), undefined, 'those of another image are not')
})

test('what an engine lacks', t => {
  const [a, b, c] = [sha('a'), sha('b'), sha('c')] as [string, string, string]
  // By the OCI specification: the sum over the chain below, a blank, and the layer's own.
  t.same(chainIds([a, b, c]), [a, sha(`${a} ${b}`), sha(`${sha(`${a} ${b}`)} ${c}`)])
  const has = (...ids: string[][]): ReadonlySet<string> => new Set(ids.flatMap(chainIds))
  const rows: [string[], ReadonlySet<string>, boolean[]][] = [
    [[a, b, c], has(), [true, true, true]],
    [[a, b, c], has([a, b]), [false, false, true]],
    [[a, b, c], has([b, c]), [true, true, true]],
    [[a, b, a], has([a]), [false, true, true]],
    [[a, b, a], has([a, b, a, c]), [false, false, false]],
  ]
  for (const [layers, known, lacks] of rows) t.same(lacking(layers, { by: 'chain', known }), lacks)
  t.same(lacking([a, b, a], { by: 'content', known: new Set([a]) }), [false, true, false])
  t.end()
})

test('headers of files of any size', async t => {
  for (const size of [0, 1, 512, 8 ** 11 - 1, 8 ** 11, 20e9]) {
    for await (const entry of readTar(Readable.from([fileHeader('blobs/sha256/x', size)]))) {
      t.same([entry.path, entry.size], ['blobs/sha256/x', size])
      entry.body.on('error', () => undefined)
      break
    }
  }
})

test('why an image is received', t => {
  const image = (part: Partial<SeenImage>): SeenImage => ({
    ...{ id: 'sha256:1', tags: ['app:latest'], digests: [], labels: { v: '1' } },
    ...part,
  })
  const stored = (part: Partial<SeenImage>): SeenImage => image({ id: 'sha256:m', digests: ['app@sha256:m'], ...part })
  const source = (images: SeenImage[], steps: string[] = []) =>
    new Map([['web1', { seen: { images } as Partial<Seen>, steps: new Set(steps) }]])
  const want = { ref: 'app', at, from: 'host', host: 'web1', others: 0 } as const
  const rows: [ReturnType<typeof source> | undefined, SeenImage | undefined, string | undefined][] = [
    [source([image({})]), undefined, 'from web1: not there'],
    [source([image({})]), image({}), undefined],
    [source([image({ id: 'sha256:2' })]), image({}), 'from web1: another one is there'],
    [source([image({})], ['web1/image app']), image({}), 'from web1: built anew there'],
    [source([image({})]), stored({}), undefined],
    [source([image({})]), stored({ labels: { v: '0' } }), 'from web1: another one is there'],
    [undefined, image({}), undefined],
    [undefined, undefined, 'from web1: not there'],
  ]
  for (const [sources, found, cause] of rows) t.equal(receiveCause({ sources }, want, found), cause)
  t.end()
})
