// Events for logs: one line each on stderr, where there is no terminal to draw on.
import { cleanLine, type Event } from '../../core/events.js'
import type { Report } from './report.js'
import type { Style } from './style.js'
import { summaryLines } from './summary.js'
import { OutputTails } from './tails.js'
import { type HostEvent, lastLines, messageLines, outcome, type StepEvent } from './text.js'

export interface PlainOptions {
  style: Style
  /** Shows starts, hosts getting ready, and output as it comes, too. */
  verbose: boolean
  /** Lines of output shown under a failed step. */
  outputLines?: number
}

/** One line per event that tells something; a failed step is followed by its last lines of output. */
export function createPlainReport(write: (text: string) => void, options: PlainOptions): Report {
  const { style, verbose, outputLines = 20 } = options
  const tails = new OutputTails(outputLines)
  let column = 0
  const line = (host: string | undefined, text: string): void => {
    if (host === undefined) return write(`${text}\n`)
    column = Math.max(column, Math.min(24, host.length))
    write(`${style.name(host.padEnd(column))}  ${text}\n`)
  }
  const showStep = (event: StepEvent): void => {
    const title = `${event.verb} ${event.thing} …`
    if (event.state === 'start') {
      if (verbose) line(event.host, title)
      return
    }
    const paint = event.state === 'failed' || event.state === 'rolled-back' ? style.bad : style.good
    line(event.host, `${title} ${event.state === 'skipped' ? outcome(event) : paint(outcome(event))}`)
    const tail = tails.take(event.id)
    if (event.state !== 'failed' && event.state !== 'rolled-back') return
    for (const text of event.output ? lastLines(event.output, outputLines) : tail)
      line(event.host, `  ${style.faint('|')} ${cleanLine(text)}`)
  }
  const showHost = (event: HostEvent): void => {
    const text = event.text === undefined ? '' : `: ${event.text}`
    if (event.state === 'unreachable' || event.state === 'failed') line(event.host, style.bad(`${event.state}${text}`))
    else if (verbose) line(event.host, `${event.state}${text}`)
  }
  return {
    start: hosts => {
      column = Math.min(24, Math.max(0, ...hosts.map(host => host.length)))
    },
    emit(event: Event) {
      if (event.type === 'step') showStep(event)
      else if (event.type === 'host') showHost(event)
      else if (event.type === 'output') {
        tails.add(event.id, event.text)
        if (verbose) line(event.host, `  ${style.faint('|')} ${cleanLine(event.text)}`)
      } else if (event.type === 'warning') line(event.host, `${style.caution('warning:')} ${placed(event)}`)
      else if (event.type === 'message') for (const text of messageLines(event)) line(event.host, cleanLine(text, 2000))
      else if (event.type === 'note') line(event.host, event.text)
      else if (event.type === 'summary') for (const text of summaryLines(event, style)) write(`${text}\n`)
    },
    end: async () => {},
  }
}

/** A warning's text with its place in the user's file. */
export const placed = (event: Extract<Event, { type: 'warning' }>): string =>
  event.at ? `${event.at.file}:${event.at.line}:${event.at.column}: ${event.text}` : event.text
