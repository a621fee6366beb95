// The end of a run in words: a line per host that had something to tell, and one for all of it.
import type { HostSummary } from '../../core/events.js'
import type { Style } from './style.js'
import { columnOf, count, duration, hostCounts, type SummaryEvent } from './text.js'

/** Above this many hosts, those where nothing happened are told in one line. */
const manyHosts = 12

const troubled = (host: HostSummary): boolean => host.failed > 0 || host.unreachable

/** Lines for the end: hosts in their order, then the total. */
export function summaryLines(event: SummaryEvent, style: Style): string[] {
  const { hosts } = event
  const quiet = (host: HostSummary): boolean =>
    !troubled(host) && host.changed === 0 && host.skipped === 0 && !host.rescued && !host.ignored
  const shown = hosts.length > manyHosts ? hosts.filter(host => !quiet(host)) : hosts
  const column = columnOf(shown.map(host => host.host))
  const result = shown.map(host => {
    const paint = troubled(host) ? style.bad : host.changed > 0 ? style.good : style.faint
    return `${style.name(host.host.padEnd(column))}  ${paint(hostCounts(host))}`
  })
  const left = hosts.length - shown.length
  if (left > 0) result.push(style.faint(`${count(left, 'host')} with nothing to do`))
  result.push(totalLine(event, style))
  return result
}

function totalLine(event: SummaryEvent, style: Style): string {
  const changed = event.hosts.reduce((sum, host) => sum + host.changed, 0)
  const bad = event.hosts.filter(troubled).length
  const real = event.hosts.filter(({ together }) => !together).length
  const time = duration(event.ms)
  if (event.exit === 130) return style.caution(`Interrupted after ${time}, ${count(changed, 'change')} made.`)
  if (bad > 0) return style.bad(`${bad} of ${count(real, 'host')} failed, ${count(changed, 'change')} made, ${time}.`)
  if (event.exit !== 0) return style.bad(`Failed, ${count(changed, 'change')} made, ${time}.`)
  if (changed === 0) return style.good(`Nothing to do on ${count(real, 'host')}, ${time}.`)
  return style.good(`Done: ${count(changed, 'change')} on ${count(real, 'host')}, ${time}.`)
}
