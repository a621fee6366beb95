// Puts `harden` to a service on one host: its settings, and what has to be said about it.

import type { Read } from '../containers/read.js'
import { type Run, warn } from '../containers/run.js'
import type { Service } from '../containers/schema/service.js'
import type { Places } from '../containers/shares.js'
import type { Host } from '../project.js'
import type { ContainerWant, MountWant } from '../wanted.js'
import { findingsOf } from './findings.js'
import { loosenedText, loosenings } from './loosen.js'
import { hardenService } from './service.js'

/** A service as the engine of a host runs it. */
export interface ServiceOnHost {
  value: Service
  /** Folders in memory besides its own mounts. */
  mounts: MountWant[]
  /** What `harden` has set; nothing where the engine is not hardened. */
  marks: Pick<ContainerWant, 'hardened'>
}

/** Whether some service waits until this one has done its work: it is no service then, but a job. */
const isJob = (places: Places, name: string): boolean =>
  [...places.values()].some(({ shares }) =>
    shares.some(({ read }) =>
      read?.value.depends_on?.some(({ service, condition }) => service === name && condition === 'completed'),
    ),
  )

/** The service on this host. `hasFiles`: files are put into its file system before it starts. The run has the warnings. */
export function serviceOn(
  run: Run,
  { name, raw, value }: Read<Service>,
  host: Host,
  { places, hasFiles }: { places: Places; hasFiles: boolean },
): ServiceOnHost {
  if (!host.engine.harden) return { value, mounts: [], marks: {} }
  const loosened = [...new Set(value.loosen ?? [])].sort()
  for (const { word, path, text } of findingsOf(value, { hasFiles, isJob: isJob(places, name) }))
    if (!loosened.includes(word))
      warn(
        run,
        `${name} ${text}; \`harden\` asks for more (check ${loosenings[word]}), and \`loosen: [${word}]\` accepts it`,
        path.length === 0 ? raw.where([], 'key') : raw.where(path),
      )
  if (loosened.length > 0)
    warn(run, `${name}: of what \`harden\` asks for it loosens ${loosenedText(loosened)}`, raw.where(['loosen'], 'key'))
  const memoryMb = run.context.factsOf?.(host)?.memory.total ?? 0
  const { value: hardened, fields, folders } = hardenService(value, { memoryMb, hasFiles })
  return {
    value: hardened,
    mounts: folders.map(target => ({ type: 'tmpfs', target, readOnly: false, settings: { options: '' } })),
    marks: fields.length === 0 ? {} : { hardened: fields },
  }
}
