// Links on a swarm: names that a service has for all on its network, because no container can have a link of its own there.
import type { ContainerWant } from '../../../core/wanted.js'
import { canonicalHash, type JsonObject, parseSpec } from '../../docker/canonical.js'
import { type Labels, labels } from '../../docker/labels.js'

/** Names by which services are linked to, by service. */
export function aliasesOf(services: readonly ContainerWant[], project: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { config } of services)
    for (const { container, alias } of config.links) {
      const service = services.find(one => container.replace(/-\d+$/, '') === `${project}-${one.service}`)?.service
      if (service !== undefined && alias !== service)
        found.set(service, [...new Set([...(found.get(service) ?? []), alias])].sort())
    }
  return found
}

/**
 * The names to compare a service with: those that it has, where nobody links to it by some of them any more and all else is the same.
 * What others do not use any more is no reason to replace it.
 */
export function aliasesToCompare(
  found: Labels,
  aliases: string[],
  specWith: (aliases: readonly string[]) => JsonObject,
): string[] {
  const { links } = parseSpec(found[labels.spec])
  if (!Array.isArray(links)) return aliases
  const before = links.filter(alias => typeof alias === 'string')
  const isLess = aliases.every(alias => before.includes(alias))
  return isLess && found[labels.specHash] === canonicalHash(specWith(before)) ? before : aliases
}
