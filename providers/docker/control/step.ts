// Steps that start, stop, restart, kill, pause and unpause a container as it stands.
import { UserError } from '../../../core/errors.js'
import type { EngineStep, Scope, StepResult } from '../../../core/provider.js'
import type { ContainerState, ControlRequest } from '../../../core/provider-abilities.js'
import { hasStatus, type Job } from '../apply/job.js'
import { inspect, unpause } from '../containers/calls.js'
import { runOwnPostStart, runPreStop } from '../containers/hooks.js'
import { settle } from '../containers/settle.js'
import { makeStep } from '../work.js'

/** What is left to do of a request when its turn comes. */
export interface ControlWork {
  kind: 'control-container'
  id: string
  name: string
  request: ControlRequest
}

/** The step for a container; nothing is read for it. */
export const controlStep = (scope: Scope, { id, name, state }: ContainerState, request: ControlRequest): EngineStep =>
  makeStep(
    scope,
    `container ${name}`,
    { verb: request.verb, cause: `asked for, it is ${state}` },
    { project: '', key: new Uint8Array(), kind: 'control-container', id, name, request },
  )

/** Does what is asked, where it is not so already. */
export async function controlContainer(job: Job, work: ControlWork): Promise<StepResult> {
  const { id, name, request } = work
  const { verb, signal: killSignal, graceSeconds } = request
  const found = await inspect(job.engine, id, job.signal)
  if (!found) throw new UserError(`container ${name} is gone`, { where: job.where })
  const { Running: isRunning, Status: status } = found.State
  const isPaused = status === 'paused'
  const already: StepResult = { state: 'already', text: `it is ${status}` }
  const settled = (): Promise<void> => settle(job, name, id)
  const post = (action: string, query = {}): Promise<void> =>
    job.engine.api.json({ method: 'POST', path: `/containers/${id}/${action}`, query, signal: job.signal })
  try {
    switch (verb) {
      case 'start':
        if (isPaused) {
          await unpause(job.engine, id, job.signal)
          break
        }
        if (isRunning) return already
        await post('start')
        await runOwnPostStart(job, name, id)
        await settled()
        break
      case 'restart':
        await runPreStop(job, found)
        await post('restart', { t: graceSeconds })
        await runOwnPostStart(job, name, id)
        await settled()
        break
      case 'stop':
        if (!isRunning && status !== 'restarting') return already
        await runPreStop(job, found)
        await post('stop', { t: graceSeconds })
        break
      case 'kill':
        if (!isRunning) return already
        await post('kill', { signal: killSignal })
        break
      case 'pause':
        if (isPaused) return already
        await post('pause')
        break
      case 'unpause':
        if (!isPaused) return already
        await post('unpause')
    }
  } catch (error) {
    if (!hasStatus(error, 400, 404, 409, 500)) throw error
    throw new UserError(`the engine refuses to ${verb} container ${name}: ${error.message}`, {
      where: job.where,
      cause: error,
    })
  }
  return { state: 'done' }
}
