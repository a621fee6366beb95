// Links and dependencies of one service on one host: to containers beside it, or across hosts.
import { type At, unreachableError } from '../errors.js'
import type { Host } from '../project.js'
import { isSwarm } from '../together/membership.js'
import type { ContainerWant, Dependency } from '../wanted.js'
import { containerNames, shareOn } from './place.js'
import type { Read } from './read.js'
import { shareNetwork } from './references.js'
import { type Run, warn } from './run.js'
import { isLoopback } from './schema/ports.js'
import type { Service } from './schema/service.js'
import { mayBeAmong } from './schema/sources.js'
import { ownersOf } from './shared.js'
import type { Places, Share } from './shares.js'

/** What links come to for the containers of a service on one host. */
export interface Linked {
  links: ContainerWant['config']['links']
  /** "alias:address" of services on another host. */
  extraHosts: string[]
}

interface Link {
  alias: string
  target: string
  at: At
}

/** The link's line in /etc/hosts; undefined, with a mistake or a trouble noted, where there cannot be one. */
function hostLine(run: Run, read: Read<Service>, here: Host, link: Link, there: Share): string | undefined {
  const { name } = read
  const { alias, target, at } = link
  const far = there.host.name
  const unknown = (message: string): undefined => {
    run.troubles.push({
      host: here.name,
      service: name,
      error: unreachableError(far, message, { at, hint: `say \`private:\` for ${far}, or bring it back` }),
    })
  }
  if (there.read === undefined)
    return unknown(`${name} on ${here.name} links to ${target} there, and the host could not be asked`)
  const service = there.read.value
  // In the host's own network a container needs no publishing, and `ports:` has no effect.
  const ports = service.network_mode === 'host' ? [] : (service.ports ?? []).flat()
  const open = ports.filter(port => port.published !== undefined && !isLoopback(port))
  if (open.length === 0 && service.network_mode !== 'host') {
    const published = ports.some(port => port.published !== undefined)
      ? 'published for that host alone'
      : 'not published'
    run.mistakes.add(
      `${name}: ${target} runs on ${far} and not beside ${name}, so the link needs a port of ${target}, and it is ${published}; publish it (\`ports:\` of ${target}), or say \`provider: swarm\``,
      at,
    )
    return undefined
  }
  const direct = new Set(open.filter(port => port.published?.from === port.target).map(port => port.target))
  for (const port of open)
    if (port.published !== undefined && !direct.has(port.target))
      warn(
        run,
        `${name}: ${target} runs on ${far}, so ${name} reaches ${alias} at port ${port.published.from}, not at ${port.target}`,
        at,
      )
  const from = run.context.privateAddress(here)
  for (const { allow, published } of open)
    if (allow !== undefined && from !== undefined && !mayBeAmong(allow, from))
      warn(
        run,
        `${name}: port ${published?.from} of ${target} on ${far} lets in ${allow.join(', ')} alone, and ${here.name} comes from ${from}`,
        at,
      )
  const address = run.context.privateAddress(there.host)
  if (address === undefined)
    return unknown(`its address is not known, and ${name} on ${here.name} links to ${target} there`)
  return `${alias}:${address}`
}

/** Resolves the links of a service on a host. Undefined when one of them cannot be resolved now: the run has why. */
export function linksOf(run: Run, read: Read<Service>, here: Host, places: Places): Linked | undefined {
  const { value: service, raw, name } = read
  const linked: Linked = { links: [...(service.external_links ?? [])], extraHosts: [] }
  for (const [index, { service: target, alias }] of (service.links ?? []).entries()) {
    const at = raw.where(['links', index])
    const placed = places.get(target)
    if (placed === undefined) continue
    const beside = shareOn(places, target, here)
    const [there, ...more] = placed.shares
    if (beside !== undefined) {
      if (beside.read !== undefined && !shareNetwork(service, beside.read.value))
        run.mistakes.add(`${name}: ${target} is on none of its networks: a link needs one that both join`, at)
      for (const container of containerNames(run.project.name, target, beside)) linked.links.push({ container, alias })
    } else if (there !== undefined && isSwarm(here) && isSwarm(there.host)) {
      // Its networks reach over all hosts of the swarm.
      linked.links.push({ container: `${run.project.name}-${target}-1`, alias })
    } else if (there === undefined) warn(run, `${name}: the link to ${target} leads nowhere: it has no containers`, at)
    else if (more.length > 0)
      run.mistakes.add(
        `${name}: ${target} runs on ${placed.shares.map(share => share.host.name).join(', ')}, but not on ${here.name}: a link across hosts needs a service that runs on exactly one`,
        at,
      )
    else {
      const line = hostLine(run, read, here, { alias, target, at }, there)
      if (line === undefined) return undefined
      linked.extraHosts.push(line)
    }
  }
  return linked
}

/** What the containers of a service on a host wait for, by service name; a service beside it stands for all its hosts. */
export function dependenciesOf(
  run: Run,
  { value: service, raw }: Read<Service>,
  here: Host,
  places: Places,
): Dependency[] {
  const wanted = new Map<string, { condition: Dependency['condition']; at: At }>()
  const want = (name: string, condition: Dependency['condition'], at: At): void => {
    if (!wanted.has(name)) wanted.set(name, { condition, at })
  }
  for (const { service: name, condition, place } of service.depends_on ?? [])
    want(name, condition, raw.where(['depends_on', place], typeof place === 'string' ? 'key' : 'value'))
  for (const [index, link] of (service.links ?? []).entries())
    want(link.service, 'started', raw.where(['links', index]))
  for (const owner of ownersOf(service)) want(owner.service, 'started', raw.where(owner.path))

  return [...wanted]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, { condition, at }]) => {
      const beside = shareOn(places, name, here)
      const shares = beside === undefined ? (places.get(name)?.shares ?? []) : [beside]
      const on = shares.flatMap(share =>
        containerNames(run.project.name, name, share).map(container => ({ host: share.host.name, container })),
      )
      return on.length === 0 ? [] : [{ service: name, condition, on, at }]
    })
}
