// What a run looks like at one moment: fed with events, it gives the frame to draw. Knows no terminal and no clock.
import type { Event } from '../../core/events.js'
import type { FrameLine } from './screen.js'
import type { Style } from './style.js'
import type { HostEvent, StepEvent } from './text.js'
import { cut, fit, width } from './width.js'

interface Work {
  title: string
  since: number
  output: string
}

interface HostView {
  /** Connecting or reading, before there are steps. */
  opening: Work | undefined
  /** Running steps by id, in the order they started. */
  running: Map<string, Work>
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** The current line of each host that is busy, and counts of all. */
export class RunView {
  readonly #hosts = new Map<string, HostView>()
  readonly #failed = new Set<string>()
  readonly #began: number
  #planned = 0
  #ended = 0

  constructor(began: number) {
    this.#began = began
  }

  /** Counts a host in. */
  add(host: string): void {
    if (!this.#hosts.has(host)) this.#hosts.set(host, { opening: undefined, running: new Map() })
  }

  /** Takes one event in, seen at `now` (ms). */
  take(event: Event, now: number): void {
    if (event.type === 'plan') this.#planned = event.steps.length
    if (event.type !== 'host' && event.type !== 'step' && event.type !== 'output') return
    this.add(event.host)
    const host = this.#hosts.get(event.host)
    if (!host) return
    if (event.type === 'host') this.#takeHost(host, event, now)
    else if (event.type === 'step') this.#takeStep(host, event, now)
    else {
      const work = host.running.get(event.id)
      if (work) work.output = event.text.trim()
    }
  }

  #takeHost(host: HostView, event: HostEvent, now: number): void {
    const opening = event.state === 'connecting' || event.state === 'reading'
    host.opening = opening ? { title: event.state, since: now, output: event.text ?? '' } : undefined
    if (event.state === 'failed' || event.state === 'unreachable') this.#failed.add(event.host)
  }

  #takeStep(host: HostView, event: StepEvent, now: number): void {
    if (event.state === 'start') {
      host.opening = undefined
      host.running.set(event.id, { title: `${event.verb} ${event.thing}`, since: now, output: '' })
      return
    }
    host.running.delete(event.id)
    this.#ended += 1
    if (event.state === 'failed' && event.rescued === undefined) this.#failed.add(event.host)
  }

  /** One line per busy host and a line of counts, cut to the terminal. */
  frame(columns: number, rows: number, now: number, style: Style): FrameLine[] {
    const room = columns - 1
    const busy = [...this.#hosts].flatMap(([name, host]) => {
      const work = [...host.running.values()].at(-1) ?? host.opening
      return work ? [{ name, work, more: Math.max(0, host.running.size - 1) }] : []
    })
    const most = Math.max(1, rows - 2)
    const shown = busy.length > most ? busy.slice(0, most - 1) : busy
    const column = Math.min(Math.floor(columns / 4), Math.max(0, ...[...this.#hosts.keys()].map(width)))
    const sign = spinner[Math.floor(now / 100) % spinner.length] ?? ''
    const lines = shown.map(({ name, work, more }) => {
      const host = fit(name, column)
      const rest = workLine(work, more, room - column - 4, now)
      return {
        text: `${style.name(`${sign} ${host}`)}  ${rest.main}${style.faint(rest.output)}`,
        columns: column + 4 + width(rest.main + rest.output),
      }
    })
    if (busy.length > shown.length) lines.push(faintLine(`  … and ${busy.length - shown.length} more`, room, style))
    lines.push(faintLine(this.#counts(busy.length, now), room, style))
    return lines
  }

  #counts(busy: number, now: number): string {
    const parts = [`${busy} of ${this.#hosts.size} ${this.#hosts.size === 1 ? 'host' : 'hosts'} busy`]
    if (this.#planned > 0) parts.push(`${this.#ended} of ${this.#planned} steps`)
    if (this.#failed.size > 0) parts.push(`${this.#failed.size} failed`)
    parts.push(elapsed(now - this.#began))
    return `  ${parts.join(' · ')}`
  }
}

const faintLine = (text: string, room: number, style: Style): FrameLine => {
  const short = cut(text, room)
  return { text: style.faint(short), columns: width(short) }
}

/** Running time, in whole seconds: what is drawn must not flicker. */
function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Output is only worth its place when a few words of it fit. */
const leastOutput = 12

/** What a host does, its time, and as much of its last line as fits. */
function workLine(work: Work, more: number, room: number, now: number): { main: string; output: string } {
  const time = `${more > 0 ? ` +${more}` : ''}  ${elapsed(now - work.since)}`
  const main = `${cut(work.title, Math.max(4, room - time.length))}${time}`
  const left = room - width(main) - 2
  return { main: cut(main, room), output: work.output && left >= leastOutput ? `  ${cut(work.output, left)}` : '' }
}
