// Brings the image of a machine to its engine: made by a recipe, loaded from an archive, or pulled.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { arch } from 'node:os'
import { dirname, isAbsolute } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { messageOf, UserError } from '../../../core/errors.js'
import type { MachineWork } from '../../../core/machines/machine.js'
import { readProgress } from '../api/stream.js'
import { hasStatus, unlessMissing } from '../apply/job.js'
import { remove } from '../containers/calls.js'
import { splitReference } from '../images/reference.js'
import { archiveStream, savedImages } from '../images/saved.js'
import { loadArchive } from '../images/transfer.js'
import type { DockerEngine } from '../open.js'
import { runToEnd } from './finite.js'
import { filterOf, machineLabels, recipeRepository } from './names.js'
import {
  archivePath,
  bootstrap,
  canBootstrap,
  finishScript,
  isKept,
  packages,
  recipeTag,
  refuseNarrow,
  releaseOf,
} from './recipe.js'

/** Where an image is made, and where archives are kept on this machine. */
export interface ImagePlace {
  engine: DockerEngine
  cache: string
}

interface ImageShape {
  Id: string
}

const inspect = ({ api }: DockerEngine, ref: string): Promise<ImageShape | undefined> =>
  unlessMissing(api.json<ImageShape>({ path: `/images/${ref}/json` }))

async function pull({ api }: DockerEngine, ref: string, { tell, signal }: MachineWork): Promise<void> {
  const { name, tag } = splitReference(ref)
  const query = { fromImage: name, tag: tag ?? 'latest' }
  const stream = await api.stream({ method: 'POST', path: '/images/create', query, signal, alone: true })
  await readProgress(stream, ({ status, id }) => tell(`pull ${id === undefined ? '' : `${id}: `}${status ?? ''}`))
}

/** Node's name of this machine's processor, as the engine calls it. */
const ownArchitecture = { x64: 'amd64', arm64: 'arm64' }[arch() as string] ?? arch()

/** POSIX sh, run in Debian's own image: what the recipe adds to it. */
const installScript = `set -e
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
apt-get update -qq
apt-get install -y -qq --no-install-recommends ${packages.join(' ')}
set -- /
${finishScript}`

/** Makes the root file system in a container of Debian's own image, as the archive `path`: where debootstrap cannot be run. */
async function makeInside(engine: DockerEngine, release: string, path: string, work: MachineWork): Promise<void> {
  const base = `debian:${release}`
  const { api } = engine
  if ((await inspect(engine, base)) === undefined)
    await pull(engine, base, work).catch((error: unknown) => {
      work.signal.throwIfAborted()
      throw new UserError(`the image of a ${release} machine cannot be made: ${messageOf(error)}`, {
        hint: `run as root with debootstrap installed, give the engine a way to ${base}, or name an image of your own`,
      })
    })
  const { id } = await runToEnd(
    engine,
    `longshore-machine-making-${release}-${process.pid}`,
    {
      Image: base,
      Cmd: ['sh', '-c', installScript],
      Labels: { [machineLabels.kind]: 'making' },
    },
    work,
  )
  const part = `${path}.${process.pid}.part`
  try {
    await mkdir(dirname(path), { recursive: true })
    const archive = await api.stream({ path: `/containers/${id}/export`, signal: work.signal, alone: true })
    await pipeline(archive, createWriteStream(part))
    await rename(part, path)
  } finally {
    await rm(part, { force: true })
    await remove(engine, id, true)
  }
}

/** What is being made, by its place: several machines wait for one image. */
const making = new Map<string, Promise<void>>()

const once = (key: string, make: () => Promise<void>): Promise<void> => {
  const begun = making.get(key) ?? make().finally(() => making.delete(key))
  making.set(key, begun)
  return begun
}

async function importRecipe({ engine, cache }: ImagePlace, release: string, work: MachineWork): Promise<void> {
  const { Architecture } = await engine.api.json<{ Architecture?: string }>({ path: '/info' })
  const aliases: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64' }
  const same = (aliases[Architecture ?? ''] ?? Architecture) === ownArchitecture
  const path = archivePath(cache, release) + (same ? '' : `.${Architecture}`)
  if (!isKept(path)) {
    await refuseNarrow(release, path)
    work.tell(`making the image of a ${release} machine, once`)
    if (same && (await canBootstrap(work))) await once(path, () => bootstrap(release, path, work))
    else await once(path, () => makeInside(engine, release, path, work))
  }
  work.tell(`importing the image of a ${release} machine`)
  const query = { fromSrc: '-', repo: recipeRepository, tag: recipeTag(release) }
  const request = {
    method: 'POST',
    path: '/images/create',
    query,
    repeated: { changes: [`LABEL ${machineLabels.kind}=image`, 'CMD ["/sbin/init"]'] },
    upload: createReadStream(path),
    alone: true,
  } as const
  await readProgress(await engine.api.stream({ ...request, signal: work.signal }), () => undefined)
}

async function loadBox({ engine }: ImagePlace, path: string, work: MachineWork): Promise<string> {
  const [image] = await savedImages(path).catch((error: unknown) => {
    throw new UserError(`${path} is no archive of a machine: ${messageOf(error)}`, {
      hint: '`longshore package` makes one; so does `docker save`',
    })
  })
  if (image === undefined) throw new UserError(`there is no image in ${path}`)
  for (const name of [image.id, ...image.digests]) if (await inspect(engine, name)) return name
  let [name = image.id] = image.tags
  await once(`${engine.scope.name} ${path}`, async () => {
    const names = await loadArchive(engine, await archiveStream(path), work)
    name = names[0] ?? name
  })
  return name
}

/** Makes sure that the engine has a machine's image; gives what it is called there. A UserError that says what is missing. */
export async function ensureMachineImage(place: ImagePlace, image: string, work: MachineWork): Promise<string> {
  const { engine } = place
  if (isAbsolute(image)) return loadBox(place, image, work)
  const release = releaseOf(image)
  const ref = release === undefined ? image : `${recipeRepository}:${recipeTag(release)}`
  if (await inspect(engine, ref)) return ref
  const key = `${engine.scope.name} ${ref}`
  if (release !== undefined) await once(key, () => importRecipe(place, release, work))
  else
    await once(key, () =>
      pull(engine, ref, work).catch((error: unknown) => {
        work.signal.throwIfAborted()
        throw new UserError(`the image ${ref} is not there, and cannot be pulled: ${messageOf(error)}`, {
          hint: 'debian-11, debian-12 and debian-13 are made here, without a registry',
        })
      }),
    )
  return ref
}

/** Removes an image by its id, unless something needs it. */
export const removeIfUnused = ({ api }: DockerEngine, id: string): Promise<void> =>
  api.json({ method: 'DELETE', path: `/images/${id}` }).catch((error: unknown) => {
    if (!hasStatus(error, 404, 409)) throw error
  })

/** Removes the images that we have made by a recipe, where no machine is left of them: the archive makes them anew. */
export async function tidyImages(engine: DockerEngine): Promise<void> {
  const filters = filterOf({ [machineLabels.kind]: 'image' })
  const images = await engine.api.json<ImageShape[]>({ path: '/images/json', query: { filters } })
  for (const { Id } of images) await removeIfUnused(engine, Id)
}
