// Podman has no links: what a link calls a container becomes one of that container's own names on the network that both share. Pure.
import { usageError } from '../../core/errors.js'
import type { ContainerWant, Wanted } from '../../core/wanted.js'
import type { Labels } from '../docker/labels.js'

/** Names that a container has for links: "ALIAS@NETWORK", sorted, with blanks between. */
const label = 'longshore.link-names'

const refuse = (want: ContainerWant, text: string, hint: string): never => {
  throw usageError(`podman has no links, and ${text}`, { at: want.at, hint })
}

const networksOf = ({ config }: ContainerWant): string[] => config.networks.map(({ name }) => name)

/** The names by target. A usage error where one name leads to containers of two services, or where a link leads out of the project. */
function namesGiven(containers: readonly ContainerWant[]): Map<string, Set<string>> {
  const given = new Map<string, Set<string>>()
  const owner = new Map<string, string>()
  for (const want of containers)
    for (const { container, alias } of want.config.links) {
      const target = containers.find(({ name }) => name === container)
      if (target === undefined)
        return refuse(want, `${container} is none of this project here`, 'leave the link out, and use its own name')
      const both = networksOf(target).filter(network => networksOf(want).includes(network))
      if (both.length === 0)
        return refuse(want, `${want.name} shares no network with ${container}`, 'put both on one network')
      const other = owner.get(alias)
      if (other !== undefined && other !== target.service)
        return refuse(
          want,
          `its name "${alias}" would be for all on the network, where it is ${other}'s already`,
          'give one of the two links another alias',
        )
      owner.set(alias, target.service)
      const names = given.get(container) ?? new Set()
      for (const network of both) names.add(`${alias}@${network}`)
      given.set(container, names)
    }
  return given
}

/** Names that links of before have left and that lead nobody astray: to take them away is no reason for another container. */
function namesLeft(want: ContainerWant, found: Labels | undefined, taken: ReadonlySet<string>): string[] {
  const before = found?.[label]?.split(' ') ?? []
  return before.filter(name => {
    const [alias = '', network = ''] = name.split('@')
    return networksOf(want).includes(network) && !taken.has(alias)
  })
}

const withNames = (want: ContainerWant, names: readonly string[]): ContainerWant => {
  const networks = want.config.networks.map(join => {
    const own = names.flatMap(name => (name.endsWith(`@${join.name}`) ? [name.slice(0, -join.name.length - 1)] : []))
    return { ...join, aliases: [...new Set([...join.aliases, ...own])] }
  })
  const told = names.length === 0 ? {} : { [label]: [...names].sort().join(' ') }
  return { ...want, config: { ...want.config, links: [], networks, labels: { ...want.config.labels, ...told } } }
}

/** A container without its links, for one that is made beside those that were planned. */
export const withoutLinks = (want: ContainerWant): ContainerWant => withNames(want, [])

/** The same services, with names in place of links. `labelsOf` gives the labels of a container that is there. */
export function linksAsNames(wanted: Wanted, labelsOf: (container: string) => Labels | undefined): Wanted {
  const { containers } = wanted
  const given = namesGiven(containers)
  /** What other containers are called by, also by a link. */
  const takenBeside = (want: ContainerWant): Set<string> =>
    new Set(
      containers
        .filter(({ service }) => service !== want.service)
        .flatMap(({ name, service, config }) => [
          ...[name, service],
          ...config.networks.flatMap(({ aliases }) => aliases),
          ...[...(given.get(name) ?? [])].map(text => text.split('@')[0] ?? ''),
        ]),
    )
  return {
    ...wanted,
    containers: containers.map(want => {
      const left = namesLeft(want, labelsOf(want.name), takenBeside(want))
      return withNames(want, [...new Set([...(given.get(want.name) ?? []), ...left])])
    }),
  }
}
