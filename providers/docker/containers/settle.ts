// Waits until a started container is good: healthy where it has a health check, else up for a moment, or done where it is a job.
import { UserError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import type { ContainerWant } from '../../../core/wanted.js'
import type { ContainerDetails } from '../api/shapes.js'
import { type Job, pause } from '../apply/job.js'
import { lastLines } from '../logs.js'
import { inspect } from './calls.js'
import { askGate, gateText } from './gate.js'

/** How long a container without a health check must stay up before we call it good: most that fail do so at once. */
const settleMs = 500
/** Restarts that are forgiven: many programs end and are restarted until what they need is there. */
const forgivenRestarts = 3
const shownLines = 20
/** Different answers of its health check that are shown. */
const shownChecks = 3

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
  // Podman says an empty word where there is no health check.
  if (health?.Status && health.Status !== 'none') {
    if (health.Status === 'healthy') return 'good'
    return health.Status === 'unhealthy' ? { bad: 'is unhealthy' } : 'wait'
  }
  // One that has failed before must prove itself for longer.
  return upMs >= settleMs * (1 + RestartCount) ? 'good' : 'wait'
}

/** What a failed container last said: its log, and its health check's output. */
export async function lastWords(job: Job, details: ContainerDetails): Promise<string> {
  const log = await lastLines(job.engine, details.Id, details.Config.Tty, shownLines).catch(() => [])
  const checks = (details.State.Health?.Log ?? []).filter(({ ExitCode }) => ExitCode !== 0)
  const health = checks.map(({ ExitCode, Output }) => `health check (exit code ${ExitCode}):\n${Output.trim()}`)
  // Most checks fail each time in the same way.
  const told = [...new Set(health)].slice(-shownChecks).flatMap(text => text.split('\n'))
  return [...log, ...told.filter(line => line.trim() !== '')].map(line => cleanLine(line)).join('\n')
}

/** What is asked of a container besides that it is up or healthy. */
export type Proof = Pick<ContainerWant, 'gate' | 'rollout'>

async function fault(job: Job, name: string, details: ContainerDetails, what: string): Promise<UserError> {
  const output = await lastWords(job, details)
  const cannotWrite = details.HostConfig.ReadonlyRootfs && /read-only file system/i.test(output)
  const hint = cannotWrite
    ? 'its root file system is read-only: give it a volume or a `tmpfs` where it writes, or leave that out (`read_only: false`, or `loosen: [read_only]`)'
    : undefined
  return new UserError(`container ${name} ${what}`, { where: job.where, hint, ...(output && { output }) })
}

/** Waits until a container that is good so far has passed its gate, and then stays good for as long as it is watched. */
async function prove(job: Job, name: string, id: string, { gate, rollout }: Proof): Promise<void> {
  const giveUpAt = performance.now() + (gate?.timeoutMs ?? 0)
  const watchMs = rollout?.monitorMs ?? 0
  let passed = gate === undefined ? performance.now() : undefined
  let restarts: number | undefined
  for (;;) {
    const details = await inspect(job.engine, id, job.signal)
    if (!details) throw new UserError(`container ${name} is gone`, { where: job.where })
    const verdict = judge(details, Number.POSITIVE_INFINITY)
    if (typeof verdict === 'object') throw await fault(job, name, details, verdict.bad)
    // A job that has done its work answers nobody any more.
    if (!details.State.Running && verdict === 'good') return
    restarts ??= details.RestartCount
    if (passed !== undefined) {
      if (details.RestartCount !== restarts || verdict !== 'good')
        throw await fault(job, name, details, `did not stay good for ${watchMs / 1000} s`)
      const left = passed + watchMs - performance.now()
      if (left <= 0) return
      job.tell(`watching whether it stays good (${Math.ceil(left / 1000)} s)`)
      await pause(Math.min(left, 250), job.signal)
      continue
    }
    const wrong =
      gate && details.State.Running && !details.State.Restarting ? await askGate(job, gate, details) : 'is down'
    if (gate === undefined || wrong === undefined) {
      passed = performance.now()
      restarts = undefined
      continue
    }
    if (performance.now() >= giveUpAt)
      throw await fault(job, name, details, `does not pass its gate, ${gateText(gate)}: ${wrong}`)
    job.tell(`waiting for its gate, ${gateText(gate)}: ${wrong}`)
    await pause(gate.intervalMs, job.signal)
  }
}

/**
 * Waits until the container is good: healthy or up, then past its gate, then for as long as it is to be watched. A UserError with its
 * last words when it is not.
 */
export async function settle(job: Job, name: string, id: string, proof: Proof = {}): Promise<void> {
  await comeUp(job, name, id)
  if (proof.gate !== undefined || (proof.rollout?.monitorMs ?? 0) > 0) await prove(job, name, id, proof)
}

async function comeUp(job: Job, name: string, id: string): Promise<void> {
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
    if (verdict !== 'wait') throw await fault(job, name, details, verdict.bad)
    if (details.State.Health?.Status === 'starting' && waitMs < 1000) {
      job.tell('waiting until it is healthy')
      waitMs = Math.min(1000, waitMs * 1.3)
    }
    await pause(waitMs, job.signal)
  }
}
