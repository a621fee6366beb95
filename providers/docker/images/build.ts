// Builds an image from a context on this machine.
import { randomBytes } from 'node:crypto'
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { compareVersions } from '../api/version.js'
import { hasStatus, type Job, unlessMissing } from '../apply/job.js'
import { canonicalHash, canonicalJson, type JsonObject } from '../canonical.js'
import { inspectImage } from '../containers/create.js'
import { labels } from '../labels.js'
import { listImages } from '../observe/observe.js'
import { buildAuthHeader } from '../registries/credentials.js'
import { lendLogin } from '../registries/lend.js'
import { hasContentStore } from '../ship/holdings.js'
import { tagImage } from '../ship/send.js'
import type { Origin } from '../work.js'
import { archiveOf, type BuildContext, type BuildWant, type NamedContext, readContext } from './context.js'
import { defineBuild, revealedArgs, stagesOf } from './definition.js'
import { needsBuildkit } from './dockerfile.js'
import { importTar } from './import.js'
import { progressLines } from './progress.js'
import { pullImage } from './pull.js'
import { familiarReference, findImage, lackingTags } from './reference.js'
import { packTar } from './tar.js'

/** Ids of the images it starts from, by reference; those that are not there are pulled now, so that a later plan knows what it was built upon. */
async function fetchBases(job: Job, want: BuildWant, bases: readonly string[]): Promise<Record<string, string>> {
  const ids: Record<string, string> = {}
  const { pull, platform } = want.settings ?? {}
  for (const base of bases) {
    const there = await inspectImage(job, base)
    // One that was made here has no registry to be asked.
    const isPulled = pull && (there?.RepoDigests ?? []).length > 0
    if (!there || isPulled) await pullImage(job, base, want.at, { why: `, which ${want.ref} is built upon,`, platform })
    const found = await inspectImage(job, base)
    if (found) ids[base] = found.Id
  }
  return ids
}

/** Layers are taken over from what is there: an image that cannot be had only means a slower build. */
async function fetchCaches(job: Job, want: BuildWant): Promise<void> {
  for (const ref of want.settings?.cacheFrom ?? [])
    if (!(await inspectImage(job, ref)))
      await pullImage(job, ref, want.at).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error
        job.tell(`no layers are taken over: ${messageOf(error)}`)
      })
}

const buildkit = '2'
const classic = '1'
const classicGone = /classic builder|legacy builder|buildkit/i

/**
 * BuildKit where the Dockerfile has no other way, or where the engine prefers it. Not in a containerd store on its own account: engines
 * before 27.5 do not read a context that is sent along there.
 */
async function builderFor({ engine, signal }: Job, text: string): Promise<string> {
  if (needsBuildkit(text)) return buildkit
  const told = await engine.api.ping(signal)
  return told['builder-version'] === buildkit && !(await hasContentStore(engine, signal)) ? buildkit : classic
}

/** Tells what BuildKit in engines before 23 leaves out. */
function tellLeftOut({ engine, context, host }: Job, { ref, settings = {} }: BuildWant, version: string): void {
  const left = [
    ...(settings.shmSize === undefined ? [] : ['shm_size']),
    ...(settings.ulimits === undefined ? [] : ['ulimits']),
  ]
  if (version !== buildkit || left.length === 0 || compareVersions(engine.api.version, '1.42') >= 0) return
  const text = `image ${ref}: the BuildKit of this engine takes no notice of ${left.join(' and ')}`
  context.emit({ type: 'warning', host, text })
}

/** Name of the images that stand for folders of a build, while it goes on. */
const folderImages = 'longshore-context'

/** Puts each folder of a build into an image of its own; gives the stages that lead to them, and how they are removed. */
async function importFolders(
  job: Job,
  contexts: BuildContext['contexts'],
): Promise<{ stages: string; remove(): Promise<void> }> {
  const refs = new Map<NamedContext, string>()
  const path = (ref: string): string => `/images/${ref}`
  const remove = async (): Promise<void> => {
    for (const ref of refs.values())
      await unlessMissing(job.engine.api.json({ method: 'DELETE', path: path(ref) })).catch(() => undefined)
  }
  try {
    for (const context of Object.values(contexts)) {
      if ('image' in context) continue
      const ref = `${folderImages}:${context.hash.slice(0, 12)}-${randomBytes(4).toString('hex')}`
      refs.set(context, ref)
      await importTar(job, ref, packTar(context.entries), [])
    }
    return { stages: stagesOf(contexts, context => refs.get(context) ?? 'scratch'), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** The builder's own words for what the file says. */
function query(
  want: BuildWant,
  own: Record<string, string>,
): Record<string, string | number | boolean | object | undefined> {
  const { settings = {} } = want
  const { cacheFrom, network, shmSize, ulimits = {}, platform, noCache } = settings
  const limits = Object.entries(ulimits).map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard }))
  return {
    t: want.ref,
    buildargs: revealedArgs(want.args),
    labels: { ...settings.labels, ...own },
    target: want.target,
    cachefrom: cacheFrom,
    networkmode: network,
    shmsize: shmSize,
    ulimits: limits.length === 0 ? undefined : limits,
    platform,
    nocache: noCache,
    rm: true,
    // Without it the container of a failed step stays behind.
    forcerm: true,
  }
}

async function send(
  job: Job,
  want: BuildWant,
  context: BuildContext,
  { own, bases, stages }: { own: Record<string, string>; bases: readonly string[]; stages: string },
  version: string,
): Promise<void> {
  const progress = progressLines(job.tell)
  const logins = await Promise.all(bases.map(async base => (await lendLogin(job, base)).login ?? []))
  const { entries, dockerfile } = await archiveOf(context, stages, version === classic)
  try {
    const stream = await job.engine.api.stream({
      method: 'POST',
      path: '/build',
      query: { ...query(want, own), dockerfile, version },
      repeated: { extrahosts: want.settings?.extraHosts ?? [] },
      upload: packTar(entries),
      headers: buildAuthHeader(logins.flat()),
      signal: job.signal,
    })
    await readProgress(stream, progress.take)
  } catch (error) {
    if (job.signal.aborted) throw job.signal.reason
    const refused = hasStatus(error, 400, 403, 404, 500, 501)
    if (!refused && !(error instanceof ProgressError)) throw error
    if (refused && version === classic && classicGone.test(messageOf(error)))
      return send(job, want, context, { own, bases, stages }, buildkit)
    const output = progress.last()
    throw new UserError(`image ${want.ref} cannot be built: ${messageOf(error)}`, {
      where: job.where,
      at: want.at,
      cause: error,
      ...(output && { output }),
    })
  }
}

/** Builds an image, unless one is there already that was built from the very same. A UserError with the last lines of a build that fails. */
export async function buildImage(job: Job, { project, key }: Origin, want: BuildWant): Promise<StepResult> {
  const context = await readContext(job.context.files, want)
  const { spec, bases } = await defineBuild(want, context, key)
  const ids = await fetchBases(job, want, bases)
  const full: JsonObject = Object.keys(ids).length > 0 ? { ...spec, bases: ids } : spec
  const own = {
    [labels.project]: project,
    [labels.image]: familiarReference(want.ref),
    [labels.build]: canonicalHash(full),
    [labels.buildSpec]: canonicalJson(full),
  }
  const found = findImage(await listImages(job.engine, job.signal), want.ref)
  const same = Object.entries(own).every(([name, value]) => found?.labels[name] === value)
  const isThere = found !== undefined && same && !want.settings?.anew
  const tags = isThere ? lackingTags(want.settings?.tags, found) : (want.settings?.tags ?? [])
  if (isThere && tags.length === 0) return { state: 'already' }
  if (!isThere) {
    await fetchCaches(job, want)
    const { stages, remove } = await importFolders(job, context.contexts)
    try {
      job.tell(`sending ${context.entries.length} files`)
      const builder = await builderFor(job, context.dockerfileText)
      tellLeftOut(job, want, builder)
      await send(job, want, context, { own, bases, stages }, builder)
    } finally {
      await remove()
    }
  }
  for (const tag of tags) await tagImage(job, want.ref, tag, job.signal)
  return { state: 'done' }
}
