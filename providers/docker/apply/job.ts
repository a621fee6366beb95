// One step while it is being done: its engine, how it tells what happens, and what it may need from elsewhere.
import { cleanLine } from '../../../core/events.js'
import type { ApplyContext, EngineStep } from '../../../core/provider.js'
import type { ApiError } from '../api/client.js'
import type { DockerEngine } from '../open.js'

export interface Job {
  readonly engine: DockerEngine
  readonly context: ApplyContext
  readonly signal: AbortSignal
  /** Where errors say they come from: host and step. */
  readonly where: string
  readonly host: string
  /** Shows a line of progress. */
  tell(text: string): void
}

export const makeJob = (engine: DockerEngine, step: EngineStep, context: ApplyContext): Job => ({
  engine,
  context,
  signal: context.signal,
  where: `${step.host}, ${step.verb} ${step.thing}`,
  host: step.host,
  tell: text => {
    const line = cleanLine(text).trim()
    if (line !== '') context.emit({ type: 'output', id: step.id, host: step.host, text: line })
  },
})

/** True for an answer of the engine with this status. */
export const hasStatus = (error: unknown, ...statuses: number[]): error is ApiError =>
  error instanceof Error && error.name === 'ApiError' && 'status' in error && statuses.includes(Number(error.status))

/** The answer, or undefined where the engine knows no such thing. */
export const unlessMissing = <Answer>(asked: Promise<Answer>): Promise<Answer | undefined> =>
  asked.catch(error => {
    if (hasStatus(error, 404)) return undefined
    throw error
  })

/** Waits; ends early, with the signal's reason, when the run is interrupted. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
