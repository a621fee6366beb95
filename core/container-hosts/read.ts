// Containers as hosts: what the file says of them, and what may not be said.
import type { Problems } from '../config/problems.js'
import type { HostEntry } from '../config/schema.js'
import { suggestion } from '../language/suggest.js'
import type { Host } from '../project.js'
import type { Raw } from '../raw.js'
import { type ContainerPlace, isContainer } from './place.js'

/** Words that a container has no use for: nothing listens in it, and it has no engine. */
const foreignWords = ['address', 'port', 'identity', 'passphrase', 'password', 'jump', 'host_key', 'engine'] as const

/** The container of a host with `connection: container`; undefined for all others, and where there are mistakes (the context has them). */
export function readContainerPlace(
  name: string,
  entry: HostEntry,
  raw: Raw,
  { problems }: { problems: Problems },
): ContainerPlace | undefined {
  if (entry.connection !== 'container') {
    for (const word of ['container', 'on'] as const)
      if (entry[word] !== undefined)
        problems.add(`hosts.${name}.${word} is for \`connection: container\` alone`, raw.where([word], 'key'))
    return undefined
  }
  for (const word of foreignWords)
    if (entry[word] !== undefined)
      problems.add(`hosts.${name}.${word} has no meaning for a container`, raw.where([word], 'key'))
  if (entry.container === undefined) {
    problems.add(`hosts.${name} needs \`container\`, the name of a running one`, raw.where(['connection']))
    return undefined
  }
  const place: ContainerPlace = { name: entry.container, at: raw.where(['container']) }
  if (entry.on !== undefined) place.on = entry.on
  return place
}

/** Adds a mistake for each container whose engine is on no host of the file, or on one that has none; and for jumps through containers. */
export function checkContainerPlaces(hosts: readonly Host[], raw: Raw, problems: Problems): void {
  const byName = new Map(hosts.map(host => [host.name, host]))
  for (const { name, container, jump } of hosts) {
    const on = container?.on
    const found = on === undefined ? undefined : byName.get(on)
    const at = raw.where(['hosts', name, 'on'])
    if (on !== undefined && found === undefined)
      problems.add(`there is no host "${on}"${suggestion(on, [...byName.keys()])}`, at)
    else if (found !== undefined && isContainer(found))
      problems.add(`${on} is a container itself, and has no engine`, at)
    const through = jump === undefined ? undefined : byName.get(jump)
    if (through !== undefined && isContainer(through))
      problems.add(`${jump} cannot be jumped through: it is a container`, raw.where(['hosts', name, 'jump']))
  }
}
