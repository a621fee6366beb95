// The images that the services on one host need, and what `images:` adds to them.
import { isAbsolute } from 'node:path'
import { imageKeys } from '../compose/keys/build.js'
import { hasShell, shellless } from '../engine-alone/address.js'
import { playbookWant } from '../images-by-playbook/read.js'
import type { Host } from '../project.js'
import { isSwarm } from '../together/membership.js'
import type { ImageWant } from '../wanted.js'
import { buildWant } from './build-want.js'
import { isMade, oneBuilder } from './one-builder.js'
import type { Read } from './read.js'
import { pathHere, type Run, readFor } from './run.js'
import { type Image, imageSchema } from './schema/image.js'
import { policyOf, stricter } from './schema/pull-policy.js'
import type { Service } from './schema/service.js'
import type { Places } from './shares.js'

/** Reference of a service's image: as given, or Compose's name for what is built. */
const imageOf = (project: string, { name, value }: Read<Service>): string => value.image ?? `${project}-${name}`

const same = (one: string, other: string): boolean => one.replace(/:latest$/, '') === other.replace(/:latest$/, '')

async function entryWant(run: Run, read: Read<Image>, name: string, host: Host): Promise<ImageWant | undefined> {
  const { raw, value } = read
  const { folder } = run.project
  const push = value.push ? { push: true as const } : {}
  const fault = (text: string, path: string[]): void => run.mistakes.add(`${read.name}: ${text}`, raw.where(path))
  if (value.build !== undefined)
    return { ...(await buildWant(run, read, value.build, { ref: name, folder, path: ['build'] })), ...push }
  if (value.pull !== undefined) {
    if (value.push) fault('what is pulled is not pushed: it has a name of its own there', ['push'])
    const { image, ...rest } = value.pull
    return { ref: image, at: raw.where(['pull']), from: 'pull', ...rest }
  }
  if (value.playbook !== undefined) return playbookWant(run, read, name)
  const kindHere = async (path: string): Promise<string | undefined> => (await run.context.files.stat(path))?.kind
  if (value.load !== undefined) {
    const at = raw.where(['load'])
    const file = pathHere(run, value.load, folder)
    if ((await kindHere(file)) !== 'file') fault(`there is no file ${file} to load`, ['load'])
    return { ref: name, at, from: 'load', file, ...push }
  }
  if (value.import === undefined) return undefined
  const { dir, tar, at: where = 'here' } = value.import
  const key = tar === undefined ? 'dir' : 'tar'
  const given = tar ?? dir ?? ''
  const at = raw.where(['import', key])
  const archive = tar === undefined ? {} : { archive: true as const }
  const what = tar === undefined ? 'folder' : 'file'
  if (where === 'host') {
    if (!isAbsolute(given)) fault(`a ${what} on the host needs an absolute path`, ['import', key])
    if (!hasShell(host)) fault(`nothing can be imported on ${host.name}: it ${shellless}`, ['import', key])
    return { ref: name, at, from: 'import', dir: given, where, ...archive, ...push }
  }
  const path = pathHere(run, given, folder)
  if ((await kindHere(path)) !== (tar === undefined ? 'directory' : 'file'))
    fault(`there is no ${what} ${path} to import`, ['import', key])
  return { ref: name, at, from: 'import', dir: path, where, ...archive, ...push }
}

/** What a service has an engine pull: nothing is known of the image but its name. */
function pullWant(ref: string, { raw, value }: Read<Service>): ImageWant {
  const policy = policyOf(value.pull_policy, value.pull_refresh_after)
  return {
    ref,
    at: raw.where(['image']),
    from: 'pull',
    ...(value.platform === undefined ? {} : { platform: value.platform }),
    ...(policy === undefined ? {} : { policy }),
  }
}

/** One image that two services pull: whoever asks its registry more often counts. */
function together(one: ImageWant, other: ImageWant): ImageWant {
  if (one.from !== 'pull' || other.from !== 'pull') return one
  const { policy: _, ...rest } = one
  const policy = stricter(one.policy, other.policy)
  return policy === undefined ? rest : { ...rest, policy }
}

/** All nodes of a swarm must have the very same image: one makes it, and the others receive it. */
const madeOnce = (want: ImageWant): ImageWant =>
  isMade(want)
    ? { ...want, once: want.once ?? 'first' }
    : want.from === 'import' || want.from === 'load'
      ? { ...want, once: 'first' }
      : want

/** Where images come from for one host: entries of `images:` that it needs, and what its services build themselves. */
interface HostImages {
  entries: Map<string, ImageWant>
  builds: Map<string, ImageWant>
}

/** One host pushes an image: two that made it each would put two different ones under one name. */
function refuseManyPushers(wanted: ReadonlyMap<string, readonly ImageWant[]>, mistakes: Run['mistakes']): void {
  const pushers = new Map<string, string[]>()
  for (const [host, wants] of wanted)
    for (const { ref, push, at } of wants) {
      if (!push) continue
      const others = pushers.get(ref) ?? []
      pushers.set(ref, [...others, host])
      if (others.length === 1)
        mistakes.add(
          `the image ${ref} would be pushed by ${others[0]} and by ${host}: build it once (\`at: once\` or \`at: here\`)`,
          at,
        )
    }
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
      const { platform } = read.value
      const want = await buildWant(run, read, build, { ref, folder, path: ['build'], platform })
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
      const read = readFor(run, host, imageSchema, { name: `image ${name}`, raw, service: name, keys: imageKeys })
      const want = read && (await entryWant(run, read, name, host))
      if (want !== undefined) images.entries.set(name, want)
    }
  }

  const sourceOf = (host: Host, ref: string): ImageWant | undefined => {
    const { entries, builds } = hosts.get(host.name) ?? { entries: new Map(), builds: new Map() }
    return entries.get(entryOf(ref) ?? '') ?? builds.get(ref) ?? anywhere.get(ref)
  }
  const wantsAlone = (host: Host): ImageWant[] => {
    const entries = [...(hosts.get(host.name)?.entries.values() ?? [])]
    const first = [...entries.filter(want => !isMade(want)), ...entries.filter(isMade)]
    const wants = new Map(first.map(want => [want.ref, want]))
    for (const read of servicesOn(host)) {
      const ref = imageOf(project.name, read)
      const own = sourceOf(host, ref)
      const want = own ?? pullWant(ref, read)
      const before = wants.get(want.ref)
      wants.set(want.ref, before !== undefined && own === undefined ? together(before, want) : (before ?? want))
    }
    return [...wants.values()]
  }
  const refFor = (host: Host, read: Read<Service>): string => {
    const ref = imageOf(project.name, read)
    const source = sourceOf(host, ref)
    return source?.from === 'pull' ? source.ref : ref
  }
  const onceOnSwarm = (host: Host, wants: ImageWant[]): ImageWant[] => (isSwarm(host) ? wants.map(madeOnce) : wants)
  const used = (host: Host): Set<string> => new Set(servicesOn(host).map(read => refFor(host, read)))
  const shares = project.hosts.map(host => ({ host, wants: onceOnSwarm(host, wantsAlone(host)), used: used(host) }))
  const wanted = oneBuilder(shares, mistakes)
  refuseManyPushers(wanted, mistakes)
  return { refFor, wants: host => wanted.get(host.name) ?? [] }
}

const isBuild = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && ('build' in value || 'playbook' in value)

const differ = (one: ImageWant, other: ImageWant): boolean =>
  JSON.stringify({ ...one, at: undefined }) !== JSON.stringify({ ...other, at: undefined })
