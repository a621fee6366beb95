// Which live copies of a container are not as wanted; and how they are brought up to date before it starts.
import { shippedHash } from '../../../core/containers/mounts/shipped.js'
import type { OnChange } from '../../../core/containers/mounts/shipped-want.js'
import type { ContainerWant } from '../../../core/wanted.js'
import type { ContainerDetails } from '../api/shapes.js'
import type { Job } from '../apply/job.js'
import { inspect } from '../containers/calls.js'
import type { Origin } from '../work.js'
import { runScript } from './exec.js'
import { liveMounts, livePath } from './place.js'
import { askScript, bringScript, type LiveCopy, noteScript } from './scripts.js'

/** A live copy that is not as wanted, what was in it, and what is to be done about it. */
export interface Stale extends LiveCopy {
  thing: string
  before: string
  onChange: OnChange
}

/** Live copies of a container that it was not told of yet; asks the host. */
export async function staleCopies(
  job: Job,
  origin: Origin,
  want: ContainerWant,
  found: ContainerDetails,
): Promise<Stale[]> {
  const copies = liveMounts(want).flatMap(({ target, shipped }) => {
    const source = found.Mounts.find(({ Destination }) => Destination === target)?.Source ?? ''
    const path = livePath(origin.project, source)
    const { thing, onChange } = shipped
    return path === undefined ? [] : [{ path, hash: shippedHash(shipped, origin.key), thing, onChange }]
  })
  if (copies.length === 0) return []
  const asked = askScript(
    origin.project,
    copies.map(({ path }) => path),
  )
  const told = await runScript(job, asked, `the files of ${want.name} cannot be read`)
  const before = new Map(told.split('\n').map(line => [line.slice(65), line.slice(0, 64)] as const))
  return copies
    .map(copy => ({ ...copy, before: before.get(copy.path) ?? '' }))
    .filter(({ before: was, hash }) => was !== hash)
}

/** Brings the files of a container up to date before it is started: what is noted then is what it starts with. */
export async function refreshFiles(job: Job, origin: Origin, want: ContainerWant, id: string): Promise<void> {
  if (liveMounts(want).length === 0) return
  const found = await inspect(job.engine, id, job.signal)
  const stale = found ? await staleCopies(job, origin, want, found) : []
  if (stale.length === 0) return
  const what = `the files of ${want.name} cannot be brought up to date`
  await runScript(job, bringScript(origin.project, stale), what)
  await runScript(job, noteScript(origin.project, stale), what)
}
