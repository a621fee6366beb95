// The images of lab hosts: a Debian by the product's own recipe for machines, and what tests want on top of it, made once and kept.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { archivePath, bootstrap, isKept, recipeTag } from '../../providers/docker/machines/recipe.js'
import { asset, cacheDir, productCache, withLock } from './cache.js'
import { ensureEngine } from './engine.js'
import { docker, tryDocker } from './run.js'

/** The Debian releases that lab hosts can have. */
export const releases = ['bookworm', 'bullseye', 'trixie'] as const
export type Release = (typeof releases)[number]

/** What a host's image has on top of a minimal Debian with systemd and sshd. */
export interface ImageOptions {
  release: Release
  /** Debian's docker.io, enabled. */
  engine: boolean
  /** python3, for a peer that needs one on its hosts; without it no python is there, and the build asserts that. */
  python: boolean
  /** How it boots, where that is not with systemd and the kernel's boot_id. */
  boot?: { init: 'systemd' | 'none'; ownBootId: boolean }
  /** Folders that are volumes of each host. */
  volumes?: readonly string[]
}

/** An image, made by running a script in a container of another one; without a script it is the product's recipe itself. */
interface Layer {
  image: string
  release: Release
  /** What it is called after: that which its layers add. */
  words: readonly string[]
  below?: Layer
  script: string
  changes: string[]
  /** Kept as an archive too: its packages take long to fetch. */
  kept: boolean
}

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12)

const named = (release: Release, words: string, made: unknown): string =>
  `longshore-lab:${release}-${words}-${hash([process.arch, made])}`

/** One more layer: its word, and what makes it. */
const on = (below: Layer, word: string, script: string, { changes = [], kept = false }: Partial<Layer> = {}): Layer => {
  const { release } = below
  const words = [...below.words.filter(one => one !== 'base'), word]
  const image = named(release, words.join('-'), [below.image, script, changes])
  return { image, release, words, below, script, changes, kept }
}

const boots = 'CMD ["/sbin/init"]'

const recipe = (release: Release): Layer => {
  const image = named(release, 'recipe', recipeTag(release))
  return { image, release, words: [], script: '', changes: ['LABEL longshore.lab.image=1', boots], kept: false }
}

/** A test of failed logins would lock its own machine out. */
const quirks: Partial<Record<Release, string>> = {
  trixie: `echo 'PerSourcePenalties no' >/etc/ssh/sshd_config.d/lab.conf`,
}

const packagesScript = ({ engine, python }: ImageOptions): string => `set -e
  export DEBIAN_FRONTEND=noninteractive
  printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq
  install() { apt-get install -y -qq --no-install-recommends "$@"; }
  ${engine ? 'install docker.io iptables; command -v docker || install docker-cli; docker --version; test -e /etc/systemd/system/multi-user.target.wants/docker.service' : ''}
  ${python ? 'install python3 python3-apt' : ''}
  apt-get clean; rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d`

/** Puts the lab's own first program in the place of systemd. */
const bootScript = ({ init, ownBootId }: { init: string; ownBootId: boolean }): string => `set -e
rm -f /sbin/init
cat >/sbin/init <<'END-OF-INIT'
#!/bin/sh
set -- ${init} ${ownBootId ? 'own' : 'kernel'}
${readFileSync(asset('first-program.sh'), 'utf8')}
END-OF-INIT
chmod 755 /sbin/init`

/** The image of such a host, and all that it stands on. */
const layerOf = (options: ImageOptions): Layer => {
  const { release, engine, python, boot, volumes = [] } = options
  let layer = on(recipe(release), 'base', `set -e; ${quirks[release] ?? 'true'}`)
  if (engine || python) {
    const words = [engine && 'engine', python && 'python'].filter(Boolean).join('-')
    layer = on(layer, words, packagesScript(options), { kept: true })
  }
  if (boot?.init === 'none' || boot?.ownBootId) {
    const words = [boot.init === 'none' && 'plain', boot.ownBootId && 'boot'].filter(Boolean).join('-')
    layer = on(layer, words, bootScript(boot), { changes: [`LABEL longshore.lab.init=${boot.init}`] })
  }
  return volumes.length === 0
    ? layer
    : on(layer, 'volumes', 'true', { changes: volumes.map(path => `VOLUME ${JSON.stringify([path])}`) })
}

const changesOf = ({ changes }: Layer): string[] => changes.flatMap(change => ['--change', change])

const importRecipe = async (layer: Layer): Promise<void> => {
  const archive = archivePath(productCache(), layer.release)
  const work = { tell: () => undefined, signal: new AbortController().signal }
  if (!isKept(archive)) await bootstrap(layer.release, archive, work)
  await docker(['import', ...changesOf(layer), archive, layer.image])
}

const assertNoPython = async (image: string): Promise<void> => {
  const look = 'ls /usr/bin/python* /usr/local/bin/python* 2>/dev/null; true'
  const found = (await docker(['run', '--rm', image, 'sh', '-c', look])).trim()
  if (!found) return
  await docker(['rmi', image])
  throw new Error(`${image} must have no python, but has ${found}`)
}

const tagOf = (image: string): string => image.replace(/^.*:/, '')
const stemOf = (name: string): string => name.replace(/-[^-]+$/, '')
const folder = (): string => join(cacheDir(), 'images')

/** Drops archives of older recipes of the same image. */
const dropOld = async ({ image }: Layer): Promise<void> => {
  const current = `${tagOf(image)}.tar`
  for (const file of await readdir(folder()))
    if (file !== current && stemOf(file) === stemOf(current)) await rm(join(folder(), file))
}

const buildOn = async (below: string, layer: Layer): Promise<void> => {
  const container = `longshore-lab-build-${process.pid}-${tagOf(layer.image)}`
  const archive = join(folder(), `${tagOf(layer.image)}.tar`)
  if (layer.kept && existsSync(archive)) {
    await docker(['load', '-i', archive])
    return
  }
  try {
    await docker(['run', '--name', container, below, 'sh', '-c', layer.script])
    // What a container was started with is kept otherwise, here the script.
    await docker(['commit', ...changesOf(layer), '--change', boots, container, layer.image])
  } finally {
    await tryDocker(['rm', '-fv', container])
  }
  if (!layer.words.some(word => word.includes('python'))) await assertNoPython(layer.image)
  if (!layer.kept) return
  await mkdir(folder(), { recursive: true })
  await docker(['save', '-o', `${archive}.part`, layer.image])
  await rename(`${archive}.part`, archive)
  await dropOld(layer)
}

const exists = async (image: string): Promise<boolean> => (await tryDocker(['image', 'inspect', image])).code === 0

const make = async (layer: Layer): Promise<string> => {
  const { image, below } = layer
  if (await exists(image)) return image
  return withLock(`image-${stemOf(tagOf(image))}`, async () => {
    if (await exists(image)) return image
    if (below === undefined) await importRecipe(layer)
    else await buildOn(await ensureLayer(below), layer)
    return image
  })
}

const made = new Map<string, Promise<string>>()

const ensureLayer = (layer: Layer): Promise<string> => {
  const found = made.get(layer.image)
  if (found) return found
  const making = make(layer).catch(error => {
    made.delete(layer.image)
    throw error
  })
  made.set(layer.image, making)
  return making
}

/** Makes sure that the engine has the image of such a host and returns its name: from the engine, the cache, or built. */
export const ensureImage = async (options: ImageOptions): Promise<string> => {
  await ensureEngine()
  return ensureLayer(layerOf(options))
}
