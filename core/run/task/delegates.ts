// Tasks that are done on another host than the one they are for: which hosts that takes, and the way to them.
import type { Connection } from '../../connection.js'
import { unreachableError, usageError } from '../../errors.js'
import { type HostWork, instancesOf } from '../../plan/host-work.js'
import { isController } from '../../plan/resolve.js'
import { type Instance, titleOf } from '../../plan/task-run.js'
import type { Host } from '../../project.js'
import type { SessionContext } from '../session.js'

/** The host that `delegate_to` means. A usage error for a name that is none. */
function delegateOf(instance: Instance, name: string, hosts: readonly Host[]): Host {
  const { task } = instance.run
  const at = task.delegate_to?.at ?? task.at
  const found = hosts.find(host => host.name === name)
  if (found) return found
  const where = `${instance.run.host}, ${titleOf(instance)}`
  if (!isController(name))
    throw usageError(`delegate_to: there is no host "${name}"`, {
      at,
      where,
      hint: `the hosts of the file: ${hosts.map(host => host.name).join(', ')}`,
    })
  const here = hosts.find(({ connection }) => connection === 'local')
  if (here) return here
  throw usageError('delegate_to: this machine is none of the hosts of the file', {
    at,
    where,
    hint: 'add it to `hosts:` as  here: { connection: local }',
  })
}

/** The host that an instance is done on, if that is another than the one it is for. */
export function delegateHost(instance: Instance, works: readonly HostWork[], hosts: readonly Host[]): Host | undefined {
  if (instance.delegate === undefined) return undefined
  const host = delegateOf(instance, instance.delegate, hosts)
  return host.name === instance.run.host ? undefined : (works.find(work => work.host === host)?.host ?? host)
}

/** Hosts that tasks are delegated to and that are not among those of the run yet. */
export function hostsDelegatedTo({ project }: SessionContext, works: readonly HostWork[]): Host[] {
  const found = new Set<Host>()
  for (const work of works) {
    if (work.problem) continue
    for (const instance of instancesOf(work)) {
      const host = delegateHost(instance, works, project.hosts)
      if (host && !works.some(other => other.host === host)) found.add(host)
    }
  }
  return [...found]
}

/** The share of the run that an instance is done in: its own host's, or that of the host it is delegated to. */
export function placeOf(
  instance: Instance,
  work: HostWork,
  works: readonly HostWork[],
  hosts: readonly Host[],
): { work: HostWork; connection: Connection } {
  const host = delegateHost(instance, works, hosts)
  const place = host ? works.find(other => other.host === host) : work
  if (place?.connection !== undefined && (place === work || !place.problem))
    return { work: place, connection: place.connection }
  const { task } = instance.run
  throw unreachableError(
    `${instance.run.host}, ${titleOf(instance)}`,
    host ? `is done on ${host.name}, which cannot be reached` : 'the host is not connected',
    { at: task.delegate_to?.at ?? task.at },
  )
}
