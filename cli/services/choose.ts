// Which containers the words of a command mean: services, or containers by their name, on one host or all, the n-th or all.
import { UserError, usageError } from '../../core/errors.js'
import { suggestion } from '../../core/language/index.js'
import type { CommandContext } from '../context.js'
import { containersOf, type Engines, type Placed } from '../engines.js'

/** The options by which one container among several is meant. */
export const placeOptions = {
  host: { flags: '--host <name>', text: 'on this host, where there are several', kind: 'value' },
  number: { flags: '--index, --number <n>', text: 'the n-th container of the service', kind: 'value' },
} as const

export interface PlaceWish {
  host: string | undefined
  number: string | undefined
}

export interface Wish extends PlaceWish {
  /** Names of services or containers; all where there are none. */
  services: readonly string[]
}

/** What a host, by name and number, allows. A usage error for a host or a number that is none. */
async function allows(context: CommandContext, { host, number }: PlaceWish): Promise<(one: Placed) => boolean> {
  const hosts = (await context.project()).hosts.map(({ name }) => name)
  if (host !== undefined && !hosts.includes(host))
    throw usageError(`there is no host "${host}"${suggestion(host, hosts)}`, { where: '--host' })
  if (number !== undefined && !/^[1-9]\d{0,5}$/.test(number))
    throw usageError(`--number takes a number from 1, not "${number}"`)
  return ({ container }) =>
    (host === undefined || container.host === host) && (number === undefined || container.number === Number(number))
}

/** The containers that the wish means; what `run` made beside them only by its own name. A usage error for a name that nothing has. */
export async function chosen(context: CommandContext, placed: readonly Placed[], wish: Wish): Promise<Placed[]> {
  const allowed = await allows(context, wish)
  const services = (await context.project()).services.map(({ name }) => name)
  const known = new Set([...services, ...placed.flatMap(({ container: { service, name } }) => [service, name])])
  for (const name of wish.services)
    if (!known.has(name)) throw usageError(`there is no service "${name}"${suggestion(name, known)}`)
  const isNamed = ({ container: { service, name, oneOff } }: Placed): boolean =>
    wish.services.includes(name) || (!oneOff && (wish.services.length === 0 || wish.services.includes(service)))
  return placed.filter(one => isNamed(one) && allowed(one))
}

/** The containers that the wish means, on engines that answer. A UserError where none is there, or where a host that may have it does not answer. */
export async function chosenOn(context: CommandContext, engines: Engines, wish: Wish): Promise<Placed[]> {
  const placed = await containersOf(context, engines)
  // A host that does not answer may be where the container is.
  const [problem] = engines.problems
  if (placed.length === 0 && problem) throw problem
  return chosen(context, placed, wish)
}

const placeText = ({ container: { host, name, state } }: Placed): string => `${host} ${name}: ${state}`

/** What must hold of the one container that is meant. */
export interface OneRules {
  /** It must run. */
  running: boolean
  /** Of several the first one does. */
  first?: true
}

/** The one container of a service that is meant. A UserError that tells what there is instead, or which there are. */
export async function chosenOne(
  context: CommandContext,
  engines: Engines,
  { service, ...place }: PlaceWish & { service: string },
  rules: OneRules,
): Promise<Placed> {
  const services = [service]
  const meant = await chosenOn(context, engines, { services, ...place })
  const fit = rules.running ? meant.filter(one => one.container.state === 'running') : meant
  const [found, second] = fit
  if (found && (rules.first || !second)) return found
  if (found)
    throw usageError(`the service "${service}" has ${fit.length} containers, and only one can be meant`, {
      hint: `say --host or --number:\n${fit.map(({ container: one }) => `  --host ${one.host} --number ${one.number}   ${one.name}`).join('\n')}`,
    })
  const all =
    meant.length > 0 ? meant : await chosenOn(context, engines, { services, host: undefined, number: undefined })
  if (all.length === 0)
    throw new UserError(`no container of the service "${service}" is there`, { hint: '`longshore up` makes it' })
  const which = meant.length > 0 ? 'is not running' : 'is not where you say'
  throw new UserError(`the service "${service}" ${which}`, { output: all.map(placeText).join('\n') })
}

/** An ability of the provider that a container is on. A UserError where it lacks it. */
export function able<Ability>({ on, container }: Placed, ability: Ability | undefined, what: string): Ability {
  if (ability) return ability
  throw new UserError(`${on.provider.name} cannot ${what}`, { where: container.host })
}
