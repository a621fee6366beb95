// Which services of a Compose file take part: those without profiles, and those of which one is active.
import { childOf, itemsOf, listOf, mapOf, type Node, type NodeMap, textOf, withChild, withValue } from './node.js'

/** Tells whether a service with such profiles takes part. `text` is COMPOSE_PROFILES: names with commas, `*` for all. */
export function activeProfiles(
  given: readonly string[] | undefined,
  text: string | undefined,
): (profiles: readonly string[]) => boolean {
  const active = new Set([...(given ?? []), ...(text ?? '').split(',').map(name => name.trim())])
  return profiles => profiles.length === 0 || active.has('*') || profiles.some(name => active.has(name))
}

/** The services without those that another program provides, and without what is said of waiting for these. */
export function withoutProvided(section: Node | undefined): { services: NodeMap; provided: Node[] } {
  const services = mapOf(section) ?? new Map<string, Node>()
  const provided = new Map<string, Node>()
  for (const [name, service] of services) {
    const provider = childOf(service, 'provider')
    if (provider !== undefined && provider.value !== null && provider.tag !== 'reset')
      provided.set(name, { ...provider, at: provider.key ?? provider.at })
  }
  if (provided.size === 0) return { services, provided: [] }
  const kept = [...services].flatMap(([name, service]): [string, Node][] => {
    if (provided.has(name)) return []
    const waits = childOf(service, 'depends_on')
    if (waits === undefined) return [[name, service]]
    const left =
      listOf(waits) === undefined
        ? withValue(waits, new Map([...(mapOf(waits) ?? [])].filter(([other]) => !provided.has(other))))
        : withValue(
            waits,
            itemsOf(waits).filter(item => !provided.has(textOf(item) ?? '')),
          )
    return [[name, withChild(service, 'depends_on', left)]]
  })
  return { services: new Map(kept), provided: [...provided.values()] }
}
