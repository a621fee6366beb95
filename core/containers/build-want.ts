// A build as it was written, made into what an engine is to build: paths resolved, and what is missing told at its place.
import { isAbsolute, relative, resolve } from 'node:path'
import type { Value } from '../secret.js'
import { sorted, textValues } from './environment.js'
import type { BuildSettings, BuildSource, ImageWant } from './image-want.js'
import type { Read } from './read.js'
import { pathHere, type Run } from './run.js'
import type { Build } from './schema/build.js'

/** Where a build stands, and what it is for. */
export interface BuildPlace {
  /** The image's reference. */
  ref: string
  /** The folder that its paths start from. */
  folder: string
  /** Where it stands in the YAML of its service or image. */
  path: string[]
  /** The service's own. */
  platform?: string | undefined
}

const isUrl = (text: string): boolean => /^(https?|ssh|git):\/\/|^git@/.test(text)

const isFolder = async ({ context: { files } }: Run, path: string): Promise<boolean> =>
  (await files.stat(path))?.kind === 'directory'

/** The reference of the image that a service runs. */
export const imageOfService = (project: Run['project'], name: string): string | undefined => {
  const service = project.services.find(one => one.name === name)
  const { image } = (service?.raw.value ?? {}) as { image?: unknown }
  return service && (typeof image === 'string' ? image : `${project.name}-${name}`)
}

async function contextsOf(
  run: Run,
  { name, raw }: Read<unknown>,
  build: Build,
  { folder, path }: BuildPlace,
): Promise<Record<string, BuildSource>> {
  const found: Record<string, BuildSource> = {}
  for (const [key, from] of Object.entries(build.additional_contexts ?? {})) {
    const wrong = (text: string): void =>
      run.mistakes.add(`${name}: ${text}`, raw.where([...path, 'additional_contexts', key]))
    if ('image' in from) found[key] = from
    else if ('service' in from) {
      const image = imageOfService(run.project, from.service)
      if (image === undefined) wrong(`there is no service "${from.service}"`)
      else found[key] = { image }
    } else {
      const here = pathHere(run, from.folder, folder)
      if (!(await isFolder(run, here))) wrong(`there is no folder ${here} to build with`)
      found[key] = { folder: here }
    }
  }
  return sorted(found)
}

async function settingsOf(run: Run, read: Read<unknown>, build: Build, place: BuildPlace): Promise<BuildSettings> {
  const contexts = await contextsOf(run, read, build, place)
  const platform = build.platforms?.[0] ?? place.platform
  const named = <T>(key: string, value: Readonly<Record<string, T>> | undefined): object =>
    value === undefined || Object.keys(value).length === 0 ? {} : { [key]: sorted(value) }
  return {
    ...(build.dockerfile_inline === undefined ? {} : { inline: build.dockerfile_inline }),
    ...named('labels', build.labels),
    ...(build.tags?.length ? { tags: [...new Set(build.tags)].sort() } : {}),
    ...(build.cache_from?.length ? { cacheFrom: build.cache_from } : {}),
    ...named('contexts', contexts),
    ...(build.extra_hosts?.length ? { extraHosts: build.extra_hosts } : {}),
    ...(build.network === undefined ? {} : { network: build.network }),
    ...(build.shm_size === undefined ? {} : { shmSize: build.shm_size }),
    ...named('ulimits', build.ulimits),
    ...(platform === undefined ? {} : { platform }),
    ...(build.pull ? { pull: true } : {}),
    ...(build.no_cache ? { noCache: true } : {}),
  }
}

/** What an engine is to build. What is missing on this machine is a mistake at its place. */
export async function buildWant(
  run: Run,
  read: Read<unknown>,
  build: Build,
  place: BuildPlace,
): Promise<Extract<ImageWant, { from: 'build' }>> {
  const at = read.raw.where(place.path)
  const wrong = (text: string): void => run.mistakes.add(`${read.name}: ${text}`, at)
  const args: Record<string, Value> = textValues(run, read, build.args, [...place.path, 'args'])
  const context = pathHere(run, build.context, place.folder)
  const named = build.dockerfile ?? 'Dockerfile'
  const file = resolve(context, named)
  const isInline = build.dockerfile_inline !== undefined
  if (isUrl(build.context)) wrong('builds from a URL are not supported by this version: give a folder')
  else if (!(await isFolder(run, context))) wrong(`there is no folder ${context} to build from`)
  else if (!isInline && !(await run.context.files.exists(file))) wrong(`there is no ${file} to build with`)
  const settings = await settingsOf(run, read, build, place)
  return {
    ref: place.ref,
    at,
    from: 'build',
    context,
    dockerfile: isAbsolute(named) ? relative(context, named) : named,
    args,
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.at === 'host' ? {} : { once: build.at === 'once' ? 'first' : 'here' }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(build.push ? { push: true } : {}),
  }
}
