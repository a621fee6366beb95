// What machines are called on their engine, and the labels by which they are known again.
import { createHash } from 'node:crypto'
import type { MachineName } from '../../../core/machines/machine.js'

export const machineLabels = {
  /** machine, snapshot, packing or image. */
  kind: 'longshore.machine',
  project: 'longshore.machine.project',
  host: 'longshore.machine.host',
  folder: 'longshore.machine.folder',
  snapshot: 'longshore.machine.snapshot',
  /** What it was made as: JSON. */
  made: 'longshore.machine.made',
} as const

/** The repository of the images that we make by a recipe. */
export const recipeRepository = 'longshore-machine'

/** The container's name: of the project, and of the folder that it is in. */
export const containerName = ({ project, host, folder }: MachineName): string =>
  `longshore-${project}-${host}-${folder}`

/** The repository of a machine's snapshots. Hosts may have letters that a repository may not. */
export const snapshotRepository = (machine: MachineName): string => {
  const { project, host, folder } = machine
  const plain = host.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const sum = createHash('sha256').update(host).digest('hex').slice(0, 6)
  return `longshore-machine-${project}-${plain}-${sum}-${folder}`.replace(/[-_]{2,}/g, '-')
}

/** Labels of whatever belongs to one machine. */
export const ownLabels = ({ project, host, folder }: MachineName, kind: string): Record<string, string> => ({
  [machineLabels.kind]: kind,
  [machineLabels.project]: project,
  [machineLabels.host]: host,
  [machineLabels.folder]: folder,
})

/** The engine's filter for what has these labels. */
export const filterOf = (labels: Readonly<Record<string, string>>): { label: string[] } => ({
  label: Object.entries(labels).map(([name, value]) => `${name}=${value}`),
})
