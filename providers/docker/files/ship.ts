// Brings a file or folder of this machine to the host, where containers can mount it.
import { shippedHash } from '../../../core/containers/mounts/shipped.js'
import type { ShippedWant } from '../../../core/containers/mounts/shipped-want.js'
import type { StepResult } from '../../../core/provider.js'
import { withStdin } from '../../../core/sh.js'
import type { Job } from '../apply/job.js'
import type { Origin } from '../work.js'
import { runScript } from './exec.js'
import { packShipped } from './pack.js'
import { receiveScript } from './scripts.js'

/** Bytes for people: "812 B", "3.4 MB". */
export const sizeText = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** Milliseconds between two lines of progress. */
const tellEvery = 500

/** Sends it as a stream; the host keeps all of it or nothing. A UserError where it changes meanwhile, or the host cannot take it. */
export async function shipFiles(job: Job, { project, key }: Origin, want: ShippedWant): Promise<StepResult> {
  let told = Date.now()
  const archive = await packShipped(job.context.files, want, {
    where: job.where,
    read: bytes => {
      if (Date.now() - told < tellEvery) return
      told = Date.now()
      job.tell(`${sizeText(bytes)} of ${sizeText(want.bytes)}`)
    },
  })
  const script = receiveScript(project, shippedHash(want, key), want.entries)
  await runScript(
    job,
    withStdin(script, () => archive),
    `${want.thing} cannot be brought to ${job.host}`,
  )
  return want.secret ? { state: 'done' } : { state: 'done', text: sizeText(want.bytes) }
}
