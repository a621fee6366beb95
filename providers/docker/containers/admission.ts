// Leads the names of a service to a container that runs already, and away from one that is about to go, without cutting its connections.
import { UserError } from '../../../core/errors.js'
import type { ContainerWant, NetworkJoin } from '../../../core/wanted.js'
import type { EndpointShape } from '../api/shapes.js'
import type { Job } from '../apply/job.js'
import { parseSpec } from '../canonical.js'
import { type Labels, labels } from '../labels.js'
import type { DockerEngine } from '../open.js'
import { endpointBody } from './body.js'
import { inspect, start, stop } from './calls.js'
import { settle } from './settle.js'

/** How often a container may be started anew to get an address that stays its own. */
const attempts = 2

const networkPath = (network: string, action = ''): string => `/networks/${encodeURIComponent(network)}${action}`

const connect = (
  { api }: DockerEngine,
  id: string,
  network: string,
  endpoint: Record<string, unknown>,
): Promise<void> =>
  api.json({
    method: 'POST',
    path: networkPath(network, '/connect'),
    body: { Container: id, EndpointConfig: endpoint },
  })

const endpointOn = async (job: Job, id: string, network: string): Promise<EndpointShape | undefined> =>
  (await inspect(job.engine, id))?.NetworkSettings.Networks?.[network]

/** What is under way on each network of an engine. */
const underWay = new WeakMap<object, Map<string, Promise<unknown>>>()

/** Older engines lose count of who is on a network when several come and go at once, and then never let it be removed. */
async function inTurn<Answer>({ api }: DockerEngine, network: string, act: () => Promise<Answer>): Promise<Answer> {
  const networks = underWay.get(api) ?? new Map<string, Promise<unknown>>()
  underWay.set(api, networks)
  const mine = (networks.get(network) ?? Promise.resolve()).then(act)
  networks.set(
    network,
    mine.catch(() => undefined),
  )
  return mine
}

/** Joins a network anew; true when the address is the one that it had, so that connections live on. */
const joinAs = (job: Job, id: string, want: ContainerWant, network: NetworkJoin): Promise<boolean> =>
  inTurn(job.engine, network.name, () => rejoin(job, id, want, network))

async function rejoin(job: Job, id: string, want: ContainerWant, network: NetworkJoin): Promise<boolean> {
  const before = await endpointOn(job, id, network.name)
  const path = networkPath(network.name, '/disconnect')
  await job.engine.api.json({ method: 'POST', path, body: { Container: id } })
  await connect(job.engine, id, network.name, endpointBody(want.config, network))
  const after = await endpointOn(job, id, network.name)
  return before?.IPAddress === after?.IPAddress && before?.GlobalIPv6Address === after?.GlobalIPv6Address
}

/** The networks on which it is reached by a name of its service. The front door's is none: it must not be left for a moment. */
const namedOn = ({ config }: ContainerWant): NetworkJoin[] =>
  config.networks.filter(({ aliases }) => aliases.length > 0)

/**
 * Gives a container on trial the names of its service, and the name of the container whose place it takes. The engine knows no other way
 * than to join the network anew, which gives the lowest free address: nearly always the one that it had. A program whose address has
 * changed would wait for answers on connections that are cut; it is started anew, again without the names.
 */
export async function admit(job: Job, want: ContainerWant, id: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    let moved: NetworkJoin | undefined
    for (const network of namedOn(want)) {
      const named = { ...network, aliases: [...new Set([...network.aliases, want.name])] }
      if (!(await joinAs(job, id, want, named))) moved ??= network
    }
    if (moved === undefined) return
    if (attempt > attempts)
      throw new UserError(`container ${want.name} cannot keep its address on network ${moved.name}`, {
        where: job.where,
        hint: 'addresses come and go there: run it again, or say `deploy.update_config.order: stop-first`',
      })
    job.tell('its address has changed: starting it once more')
    for (const network of namedOn(want)) await joinAs(job, id, want, { ...network, aliases: [] })
    await stop(job.engine, id, job.signal)
    await start(job.engine, id, job.signal)
    await settle(job, want.name, id, want)
  }
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** True where the engine would give the container another address, because a lower one is free. */
export function wouldMove(own: string, gateway: string, taken: readonly string[]): boolean {
  const held = new Set([own, gateway, ...taken].map(numberOf))
  const first = numberOf(gateway)
  for (let address = first; address < numberOf(own); address++) if (!held.has(address)) return true
  return false
}

interface Members {
  Containers?: Record<string, { IPv4Address?: string }> | null
}

/**
 * Takes the names of the service away from a container, which serves on until it is stopped: who asks for the name from now on is led to
 * the others. Left as it is where it would lose its address, and with it what it is serving.
 */
export async function withdraw(job: Job, want: ContainerWant, id: string): Promise<void> {
  for (const network of namedOn(want)) {
    const endpoint = await endpointOn(job, id, network.name)
    const { IPAddress: own = '', Gateway: gateway = '' } = endpoint ?? {}
    if (own === '' || gateway === '') continue
    const { Containers } = await job.engine.api.json<Members>({ path: networkPath(network.name) })
    const taken = Object.values(Containers ?? {}).map(({ IPv4Address = '' }) => IPv4Address.replace(/\/.*/, ''))
    if (
      wouldMove(
        own,
        gateway,
        taken.filter(address => address !== ''),
      )
    )
      continue
    await joinAs(job, id, want, { ...network, aliases: [] })
  }
}

/** How a container was made to join its networks, as its label has it. */
export function joinsOf(told: Labels): NetworkJoin[] {
  const { networks } = parseSpec(told[labels.spec])
  return (Array.isArray(networks) ? networks : []).flatMap(text => {
    const [, name, more = ''] = /^(\S+)(?: \((.*)\))?$/.exec(String(text)) ?? []
    const aliases = more.split('; ').find(part => part.startsWith('as '))
    return name === undefined ? [] : [{ name, aliases: aliases === undefined ? [] : aliases.slice(3).split(', ') }]
  })
}

/** Gives a container that serves on after all the names back that this run, or an interrupted one, has taken from it. */
export async function readmit(job: Job, want: ContainerWant, id: string): Promise<void> {
  const details = await inspect(job.engine, id)
  for (const network of joinsOf(details?.Config.Labels ?? {})) {
    const endpoint = details?.NetworkSettings.Networks?.[network.name]
    if (endpoint && network.aliases.every(alias => endpoint.Aliases?.includes(alias))) continue
    if (endpoint) await joinAs(job, id, want, network)
    else await connect(job.engine, id, network.name, endpointBody(want.config, network))
  }
}
