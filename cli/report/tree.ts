// The terminal's report: hosts as tasks of listr2, drawn by our own renderer; what has ended scrolls away above.
import { Listr, type ListrRenderer, type ListrTaskObject } from 'listr2'
import { cleanLine, type Event } from '../../core/events.js'
import { placed } from './plain.js'
import type { Report } from './report.js'
import { Screen, type ScreenStream } from './screen.js'
import type { Style } from './style.js'
import { summaryLines } from './summary.js'
import { OutputTails } from './tails.js'
import { duration, type HostEvent, lastLines, messageLines, rescuedBy, type StepEvent, stateWords } from './text.js'
import { RunView } from './view.js'

export interface TreeOptions {
  style: Style
  verbose: boolean
  /** Milliseconds; a clock that only goes forward. */
  now: () => number
  everyMs?: number
  outputLines?: number
}

/**
 * The list's own renderer redraws everything at every event, which takes a processor of its own with fifty hosts.
 * Ours only opens and closes the screen, which draws busy hosts on a timer.
 */
class ScreenRenderer implements ListrRenderer {
  static nonTTY = true
  static rendererOptions: { screen: Screen }
  static rendererTaskOptions: Record<string, never>
  readonly #screen: Screen

  constructor(_tasks: ListrTaskObject<unknown, typeof ScreenRenderer>[], options: { screen: Screen }) {
    this.#screen = options.screen
  }

  render(): void {
    this.#screen.open()
  }

  end(): void {
    this.#screen.close()
  }
}

/** Draws a run on a terminal. Give it events; hosts that were not announced are added when they are first heard of. */
export function createTreeReport(stream: ScreenStream, options: TreeOptions): Report {
  const { style, now, outputLines = 20 } = options
  const view = new RunView(now())
  const tails = new OutputTails(outputLines)
  const screen = new Screen(stream, {
    frame: (columns, rows) => view.frame(columns, rows, now(), style),
    ...(options.everyMs === undefined ? {} : { everyMs: options.everyMs }),
  })
  /** Ends the task of each host that is under way. */
  const settle = new Map<string, (error?: Error) => void>()
  const lists: Promise<unknown>[] = []

  const start = (hosts: readonly string[]): void => {
    const fresh = hosts.filter(host => !settle.has(host))
    if (fresh.length === 0) return
    const tasks = fresh.map(host => {
      view.add(host)
      const ended = new Promise<void>((resolve, reject) => {
        settle.set(host, error => {
          settle.delete(host)
          if (error) reject(error)
          else resolve()
        })
      })
      ended.catch(() => {})
      return { title: host, task: () => ended }
    })
    const list = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      collectErrors: 'minimal',
      registerSignalListeners: false,
      renderer: ScreenRenderer,
      rendererOptions: { screen },
    })
    lists.push(list.run())
  }

  const settleAll = (): void => {
    for (const end of [...settle.values()]) end()
  }

  const emit = (event: Event): void => {
    if ('host' in event && event.host !== undefined && event.type !== 'note' && event.type !== 'warning')
      if (!settle.has(event.host)) start([event.host])
    view.take(event, now())
    if (event.type === 'output') tails.add(event.id, event.text)
    else screen.print(linesOf(event, style, event.type === 'step' ? tails.take(event.id) : [], options))
    if (event.type === 'host' && (event.state === 'unreachable' || event.state === 'failed'))
      settle.get(event.host)?.(new Error(event.text ?? event.state))
    if (event.type === 'summary') {
      settleAll()
      screen.end()
      screen.print(summaryLines(event, style))
    }
  }

  return {
    emit,
    start,
    aside: work => screen.aside(work),
    async end() {
      settleAll()
      screen.end()
      await Promise.all(lists)
    },
  }
}

/** What an event leaves behind above the frame. */
function linesOf(event: Event, style: Style, tail: readonly string[], options: TreeOptions): string[] {
  switch (event.type) {
    case 'step':
      return stepLines(event, style, event.output ? lastLines(event.output, options.outputLines ?? 20) : tail)
    case 'host':
      return hostLines(event, style, options.verbose)
    case 'warning':
      return [`${style.caution('!')} ${event.host ? `${style.name(event.host)}  ` : ''}${placed(event)}`]
    case 'message':
      return messageLines(event).map(text => `${style.name('›')} ${style.name(event.host)}  ${cleanLine(text, 2000)}`)
    case 'note':
      return [`  ${event.host ? `${style.name(event.host)}  ` : ''}${event.text}`]
    default:
      return []
  }
}

function hostLines(event: HostEvent, style: Style, verbose: boolean): string[] {
  const text = `${event.state}${event.text === undefined ? '' : `: ${event.text}`}`
  if (event.state === 'unreachable' || event.state === 'failed')
    return [`${style.bad('✖')} ${style.name(event.host)}  ${style.bad(text)}`]
  if (!verbose || event.state !== 'ready') return []
  return [style.faint(`  ${event.host}  ${text}${event.ms === undefined ? '' : ` (${duration(event.ms)})`}`)]
}

function stepLines(event: StepEvent, style: Style, output: readonly string[]): string[] {
  if (event.state === 'start') return []
  const time = event.ms === undefined ? '' : style.faint(` (${duration(event.ms)})`)
  const title = `${style.name(event.host)}  ${event.verb} ${event.thing}`
  const text = event.text === undefined ? '' : `: ${event.text}`
  if (event.state === 'done') return [`${style.good('✔')} ${title}${time}${text}`]
  const word = `${stateWords[event.state]}${text}${rescuedBy(event)}`
  if (event.state === 'already') return [`${style.good('✔')} ${title} ${style.faint(word)}`]
  if (event.state === 'skipped') return [`${style.caution('-')} ${title} ${style.caution(word)}`]
  const shown = output.map(line => `    ${style.faint('|')} ${cleanLine(line)}`)
  if (event.state === 'rolled-back') return [`${style.caution('↺')} ${title}${time} ${style.caution(word)}`, ...shown]
  return [`${style.bad('✖')} ${title}${time} ${style.bad(word)}`, ...shown]
}
