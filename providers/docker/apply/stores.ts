// Makes and removes networks and volumes.
import { messageOf, UserError } from '../../../core/errors.js'
import type { StepResult } from '../../../core/provider.js'
import type { NetworkWant, VolumeWant } from '../../../core/wanted.js'
import type { ContainerSummary, EndpointShape, NetworkSummary } from '../api/shapes.js'
import { inspect } from '../containers/calls.js'
import { rolledBack } from '../containers/create.js'
import { type Labels, labels } from '../labels.js'
import { hasStatus, type Job, unlessMissing } from './job.js'

interface NetworkDetails extends NetworkSummary {
  Internal: boolean
  Attachable: boolean
  EnableIPv6: boolean
  Options: Record<string, string> | null
  IPAM: object
}

function ipamBody({ ipam = [], ipamDriver, ipamOptions }: NetworkWant): object {
  if (ipam.length === 0 && ipamDriver === undefined && ipamOptions === undefined) return {}
  const Config = ipam.map(({ subnet, gateway, range, taken }) => ({
    Subnet: subnet,
    Gateway: gateway,
    IPRange: range,
    AuxiliaryAddresses: taken,
  }))
  return {
    IPAM: {
      ...(ipamDriver === undefined ? {} : { Driver: ipamDriver }),
      ...(ipamOptions === undefined ? {} : { Options: ipamOptions }),
      Config,
    },
  }
}

const networkBody = (want: NetworkWant, own: Labels): object => ({
  Name: want.name,
  CheckDuplicate: true,
  ...(want.driver === undefined ? {} : { Driver: want.driver }),
  Internal: want.internal,
  ...(want.attachable ? { Attachable: true } : {}),
  EnableIPv6: want.ipv6 ?? want.ipam?.some(({ subnet = '' }) => subnet.includes(':')) ?? false,
  Options: want.options,
  Labels: own,
  ...ipamBody(want),
})

const path = (network: string, action = ''): string => `/networks/${encodeURIComponent(network)}${action}`

const make = ({ engine, signal }: Job, body: object): Promise<void> =>
  engine.api.json({ method: 'POST', path: '/networks/create', body, signal })

const refused = (job: Job, want: { name: string; at: NetworkWant['at'] }, error: unknown): unknown =>
  error instanceof UserError || job.signal.aborted
    ? error
    : new UserError(`the engine refuses network ${want.name}: ${messageOf(error)}`, { where: job.where, at: want.at })

/** A container on a network, and how it was on it. */
interface Member {
  id: string
  endpoint: Pick<EndpointShape, 'Aliases' | 'Links' | 'IPAMConfig'>
}

async function membersOf({ engine, signal }: Job, network: string, name: string): Promise<Member[]> {
  const query = { all: true, filters: { network: [network] } }
  const on = await engine.api.json<ContainerSummary[]>({ path: '/containers/json', query, signal })
  const members = await Promise.all(
    on.map(async ({ Id }) => {
      const endpoint = (await inspect(engine, Id, signal))?.NetworkSettings.Networks?.[name]
      if (!endpoint) return undefined
      const { Aliases = null, Links = null, IPAMConfig = null } = endpoint
      return { id: Id, endpoint: { Aliases, Links, IPAMConfig } }
    }),
  )
  return members.filter(member => member !== undefined)
}

async function connectAll({ engine }: Job, network: string, members: readonly Member[]): Promise<void> {
  for (const { id, endpoint } of members) {
    const connect = (config: object): Promise<void> =>
      engine.api.json({
        method: 'POST',
        path: path(network, '/connect'),
        body: { Container: id, EndpointConfig: config },
      })
    await connect(endpoint).catch(error => {
      // The address it had may not lie in the network as it is now.
      if (!endpoint.IPAMConfig || !hasStatus(error, 400, 403, 500)) throw error
      return connect({ ...endpoint, IPAMConfig: null })
    })
  }
}

/** Makes a network anew under its name, and connects again what was on it. If the engine refuses the new one, the old one is made again. */
async function replaceNetwork(job: Job, want: NetworkWant, own: Labels, old: string): Promise<StepResult> {
  const { engine, signal } = job
  const before = await unlessMissing(engine.api.json<NetworkDetails>({ path: path(old), signal }))
  if (!before) return createNetwork(job, want, own)
  const members = await membersOf(job, old, before.Name)
  for (const { id } of members)
    await engine.api.json({ method: 'POST', path: path(old, '/disconnect'), body: { Container: id, Force: true } })
  try {
    await removeNetwork(job, old)
    await make(job, networkBody(want, own))
  } catch (error) {
    const { Name, Driver, Internal, Attachable, EnableIPv6, Options, IPAM, Labels } = before
    const body = { Name, Driver, Internal, Attachable, EnableIPv6, Options, IPAM, Labels }
    const gone = (await unlessMissing(engine.api.json({ path: path(old) }))) === undefined
    if (gone) await engine.api.json({ method: 'POST', path: '/networks/create', body })
    await connectAll(job, want.name, members)
    const told = refused(job, want, error)
    throw told instanceof UserError ? rolledBack(told, 'the old one is back') : told
  }
  await connectAll(job, want.name, members)
  return { state: 'done' }
}

/** Makes a network, or makes it anew in place of `replaces`. */
export async function createNetwork(job: Job, want: NetworkWant, own: Labels, replaces?: string): Promise<StepResult> {
  const found = await unlessMissing(job.engine.api.json<NetworkSummary>({ path: path(want.name), signal: job.signal }))
  const same = [labels.project, labels.specHash].every(label => found?.Labels?.[label] === own[label])
  if (found && same) return { state: 'already' }
  if (replaces !== undefined) return replaceNetwork(job, want, own, replaces)
  try {
    await make(job, networkBody(want, own))
  } catch (error) {
    throw refused(job, want, error)
  }
  return { state: 'done' }
}

/** Makes a volume. The engine takes one that is there by that name for the same. */
export async function createVolume({ engine, signal, where }: Job, want: VolumeWant, own: Labels): Promise<StepResult> {
  const body = { Name: want.name, Driver: want.driver ?? 'local', DriverOpts: want.options, Labels: own }
  try {
    await engine.api.json({ method: 'POST', path: '/volumes/create', body, signal })
  } catch (error) {
    if (!hasStatus(error, 400, 404, 409, 500)) throw error
    throw new UserError(`the engine refuses volume ${want.name}: ${error.message}`, { where, at: want.at })
  }
  return { state: 'done' }
}

/** Removes a network that nothing is connected to any more. */
export async function removeNetwork({ engine, signal, where }: Job, id: string): Promise<StepResult> {
  try {
    await engine.api.json({ method: 'DELETE', path: path(id), signal })
    return { state: 'done' }
  } catch (error) {
    if (hasStatus(error, 404)) return { state: 'already' }
    if (!hasStatus(error, 403, 409)) throw error
    throw new UserError(`the network cannot be removed: ${error.message}`, {
      where,
      hint: 'disconnect or remove the containers that are still on it',
    })
  }
}

/** Removes a volume that no container holds any more. */
export async function removeVolume({ engine, signal, where }: Job, name: string): Promise<StepResult> {
  try {
    await engine.api.json({ method: 'DELETE', path: `/volumes/${encodeURIComponent(name)}`, signal })
    return { state: 'done' }
  } catch (error) {
    if (hasStatus(error, 404)) return { state: 'already' }
    if (!hasStatus(error, 409)) throw error
    throw new UserError(`volume ${name} cannot be removed: ${error.message}`, {
      where,
      hint: 'remove the containers that still use it',
    })
  }
}
