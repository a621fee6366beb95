// Containers that an interrupted replacement left behind: the old one, renamed and not yet removed or put back.
import { labels } from '../labels.js'
import type { SeenContainer } from '../observe/seen.js'

/** The name of a container that is being replaced. */
export const oldName = (name: string, id: string): string => `${name}-old-${id.slice(0, 12)}`

/** The name it had, if a container is such a leftover: its own id in the name tells it from a name that users chose. */
export function leftoverOf({ name, id, labels: found }: SeenContainer): string | undefined {
  const end = `-old-${id.slice(0, 12)}`
  return name.endsWith(end) && found[labels.service] !== undefined ? name.slice(0, -end.length) : undefined
}
