// Brings the live copies of a running container up to date, and tells the container in the way that the file says.
import { UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { ContainerWant } from '../../../core/wanted.js'
import { hasStatus, type Job } from '../apply/job.js'
import { inspect } from '../containers/calls.js'
import { rolledBack } from '../containers/create.js'
import { settle } from '../containers/settle.js'
import type { Origin } from '../work.js'
import { runScript } from './exec.js'
import { type Stale, staleCopies } from './refresh.js'
import { bringScript, noteScript } from './scripts.js'

const path = (id: string, action: string): string => `/containers/${id}/${action}`

const signalsOf = (stale: readonly Stale[]): string[] => [
  ...new Set(stale.flatMap(({ onChange }) => (typeof onChange === 'object' ? [onChange.signal] : []))),
]

/** One that is not running reads its files when it starts. */
async function send({ engine, signal }: Job, id: string, name: string): Promise<void> {
  try {
    await engine.api.json({ method: 'POST', path: path(id, 'kill'), query: { signal: name }, signal })
  } catch (error) {
    if (!hasStatus(error, 409)) throw error
  }
}

const restart = ({ engine, signal }: Job, id: string): Promise<void> =>
  engine.api.json({ method: 'POST', path: path(id, 'restart'), signal })

/** Restarts it with its new files; with the old ones again when it does not come up with them. */
async function restartOrBack(job: Job, { project }: Origin, want: ContainerWant, id: string, stale: readonly Stale[]) {
  job.tell('restarting')
  try {
    await restart(job, id)
    await settle(job, want.name, id)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const back = stale.filter(({ before }) => before !== '').map(copy => ({ ...copy, hash: copy.before }))
    const brought = await runScript(job, bringScript(project, back), 'the old files cannot be put back').then(
      () => true,
      () => false,
    )
    if (!brought) throw error
    await restart(job, id)
    throw rolledBack(error, 'it runs again with its old files')
  }
}

/** Brings files up to date under a running container, tells it, and only then notes that it was told: an interrupted run does so again. */
export async function updateFiles(job: Job, origin: Origin, want: ContainerWant, id: string): Promise<StepResult> {
  const found = await inspect(job.engine, id, job.signal)
  if (!found) throw new UserError(`container ${want.name} is gone`, { where: job.where, hint: 'run it again' })
  const stale = await staleCopies(job, origin, want, found)
  if (stale.length === 0) return { state: 'already' }
  const what = `the files of ${want.name} cannot be brought up to date`
  await runScript(job, bringScript(origin.project, stale), what)
  if (stale.some(({ onChange }) => onChange === 'restart')) await restartOrBack(job, origin, want, id, stale)
  else for (const name of signalsOf(stale)) await send(job, id, name)
  await runScript(job, noteScript(origin.project, stale), what)
  return { state: 'done' }
}
