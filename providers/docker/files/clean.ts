// Removes files from the host that were brought there and that no container mounts any more.
import type { StepResult } from '../../../core/provider.js'
import type { Job } from '../apply/job.js'
import { listContainers } from '../observe/observe.js'
import type { Origin } from '../work.js'
import { runScript } from './exec.js'
import { belowFiles } from './place.js'
import { liveFolder, removeScript } from './scripts.js'

/** The name below the folder of shipped files that a mount's source belongs to: a hash, or the folder of a container's live copies. */
export function nameOf(project: string, source: string): string | undefined {
  const [first = '', second = ''] = belowFiles(project, source)?.split('/') ?? []
  if (first === '') return undefined
  return first === liveFolder ? `${first}/${second}` : first
}

/** Removes them, but for what a container mounts by now. */
export async function removeFiles(job: Job, { project }: Origin, names: readonly string[]): Promise<StepResult> {
  const containers = await listContainers(job.engine, job.signal)
  const used = new Set(containers.flatMap(({ binds = [] }) => binds.map(({ source }) => nameOf(project, source))))
  const unused = names.filter(name => !used.has(name))
  await runScript(job, removeScript(project, unused), 'files cannot be removed')
  return { state: 'done' }
}
