// What is wanted of engines that are one, each thing once: every host has its own words for what all of them have.
import type { ContainerWant, NetworkWant, VolumeWant, Wanted } from '../wanted.js'

/** In order of host name. */
const inOrder = (byHost: ReadonlyMap<string, Wanted>): Wanted[] =>
  [...byHost].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, wanted]) => wanted)

const once = <T>(all: readonly T[], nameOf: (one: T) => string): T[] =>
  [...new Map([...all].reverse().map(one => [nameOf(one), one])).values()].reverse()

/** Each service once: what stands for it on the first of its hosts. */
export const servicesOf = (byHost: ReadonlyMap<string, Wanted>): ContainerWant[] =>
  once(
    inOrder(byHost).flatMap(({ containers }) => containers.filter(({ spread }) => spread !== undefined)),
    ({ service }) => service,
  )

/** Each service, network and volume once. */
export const allOnce = (
  byHost: ReadonlyMap<string, Wanted>,
): { containers: ContainerWant[]; networks: NetworkWant[]; volumes: VolumeWant[] } => ({
  containers: servicesOf(byHost),
  networks: once(
    inOrder(byHost).flatMap(({ networks }) => networks),
    ({ name }) => name,
  ),
  volumes: once(
    inOrder(byHost).flatMap(({ volumes }) => volumes),
    ({ name }) => name,
  ),
})
