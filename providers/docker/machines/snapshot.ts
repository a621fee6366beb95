// Keeps a whole machine as an image: its file system, and the volumes of the engines in it as archives that its first start unpacks.
import type { Readable } from 'node:stream'
import type { MachineName, MachineSnapshot, MachineWork } from '../../../core/machines/machine.js'
import { hasStatus } from '../apply/job.js'
import { inspect, remove, unpause } from '../containers/calls.js'
import { forgetScript, packScript } from './boot.js'
import { explain, hostConfig, type MachinePlace } from './create.js'
import { runToEnd } from './finite.js'
import { removeIfUnused } from './image.js'
import { containerName, filterOf, machineLabels, ownLabels, snapshotRepository } from './names.js'
import { stores } from './rights.js'

/** The copy that is packed; at most one of a machine. */
export const packingName = (machine: MachineName): string => `${containerName(machine)}-packing`

interface ImageToBe {
  repo: string
  tag: string
  labels: Readonly<Record<string, string>>
  script: string
}

/**
 * Makes an image of all of a machine. It stands still meanwhile, so that what is kept is one moment of it; its programs are not told,
 * and go on afterwards.
 */
async function pack(place: MachinePlace, machine: MachineName, image: ImageToBe, work: MachineWork): Promise<void> {
  const { engine } = place
  const { api } = engine
  const { signal } = work
  const source = containerName(machine)
  const commit = (query: Record<string, string>, changes: readonly string[] = []): Promise<{ Id: string }> =>
    api.json<{ Id: string }>({ method: 'POST', path: '/commit', query, repeated: { changes }, body: {}, signal })
  const found = await inspect(engine, source, signal)
  const runs = found?.State.Status === 'running'
  if (runs) await api.json({ method: 'POST', path: `/containers/${encodeURIComponent(source)}/pause`, signal })
  let base: string | undefined
  try {
    work.tell('keeping its file system')
    base = (await commit({ container: source })).Id
    work.tell('keeping the volumes of its engines')
    const body = {
      Image: base,
      Entrypoint: [],
      Cmd: ['sh', '-c', image.script, 'sh', ...stores],
      Labels: ownLabels(machine, 'packing'),
      HostConfig: { ...hostConfig(place), VolumesFrom: [`${source}:ro`], NetworkMode: 'none' },
    }
    const { id } = await runToEnd(engine, packingName(machine), body, work)
    try {
      const changes = Object.entries(image.labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`)
      const { repo, tag } = image
      await commit({ container: id, repo, tag }, changes)
    } finally {
      await remove(engine, id, false)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw await explain(place, machine, error)
  } finally {
    if (base !== undefined) await removeIfUnused(engine, base)
    if (runs) await unpause(engine, source)
  }
}

export const saveSnapshot = (
  place: MachinePlace,
  machine: MachineName,
  snapshot: string,
  work: MachineWork,
): Promise<void> =>
  pack(
    place,
    machine,
    {
      repo: snapshotRepository(machine),
      tag: snapshot,
      labels: { ...ownLabels(machine, 'snapshot'), [machineLabels.snapshot]: snapshot },
      script: packScript,
    },
    work,
  )

/** Hands the machine as a box to `write`; the image that it comes from is gone afterwards. */
export async function writeBox(
  place: MachinePlace,
  machine: MachineName,
  work: MachineWork,
  write: (archive: Readable) => Promise<void>,
): Promise<void> {
  const { api } = place.engine
  const repo = snapshotRepository(machine).replace('longshore-machine-', 'longshore-box-')
  // What it says of one machine goes; a label cannot.
  const labels = { ...ownLabels({ project: '', host: '', folder: '' }, 'box'), [machineLabels.snapshot]: '' }
  await pack(place, machine, { repo, tag: 'latest', labels, script: `${packScript}\n${forgetScript}` }, work)
  try {
    const names = [`${repo}:latest`]
    await write(await api.stream({ path: '/images/get', repeated: { names }, signal: work.signal, alone: true }))
  } finally {
    await removeIfUnused(place.engine, `${repo}:latest`)
  }
}

/** The snapshots of a machine, the oldest first. */
export async function listSnapshots({ engine }: MachinePlace, machine: MachineName): Promise<MachineSnapshot[]> {
  const filters = filterOf(ownLabels(machine, 'snapshot'))
  interface Listed {
    Labels: Record<string, string> | null
    Created: number
    Size: number
  }
  const images = await engine.api.json<Listed[]>({ path: '/images/json', query: { filters } })
  return images
    .map(({ Labels, Created, Size }) => ({
      name: Labels?.[machineLabels.snapshot] ?? '',
      created: Created,
      bytes: Size,
    }))
    .sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1))
}

/** Removes one. A machine that was made of it keeps what it needs. */
export async function dropSnapshot({ engine }: MachinePlace, machine: MachineName, snapshot: string): Promise<void> {
  const path = `/images/${snapshotRepository(machine)}:${snapshot}`
  await engine.api.json({ method: 'DELETE', path, query: { force: true } }).catch((error: unknown) => {
    if (!hasStatus(error, 404)) throw error
  })
}
