// The images that the services on one host need, and what `images:` adds to them.
import { isAbsolute, relative, resolve } from 'node:path'
import type { Host } from '../project.js'
import type { Value } from '../secret.js'
import type { ImageWant } from '../wanted.js'
import { textValues } from './environment.js'
import { oneBuilder } from './one-builder.js'
import type { Places } from './place.js'
import type { Read } from './read.js'
import { pathHere, type Run, readFor } from './run.js'
import { type Build, type Image, imageSchema } from './schema/image.js'
import type { Service } from './schema/service.js'

/** Reference of a service's image: as given, or Compose's name for what is built. */
const imageOf = (project: string, { name, value }: Read<Service>): string => value.image ?? `${project}-${name}`

const same = (one: string, other: string): boolean => one.replace(/:latest$/, '') === other.replace(/:latest$/, '')

async function buildWant(
  run: Run,
  read: Read<unknown>,
  build: Build,
  source: { ref: string; folder: string; path: string[] },
): Promise<ImageWant> {
  const { files } = run.context
  const at = read.raw.where(source.path)
  const wrong = (text: string): void => run.mistakes.add(`${read.name}: ${text}`, at)
  const args: Record<string, Value> = textValues(run, read, build.args, [...source.path, 'args'])
  const context = pathHere(run, build.context, source.folder)
  const file = resolve(context, build.dockerfile)
  if (/^(https?|ssh|git):\/\/|^git@/.test(build.context))
    wrong('builds from a URL are not supported by this version: give a folder')
  else if ((await files.stat(context))?.kind !== 'directory') wrong(`there is no folder ${context} to build from`)
  else if (!(await files.exists(file))) wrong(`there is no ${file} to build with`)
  const dockerfile = isAbsolute(build.dockerfile) ? relative(context, build.dockerfile) : build.dockerfile
  const target = build.target === undefined ? {} : { target: build.target }
  const once = build.at === 'host' ? {} : ({ once: build.at === 'once' ? 'first' : 'here' } as const)
  return { ref: source.ref, at, from: 'build', context, dockerfile, args, ...target, ...once }
}

async function entryWant(run: Run, read: Read<Image>, name: string): Promise<ImageWant | undefined> {
  const { raw, value } = read
  const { folder } = run.project
  if (value.build !== undefined) return buildWant(run, read, value.build, { ref: name, folder, path: ['build'] })
  if (value.pull !== undefined) return { ref: value.pull, at: raw.where(['pull']), from: 'pull' }
  if (value.import === undefined) return undefined
  const { dir, at: where = 'here' } = value.import
  const at = raw.where(['import', 'dir'])
  if (where === 'host') {
    if (!isAbsolute(dir)) run.mistakes.add(`${read.name}: a folder on the host needs an absolute path`, at)
    return { ref: name, at, from: 'import', dir, where }
  }
  const path = pathHere(run, dir, folder)
  if ((await run.context.files.stat(path))?.kind !== 'directory')
    run.mistakes.add(`${read.name}: there is no folder ${path} to import`, at)
  return { ref: name, at, from: 'import', dir: path, where }
}

/** Where images come from for one host: entries of `images:` that it needs, and what its services build themselves. */
interface HostImages {
  entries: Map<string, ImageWant>
  builds: Map<string, ImageWant>
}

/** Images for each host: what services build is known on all hosts, so that a service can use what another one builds elsewhere. */
export async function imagesByHost(
  run: Run,
  places: Places,
): Promise<{ wants(host: Host): ImageWant[]; refFor(host: Host, read: Read<Service>): string }> {
  const { project, mistakes } = run
  const entryOf = (ref: string): string | undefined => Object.keys(project.images).find(name => same(name, ref))
  const hosts = new Map<string, HostImages>()
  const anywhere = new Map<string, ImageWant>()
  const servicesOn = (host: Host): Read<Service>[] =>
    [...places.values()].flatMap(({ shares }) => shares.find(share => share.host.name === host.name)?.read ?? [])

  for (const host of project.hosts) {
    const images: HostImages = { entries: new Map(), builds: new Map() }
    hosts.set(host.name, images)
    const services = servicesOn(host)
    for (const read of services) {
      const { build } = read.value
      if (build === undefined) continue
      const ref = imageOf(project.name, read)
      const at = read.raw.where(['build'], 'key')
      const folder = places.get(read.name)?.raw.folder ?? project.folder
      if (entryOf(ref) !== undefined)
        mistakes.add(`${read.name}: the image ${ref} is built here and declared under \`images:\``, at)
      const want = await buildWant(run, read, build, { ref, folder, path: ['build'] })
      const other = images.builds.get(ref)
      if (other !== undefined && differ(other, want))
        mistakes.add(`${read.name}: another service builds the image ${ref} differently`, at)
      images.builds.set(ref, other ?? want)
      if (!anywhere.has(ref)) anywhere.set(ref, want)
    }
    const used = services.flatMap(read => entryOf(imageOf(project.name, read)) ?? [])
    const builds = images.builds.size > 0 || used.some(name => isBuild(project.images[name]?.value))
    // A Dockerfile may start FROM any of them; which one is known only when it is read.
    for (const [name, raw] of Object.entries(project.images)) {
      if (!builds && !used.includes(name)) continue
      const read = readFor(run, host, imageSchema, { name: `image ${name}`, raw, service: name })
      const want = read && (await entryWant(run, read, name))
      if (want !== undefined) images.entries.set(name, want)
    }
  }

  const sourceOf = (host: Host, ref: string): ImageWant | undefined => {
    const { entries, builds } = hosts.get(host.name) ?? { entries: new Map(), builds: new Map() }
    return entries.get(entryOf(ref) ?? '') ?? builds.get(ref) ?? anywhere.get(ref)
  }
  const wantsAlone = (host: Host): ImageWant[] => {
    const entries = [...(hosts.get(host.name)?.entries.values() ?? [])]
    const first = [...entries.filter(want => want.from !== 'build'), ...entries.filter(want => want.from === 'build')]
    const wants = new Map(first.map(want => [want.ref, want]))
    for (const read of servicesOn(host)) {
      const ref = imageOf(project.name, read)
      const { platform } = read.value
      const pulled = { ref, at: read.raw.where(['image']), from: 'pull' as const }
      const want = sourceOf(host, ref) ?? (platform === undefined ? pulled : { ...pulled, platform })
      const pulls = want.from === 'pull' && read.value.pull_policy !== 'never'
      if (!wants.has(want.ref) && (want.from !== 'pull' || pulls)) wants.set(want.ref, want)
    }
    return [...wants.values()]
  }
  const refFor = (host: Host, read: Read<Service>): string => {
    const ref = imageOf(project.name, read)
    const source = sourceOf(host, ref)
    return source?.from === 'pull' ? source.ref : ref
  }
  const used = (host: Host): Set<string> => new Set(servicesOn(host).map(read => refFor(host, read)))
  const shares = project.hosts.map(host => ({ host, wants: wantsAlone(host), used: used(host) }))
  const wanted = oneBuilder(shares, mistakes)
  return { refFor, wants: host => wanted.get(host.name) ?? [] }
}

const isBuild = (value: unknown): boolean => value !== null && typeof value === 'object' && 'build' in value

const differ = (one: ImageWant, other: ImageWant): boolean =>
  JSON.stringify({ ...one, at: undefined }) !== JSON.stringify({ ...other, at: undefined })
