// Archives of images into an engine and out of it, with the bytes counted.
import { type Readable, Transform } from 'node:stream'
import type { TransferOptions } from '../../../core/provider-abilities.js'
import { readProgress } from '../api/stream.js'
import type { DockerEngine } from '../open.js'
import { sizeText } from '../ship/load.js'

/** Milliseconds between two lines about bytes. */
const tellEvery = 500

/** Passes bytes on and tells how many came by. */
function counted(archive: Readable, verb: string, tell: (text: string) => void): Readable {
  let bytes = 0
  let told = performance.now()
  const counter = new Transform({
    transform(chunk: Uint8Array, _, done) {
      bytes += chunk.length
      if (performance.now() - told > tellEvery) {
        told = performance.now()
        tell(`${verb} ${sizeText(bytes)}`)
      }
      done(null, chunk)
    },
  })
  archive.once('error', error => counter.destroy(error))
  counter.once('close', () => archive.destroy())
  return archive.pipe(counter)
}

/** Loads an archive; gives the names (or ids, where it has none) of what is there now. Throws what the engine says of one that it does not take. */
export async function loadArchive(
  engine: DockerEngine,
  archive: Readable,
  options: TransferOptions,
): Promise<string[]> {
  const { signal, tell } = options
  const upload = counted(archive, 'sent', tell)
  const request = { method: 'POST', path: '/images/load', query: { quiet: true }, upload, signal } as const
  const names: string[] = []
  await readProgress(await engine.api.stream(request), ({ stream = '' }) => {
    for (const [, name = ''] of stream.matchAll(/^Loaded image(?: ID)?: (\S+)$/gm)) names.push(name)
  })
  return names
}

/** The archive of some images. An ApiError where the engine has none of that name. */
export async function saveArchive(
  engine: DockerEngine,
  refs: readonly string[],
  { signal, tell }: TransferOptions,
): Promise<Readable> {
  return counted(await engine.api.stream({ path: '/images/get', repeated: { names: refs }, signal }), 'saved', tell)
}
