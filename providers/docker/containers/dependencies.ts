// Waits for what a container depends on, here or on other hosts, whether or not this run has a step for it.
import { UserError } from '../../../core/errors.js'
import type { ContainerWant, Dependency } from '../../../core/wanted.js'
import type { ContainerDetails } from '../api/shapes.js'
import { type Job, pause } from '../apply/job.js'
import type { DockerEngine } from '../open.js'
import { inspect } from './calls.js'
import { lastWords } from './settle.js'

const words = { started: 'to start', healthy: 'to be healthy', completed: 'to complete' } as const

/** Whether a dependency holds: true, false (not yet), or why it never will. Pure. */
export function holds(condition: Dependency['condition'], { State: state }: ContainerDetails): boolean | string {
  const ended = !state.Running && !state.Restarting && state.Status !== 'created'
  if (condition === 'started') return state.Status !== 'created'
  if (condition === 'completed') {
    if (!ended) return false
    return state.ExitCode === 0 || `exited with code ${state.ExitCode}`
  }
  if (ended) return `exited with code ${state.ExitCode}`
  if (state.Status === 'created') return false
  if (!state.Health?.Status || state.Health.Status === 'none') return 'has no health check'
  if (state.Health.Status === 'unhealthy') return 'is unhealthy'
  return state.Health.Status === 'healthy'
}

async function waitForOne(
  job: Job,
  engine: DockerEngine,
  container: string,
  want: ContainerWant,
  { condition, at }: Dependency,
): Promise<void> {
  const host = engine.scope.name
  const place = host === job.host ? '' : ` on ${host}`
  const fail = (what: string, output = ''): UserError =>
    new UserError(`container ${container}${place}, which ${want.name} depends on, ${what}`, {
      where: job.where,
      at,
      ...(output && { output }),
    })
  for (let waitMs = 100; ; waitMs = Math.min(1000, waitMs * 1.3)) {
    const details = await inspect(engine, container, job.signal)
    if (!details) throw fail('is not there')
    const held = holds(condition, details)
    if (held === true) return
    if (held !== false) throw fail(held, await lastWords({ ...job, engine }, details))
    job.tell(`waiting for ${container}${place} ${words[condition]}`)
    await pause(waitMs, job.signal)
  }
}

/** Waits until everything that the container depends on holds. A UserError when something never will. */
export async function waitForDependencies(job: Job, want: ContainerWant): Promise<void> {
  const waits = want.dependsOn.flatMap(dependency =>
    dependency.on.map(async ({ host, container }) => {
      const engine = host === job.host ? job.engine : ((await job.context.engineOf(host)) as DockerEngine)
      await waitForOne(job, engine, container, want, dependency)
    }),
  )
  await Promise.all(waits)
}
