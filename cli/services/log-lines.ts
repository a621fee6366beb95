// How a container's lines are shown: its name in a colour of its own in front, or one JSON object each.
import { cleanLine } from '../../core/events.js'
import type { ContainerState, LogLine } from '../../core/provider-abilities.js'
import type { CommandContext } from '../context.js'
import { roomToPrint } from './flow.js'

const longestLine = 64 * 1024

/** Which container a line is of: the same for one that has replaced another. */
export type Origin = Pick<ContainerState, 'host' | 'service' | 'number' | 'name'>

const keyOf = ({ host, service, number }: Origin): string => `${host}/${service}/${number}`

export interface LinesOptions {
  timestamps: boolean
  prefix: boolean
}

/** Shows lines, each with the container that printed it; waits where they are read more slowly. */
export async function linePrinter(
  context: CommandContext,
  origins: readonly Origin[],
  { timestamps, prefix }: LinesOptions,
): Promise<(origin: Origin, line: LogLine) => Promise<void> | undefined> {
  const style = await context.style()
  const several = new Set(origins.map(({ host }) => host)).size > 1
  const labelOf = ({ host, name }: Origin): string => (several ? `${host} ${name}` : name)
  const column = Math.max(0, ...origins.map(origin => labelOf(origin).length))
  const labels = new Map<string, string>()
  const label = (origin: Origin): string => {
    const key = keyOf(origin)
    const text = labels.get(key) ?? `${style.tint(labels.size, `${labelOf(origin).padEnd(column)} |`)} `
    labels.set(key, text)
    return text
  }
  // In the order of the list, so that each has the same colour every time.
  for (const origin of origins) label(origin)
  return (origin, { time, stream, text: raw }) => {
    const text = cleanLine(raw, longestLine)
    const { host, service, name: container } = origin
    if (context.options.json) context.printJson({ type: 'log', time, host, service, container, stream, text })
    else context.print(`${prefix ? label(origin) : ''}${timestamps ? `${time} ` : ''}${text}`)
    return roomToPrint(context)
  }
}
