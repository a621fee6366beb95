// Brings an image from another host's engine; hosts that ask for it at the same time are served by one reading of it.
import type { StepResult } from '../../../core/provider.js'
import type { ImageWant } from '../../../core/wanted.js'
import type { Job } from '../apply/job.js'
import { familiarReference } from '../images/reference.js'
import type { DockerEngine } from '../open.js'
import { sizeText, type Target } from './load.js'
import { type Arrival, spread } from './spread.js'

/** Those who ask for one image, until its reading begins. */
interface Gathering {
  targets: Target[]
  timer: NodeJS.Timeout
  begin(): void
  arrivals: Promise<Arrival[]>
}

/** Milliseconds that the first who asks waits for others: their steps begin when the image is built, and an engine may be looked at anew before. */
const patience = 300

const gatherings = new WeakMap<DockerEngine, Map<string, Gathering>>()

function gather(source: DockerEngine, ref: string, signal: AbortSignal): Gathering {
  const open = gatherings.get(source) ?? new Map<string, Gathering>()
  gatherings.set(source, open)
  const there = open.get(ref)
  if (there) return there
  const targets: Target[] = []
  const way: { begin: () => void } = { begin: () => undefined }
  const begun = new Promise<void>(resolve => {
    way.begin = resolve
  })
  const begin = (): void => {
    clearTimeout(gathering.timer)
    open.delete(ref)
    way.begin()
  }
  const gathering: Gathering = {
    targets,
    begin,
    timer: setTimeout(begin, patience),
    arrivals: begun.then(() => spread(source, ref, targets, { signal })),
  }
  open.set(ref, gathering)
  return gathering
}

/** Makes sure that this engine has the very image that the other host has. A UserError that says which of the two is in the way. */
export async function receiveImage(job: Job, want: Extract<ImageWant, { from: 'host' }>): Promise<StepResult> {
  const source = (await job.context.engineOf(want.host)) as DockerEngine
  const gathering = gather(source, familiarReference(want.ref), job.signal)
  const index = gathering.targets.push({ engine: job.engine, tell: job.tell }) - 1
  if (gathering.targets.length > want.others) gathering.begin()
  const arrival = (await gathering.arrivals)[index]
  if (arrival === undefined) throw new Error(`nobody told how ${want.ref} fared`)
  if (arrival.state === 'failed') throw arrival.error
  if (arrival.state === 'already') return { state: 'already' }
  return {
    state: 'done',
    text: `${sizeText(arrival.bytes)}, ${arrival.layers} ${arrival.layers === 1 ? 'layer' : 'layers'}`,
  }
}
