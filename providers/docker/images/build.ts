// Builds an image from a context on this machine.
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import { ProgressError, readProgress } from '../api/stream.js'
import { hasStatus, type Job } from '../apply/job.js'
import { canonicalHash, canonicalJson, type JsonObject } from '../canonical.js'
import { inspectImage } from '../containers/create.js'
import { labels } from '../labels.js'
import { listImages } from '../observe/observe.js'
import { buildAuthHeader } from '../registries/credentials.js'
import { lendLogin } from '../registries/lend.js'
import type { Origin } from '../work.js'
import { type BuildContext, type BuildWant, readContext } from './context.js'
import { defineBuild, revealedArgs } from './definition.js'
import { needsBuildkit } from './dockerfile.js'
import { progressLines } from './progress.js'
import { pullImage } from './pull.js'
import { familiarReference, findImage } from './reference.js'
import { packTar } from './tar.js'

/** Ids of the images it starts from, by reference; those that are not there are pulled now, so that a later plan knows what it was built upon. */
async function fetchBases(job: Job, want: BuildWant, bases: readonly string[]): Promise<Record<string, string>> {
  const ids: Record<string, string> = {}
  for (const base of bases) {
    if (!(await inspectImage(job, base))) await pullImage(job, base, want.at, `, which ${want.ref} is built upon,`)
    const found = await inspectImage(job, base)
    if (found) ids[base] = found.Id
  }
  return ids
}

/** The classic builder prints lines that people can read; BuildKit is asked where the Dockerfile or the engine has no other way. */
const buildkit = '2'
const classic = '1'
const classicGone = /classic builder|legacy builder|buildkit/i

async function send(
  job: Job,
  want: BuildWant,
  context: BuildContext,
  { own, bases }: { own: Record<string, string>; bases: readonly string[] },
  version: string,
): Promise<void> {
  const progress = progressLines(job.tell)
  const logins = await Promise.all(bases.map(async base => (await lendLogin(job, base)).login ?? []))
  try {
    const stream = await job.engine.api.stream({
      method: 'POST',
      path: '/build',
      query: {
        t: want.ref,
        dockerfile: context.dockerfile,
        buildargs: revealedArgs(want.args),
        labels: own,
        target: want.target,
        version,
        rm: true,
        // Without it the container of a failed step stays behind.
        forcerm: true,
      },
      upload: packTar(context.entries),
      headers: buildAuthHeader(logins.flat()),
      signal: job.signal,
    })
    await readProgress(stream, progress.take)
  } catch (error) {
    if (job.signal.aborted) throw job.signal.reason
    const refused = hasStatus(error, 400, 403, 404, 500, 501)
    if (!refused && !(error instanceof ProgressError)) throw error
    if (refused && version === classic && classicGone.test(messageOf(error)))
      return send(job, want, context, { own, bases }, buildkit)
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
  if (found && same) return { state: 'already' }
  job.tell(`sending ${context.entries.length} files`)
  await send(job, want, context, { own, bases }, needsBuildkit(context.dockerfileText) ? buildkit : classic)
  return { state: 'done' }
}
