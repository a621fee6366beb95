// Tells the front door where domains lead: files of certificates, who serves, then its configuration, without a restart.
import { doorFolder } from '../../../core/containers/front-door/want.js'
import { UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { type Job, pause } from '../apply/job.js'
import { canonicalJson } from '../canonical.js'
import { inspect, putFiles } from '../containers/calls.js'
import { leftoverOf, trialOf } from '../diff/leftovers.js'
import { isOurContainer, labels } from '../labels.js'
import { listContainers } from '../observe/observe.js'
import type { Origin } from '../work.js'
import { doorConfig, doorFiles, doorSpec, routesFile } from './config.js'
import { shortId } from './diff.js'
import { type Answer, runInDoor } from './program.js'
import { servingScript } from './traffic.js'

/** How long a front door that has just been started may take until it listens to us. */
const startMs = 15_000

/** The containers that serve now, by their slots. */
async function servingNow(
  job: Job,
  { project }: Origin,
  services: ReadonlySet<string>,
): Promise<{ slot: string; id: string }[]> {
  const all = await listContainers(job.engine, job.signal)
  return all.flatMap(found => {
    const { [labels.service]: service = '', [labels.number]: number = '', [labels.oneOff]: oneOff } = found.labels
    const isOne = isOurContainer(found.labels, project) && services.has(service) && /^\d+$/.test(number)
    const isInPlace = leftoverOf(found) === undefined && trialOf(found) === undefined && oneOff === undefined
    return isOne && isInPlace ? [{ slot: `${service}/${number}`, id: shortId(found.id) }] : []
  })
}

/** Caddy's own client loads the configuration; its connections live on. */
async function load(job: Job, container: string, config: string): Promise<Answer> {
  const end = performance.now() + startMs
  for (;;) {
    const answer = await runInDoor(job.engine, container, ['caddy', 'reload', '--config', '-', '--force'], config)
    const isDeaf = /connection refused/.test(answer.err)
    if (answer.code === 0 || !isDeaf || performance.now() > end) return answer
    await pause(200, job.signal)
  }
}

/** Does it; a UserError with Caddy's own words where it does not take the configuration. */
export async function routeDoor(job: Job, origin: Origin, want: ContainerWant): Promise<StepResult> {
  const { door } = want
  if (door === undefined) return { state: 'already' }
  const found = await inspect(job.engine, want.name, job.signal)
  if (!found?.State.Running)
    throw new UserError(`container ${want.name} does not run`, {
      where: job.where,
      hint: `\`longshore logs ${want.service}\` may tell why`,
    })
  await putFiles(job.engine, found.Id, doorFiles(door, origin.key), job.signal, doorFolder)
  const services = new Set(door.sites.map(({ service }) => service))
  const serving = servingScript(await servingNow(job, origin, services))
  const told = await runInDoor(job.engine, found.Id, ['sh', '-c', serving])
  if (told.code !== 0)
    throw new UserError(`the front door cannot be told who serves: ${told.err || `exit code ${told.code}`}`, {
      where: job.where,
      hint: 'its image (front_door.image) needs Caddy and a shell',
    })
  const answer = await load(job, found.Id, canonicalJson(doorConfig(door, origin.key)))
  if (answer.code !== 0)
    throw new UserError('the front door does not take its configuration; it goes on with the one before', {
      where: job.where,
      output: answer.err,
      at: want.at,
    })
  const spec = canonicalJson(doorSpec(door, origin.key))
  const routes = { target: routesFile, content: spec, uid: 0, gid: 0, mode: 0o644 }
  await putFiles(job.engine, found.Id, [routes], job.signal, doorFolder)
  return { state: 'done' }
}
