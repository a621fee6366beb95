// What happens to the project's containers, as the engine tells it.
import type { ContainerEvent } from '../../../core/provider-abilities.js'
import { lineSplitter } from '../api/stream.js'
import { composeLabels, isOurContainer, labels } from '../labels.js'
import { engineTime } from '../logs.js'
import type { DockerEngine } from '../open.js'

/** One line of `GET /events`. */
export interface EventShape {
  Type: string
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> | null }
  timeNano: number
}

/** A time in nanoseconds since 1970 as RFC 3339 text. Digits after the seventeenth are lost on the way through JSON, which is under a microsecond. */
export function nanoTime(nanoseconds: number): string {
  const text = String(BigInt(nanoseconds)).padStart(10, '0')
  const whole = new Date(Number(text.slice(0, -9)) * 1000).toISOString().slice(0, 19)
  return `${whole}.${text.slice(-9)}Z`
}

const isOwnLabel = (name: string): boolean =>
  name.startsWith('longshore.') || Object.values<string>(composeLabels).includes(name)

/** An event of a container of the project; undefined for any other. */
export function containerEvent(told: EventShape, host: string, project: string): ContainerEvent | undefined {
  const attributes = told.Actor.Attributes ?? {}
  if (told.Type !== 'container' || !isOurContainer(attributes, project)) return undefined
  const { name = '', image = '', ...others } = attributes
  return {
    time: nanoTime(told.timeNano),
    host,
    service: attributes[labels.service] ?? '',
    number: Number(attributes[labels.number] ?? 1),
    container: name,
    id: told.Actor.ID,
    action: told.Action,
    image,
    attributes: Object.fromEntries(Object.entries(others).filter(([key]) => !isOwnLabel(key))),
  }
}

/** Events of the project's containers, as they come; ends when `until` is over, or quietly when the signal is given. */
export async function* watchEvents(
  { api, scope }: DockerEngine,
  project: string,
  { since, until, signal }: { since?: string; until?: string; signal: AbortSignal },
): AsyncGenerator<ContainerEvent> {
  const filters = { type: ['container'], label: [`${labels.project}=${project}`] }
  const query = { filters, since: engineTime(since), until: engineTime(until) }
  try {
    const response = await api.stream({ path: '/events', query, signal, alone: true })
    let lines: string[] = []
    const split = lineSplitter(line => lines.push(line))
    try {
      for await (const chunk of response) {
        split.write(chunk as Buffer)
        const come = lines
        lines = []
        for (const line of come) {
          const event =
            line.trim() === '' ? undefined : containerEvent(JSON.parse(line) as EventShape, scope.name, project)
          if (event) yield event
        }
      }
    } finally {
      response.destroy()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
