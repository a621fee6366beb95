// Writes what is sent to an engine: an archive with the layers that it lacks, as pieces of gzip one after the other.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { familiarReference } from '../images/reference.js'
import type { SpooledLayer } from './spool.js'

/** An image as it is to be named, with what is put in of its layers. */
export interface ShippedImage {
  ref: string
  /** Its configuration, byte by byte. */
  config: Uint8Array
  /** Diff ids of all its layers, bottom first. */
  layers: readonly string[]
  /** Those that go into the archive; the engine has the others. */
  sent: readonly SpooledLayer[]
  /** Bytes of each layer's archive, by diff id: for the containerd store, which wants an OCI manifest. */
  sizes?: ReadonlyMap<string, number>
}

const block = 512
const folder = 'blobs/sha256/'
const media = 'application/vnd.oci.image'

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** A file's header as POSIX ustar; sizes beyond 8 GiB in base 256, as GNU tar and Go write them. */
export function fileHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(block)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  if (size < 8 ** 11) header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  else {
    header.writeBigUInt64BE(BigInt(size), 128)
    header[124] = 0x80
  }
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

const padding = (size: number): Buffer => Buffer.alloc((block - (size % block)) % block)

/** The name as containerd writes it out: with Docker Hub's own prefixes. */
function fullReference(ref: string): string {
  const familiar = familiarReference(ref)
  const [first = ''] = familiar.split('/')
  if (familiar.includes('/') && (/[.:]/.test(first) || first === 'localhost')) return familiar
  return `docker.io/${familiar.includes('/') ? '' : 'library/'}${familiar}`
}

/** The files of the OCI layout that say what the blobs are. Where it is there, the containerd store takes blobs that it has as given. */
function layoutFiles(
  { ref, config, layers }: ShippedImage,
  sizes: ReadonlyMap<string, number>,
): [name: string, bytes: Buffer][] {
  const full = fullReference(ref)
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${media}.manifest.v1+json`,
    config: { mediaType: `${media}.config.v1+json`, digest: `sha256:${digestOf(config)}`, size: config.length },
    layers: layers.map(digest => ({ mediaType: `${media}.layer.v1.tar`, digest, size: sizes.get(digest) ?? 0 })),
  })
  const index = {
    schemaVersion: 2,
    mediaType: `${media}.index.v1+json`,
    manifests: [
      {
        mediaType: `${media}.manifest.v1+json`,
        digest: `sha256:${digestOf(manifest)}`,
        size: manifest.length,
        annotations: {
          'io.containerd.image.name': full,
          'org.opencontainers.image.ref.name': full.slice(full.lastIndexOf(':') + 1),
        },
      },
    ],
  }
  return [
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', json(index)],
    [`${folder}${digestOf(manifest)}`, manifest],
  ]
}

/**
 * The archive, as bytes that go to `POST /images/load`. All engines take gzip, in several members too; each layer is one, and made once.
 * Its end is held back until `before` is over: an engine looks at an archive only when it has all of it.
 */
export function shipArchive(image: ShippedImage, before?: Promise<unknown>): Readable {
  const { ref, config, layers, sent, sizes } = image
  const file = (diffId: string): string => `${folder}${diffId.replace('sha256:', '')}`
  const configName = `${folder}${digestOf(config)}`
  const list = [{ Config: configName, RepoTags: [familiarReference(ref)], Layers: layers.map(file) }]
  const texts: [string, Uint8Array][] = [
    ...(sizes ? layoutFiles(image, sizes) : []),
    ['manifest.json', json(list)],
    [configName, config],
  ]
  async function* pieces(): AsyncGenerator<Uint8Array> {
    // What is pending between two layers goes out as one member.
    let small: Uint8Array[] = texts.flatMap(([name, bytes]) => [
      fileHeader(name, bytes.length),
      bytes,
      padding(bytes.length),
    ])
    for (const { diffId, path, size } of sent) {
      yield gzipSync(Buffer.concat([...small, fileHeader(file(diffId), size)]))
      for await (const chunk of createReadStream(path)) yield chunk as Buffer
      small = [padding(size)]
    }
    await before
    yield gzipSync(Buffer.concat([...small, Buffer.alloc(2 * block)]))
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: 256 * 1024 })
}
