// Waits until a started container is good: healthy where it has a health check, else up for a moment, or done where it is a job.
import { UserError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import type { ContainerDetails } from '../api/shapes.js'
import { type Job, pause } from '../apply/job.js'
import { lastLines } from '../logs.js'
import { inspect } from './calls.js'

/** How long a container without a health check must stay up before we call it good: most that fail do so at once. */
const settleMs = 500
/** Restarts that are forgiven: many programs end and are restarted until what they need is there. */
const forgivenRestarts = 3
const shownLines = 20

type Verdict = 'wait' | 'good' | { bad: string }

/** What to think of a container's state, `upMs` after it was last seen to come up. Pure. */
export function judge({ State: state, RestartCount, HostConfig }: ContainerDetails, upMs: number): Verdict {
  const { ExitCode: code, Health: health } = state
  if (RestartCount > forgivenRestarts) return { bad: `keeps exiting with code ${code}` }
  if (state.Restarting) return 'wait'
  if (!state.Running) {
    if (state.OOMKilled) return { bad: 'ran out of memory' }
    if (state.Status === 'created') return state.Error ? { bad: state.Error } : 'wait'
    const isJob = (HostConfig.RestartPolicy?.Name || 'no') === 'no' || HostConfig.RestartPolicy?.Name === 'on-failure'
    return code === 0 && isJob ? 'good' : { bad: `exited with code ${code}` }
  }
  if (health && health.Status !== 'none') {
    if (health.Status === 'healthy') return 'good'
    return health.Status === 'unhealthy' ? { bad: 'is unhealthy' } : 'wait'
  }
  // One that has failed before must prove itself for longer.
  return upMs >= settleMs * (1 + RestartCount) ? 'good' : 'wait'
}

/** What a failed container last said: its log, and its health check's output. */
export async function lastWords(job: Job, details: ContainerDetails): Promise<string> {
  const log = await lastLines(job.engine, details.Id, details.Config.Tty, shownLines).catch(() => [])
  const check = details.State.Health?.Log?.at(-1)
  const told = (check?.Output ?? '').split('\n').filter(line => line.trim() !== '')
  const health = check && check.ExitCode !== 0 ? [`health check (exit code ${check.ExitCode}):`, ...told] : []
  return [...log, ...health].map(line => cleanLine(line)).join('\n')
}

/** Waits until the container is good. A UserError with its last words when it is not. */
export async function settle(job: Job, name: string, id: string): Promise<void> {
  let restarts = -1
  let upSince = Date.now()
  let waitMs = 50
  for (;;) {
    const details = await inspect(job.engine, id, job.signal)
    if (!details) throw new UserError(`container ${name} is gone`, { where: job.where })
    // Between two starts the engine says "running" too, and the pauses grow: only time since the last start counts.
    const isUp = details.State.Running && !details.State.Restarting
    if (details.RestartCount !== restarts || !isUp) upSince = Date.now()
    restarts = details.RestartCount
    const verdict = judge(details, Date.now() - upSince)
    if (verdict === 'good') return
    if (verdict !== 'wait') {
      const output = await lastWords(job, details)
      throw new UserError(`container ${name} ${verdict.bad}`, { where: job.where, ...(output && { output }) })
    }
    if (details.State.Health?.Status === 'starting' && waitMs < 1000) {
      job.tell('waiting until it is healthy')
      waitMs = Math.min(1000, waitMs * 1.3)
    }
    await pause(waitMs, job.signal)
  }
}
