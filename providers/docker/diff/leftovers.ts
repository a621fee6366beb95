// Containers that an interrupted replacement left behind: the old one, set aside, or the new one, still on trial.
import { labels } from '../labels.js'
import type { SeenContainer } from '../observe/seen.js'

/** The name of a container that is being replaced. */
export const oldName = (name: string, id: string): string => `${name}-old-${id.slice(0, 12)}`

/** The name of a container that is tried beside the one that it shall replace. */
export const trialName = (name: string): string => `${name}-new`

/** The name it had, if a container is the old one of a replacement: its own id in the name tells it from a name that users chose. */
export function leftoverOf({ name, id, labels: found }: SeenContainer): string | undefined {
  const end = `-old-${id.slice(0, 12)}`
  return name.endsWith(end) && found[labels.service] !== undefined ? name.slice(0, -end.length) : undefined
}

/** The name it was to get, if a container is one on trial: it still has the name that its label gives to the trial. */
export function trialOf({ name, labels: found }: SeenContainer): string | undefined {
  const trial = found[labels.trial]
  return trial === name && found[labels.service] !== undefined ? name.slice(0, -trialName('').length) : undefined
}
