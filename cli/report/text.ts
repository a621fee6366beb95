// Words that all reports share: durations, counts, what a step and a host are called.
import type { Event, HostSummary, StepState } from '../../core/events.js'

export type StepEvent = Extract<Event, { type: 'step' }>
export type HostEvent = Extract<Event, { type: 'host' }>
export type MessageEvent = Extract<Event, { type: 'message' }>
export type SummaryEvent = Extract<Event, { type: 'summary' }>

/** Milliseconds as people say them: "0.4 s", "12.3 s", "2 min 5 s", "1 h 2 min". */
export function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** "1 host", "3 hosts". */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** How a finished step is called. */
export const stateWords: Record<Exclude<StepState, 'start'>, string> = {
  done: 'done',
  already: 'already so',
  failed: 'failed',
  skipped: 'skipped',
  'rolled-back': 'rolled back',
}

/** "done (1.2 s)", "failed (0.1 s): no space left", "already so, by package curl". */
export function outcome(event: StepEvent): string {
  if (event.state === 'start') return ''
  // What was not done took no time that anybody asks for.
  const time = event.ms === undefined || event.state === 'already' ? '' : ` (${duration(event.ms)})`
  const text = event.text === undefined ? '' : event.state === 'already' ? `, ${event.text}` : `: ${event.text}`
  return `${stateWords[event.state]}${time}${text}${rescuedBy(event)}`
}

/** Who takes a failure, where somebody does. */
export const rescuedBy = ({ rescued }: StepEvent): string => (rescued === undefined ? '' : ` (rescued: ${rescued})`)

/** What a task had to say, in lines: its name, and the text behind it or, if it has several lines, below. */
export function messageLines({ task, text }: MessageEvent): string[] {
  const [first = '', ...rest] = text.trimEnd().split('\n')
  return rest.length === 0 ? [`${task}: ${first}`] : [`${task}:`, ...[first, ...rest].map(line => `  ${line}`)]
}

/** The last lines of foreign output, empty ones at its end left out. */
export const lastLines = (output: string, most: number): string[] => output.trimEnd().split('\n').slice(-most)

/** One host's counts: "2 ok, 3 changed, 1 failed"; what is 0 is left out, but for ok. */
export function hostCounts(summary: HostSummary): string {
  const parts = [`${summary.ok} ok`]
  if (summary.changed > 0) parts.push(`${summary.changed} changed`)
  if (summary.failed > 0) parts.push(`${summary.failed} failed`)
  if (summary.rescued) parts.push(`${summary.rescued} rescued`)
  if (summary.ignored) parts.push(`${summary.ignored} ignored`)
  if (summary.skipped > 0) parts.push(`${summary.skipped} skipped`)
  if (summary.unreachable) parts.push('unreachable')
  return parts.join(', ')
}

/** The longest of some names, so that columns line up, within bounds. */
export const columnOf = (names: readonly string[], most = 24): number =>
  Math.min(most, Math.max(0, ...names.map(name => name.length)))
