// Hosts outside of `--on` that those inside need to know: asked for their facts and their engine, never changed.
import { isUse, selectHosts } from '../config/index.js'
import { withEngines } from '../container-hosts/place.js'
import { expressionReferences, references } from '../language/index.js'
import { type HostWork, instancesOf } from '../plan/host-work.js'
import type { Task } from '../playbook.js'
import type { Host, RawService } from '../project.js'
import { builderOf } from './image-builders.js'
import type { SessionContext } from './session.js'

const namesOf = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.filter(entry => typeof entry === 'string')
  return value !== null && typeof value === 'object' ? Object.keys(value) : []
}

/** Services that a service links to or waits for, as far as the file tells them without its variables. */
function neededBy({ raw }: RawService): string[] {
  const { links, depends_on } = (raw.value ?? {}) as { links?: unknown; depends_on?: unknown }
  return [...namesOf(links).map(link => link.replace(/:.*/, '')), ...namesOf(depends_on)]
}

/** Hosts outside that run what containers on the hosts inside need, or build their images. */
function hostsWithNeeded({ project, hosts }: SessionContext): Set<string> {
  const placesOf = (service: RawService | undefined): Host[] =>
    service?.on ? withEngines(selectHosts(service.on, project)) : []
  const found = new Set<string>()
  for (const service of project.services)
    for (const host of placesOf(service).filter(one => hosts.includes(one))) {
      const builder = builderOf(project, service)
      if (builder && builder !== host) found.add(builder.name)
      for (const name of neededBy(service)) {
        const places = placesOf(project.services.find(other => other.name === name))
        if (!places.includes(host)) for (const place of places) found.add(place.name)
      }
    }
  return found
}

/** Whether a task, or one that a use of it may bring, reads what other hosts are; a file whose name is not known may. */
const mayReadHosts = ({ kind, opens, args, when }: Task): boolean => {
  if (opens !== undefined) return opens.tasks.some(mayReadHosts)
  return (
    isUse({ kind }) ||
    references(args.value, {}).has('hosts') ||
    when.some(({ text }) => expressionReferences(text, {}).has('hosts'))
  )
}

/** True where something on the hosts inside reads what other hosts are. */
const readsHosts = ({ project, hosts }: SessionContext, works: readonly HostWork[]): boolean =>
  works.some(work => instancesOf(work).some(({ reads }) => reads?.has('hosts'))) ||
  works.some(({ runs }) =>
    runs.some(({ reads, instances, maker, task }) => {
      const isClosed = maker !== undefined && instances === undefined
      return reads?.has('hosts') || (isClosed && mayReadHosts(task))
    }),
  ) ||
  // What looks like a template in a Compose file is none of ours.
  project.services.some(
    ({ raw }) => raw.composed === undefined && hosts.some(host => references(raw.value, host.vars).has('hosts')),
  )

/** The share of a run that a host has whose own tasks are no part of it. */
export const workApart = (host: Host): HostWork => ({
  host,
  runs: [],
  state: { serial: '', pending: [] },
  dirty: false,
  apart: true,
})

/**
 * The hosts outside of `--on` to ask, of which some are needed: containers inside wait for theirs. The others may stay away: what
 * reads them will say so. `works` are those inside, resolved as far as they can be.
 */
export function hostsApart(
  context: SessionContext,
  works: readonly HostWork[],
): { works: HostWork[]; needed: ReadonlySet<string> } {
  const outside = context.project.hosts.filter(host => !context.hosts.includes(host))
  if (outside.length === 0) return { works: [], needed: new Set() }
  const needed = hostsWithNeeded(context)
  const asked = readsHosts(context, works) ? outside : outside.filter(host => needed.has(host.name))
  return {
    works: asked.map(workApart),
    needed,
  }
}
