// Hosts that build images for others, as far as the file tells them without its variables.
import { selectHosts } from '../config/index.js'
import { withEngines } from '../container-hosts/place.js'
import type { Host, Project, RawService } from '../project.js'

/** What a service, or the entry of `images:` that it names, says of where its image is built. */
function builtAt({ images }: Project, { raw }: RawService): unknown {
  const { build, image } = (raw.value ?? {}) as { build?: unknown; image?: unknown }
  const entry = images[String(image)]?.value as { build?: unknown; playbook?: unknown } | null | undefined
  const made = build ?? entry?.build ?? (entry?.playbook === undefined ? undefined : entry)
  return (made as { at?: unknown } | null | undefined)?.at
}

/** The host that builds a service's image for all that need it; undefined where each builds its own. */
export function builderOf(project: Project, service: RawService): Host | undefined {
  const at = builtAt(project, service)
  if (at === 'here') return project.hosts.find(host => host.connection === 'local')
  return at === 'once' && service.on ? withEngines(selectHosts(service.on, project))[0] : undefined
}
