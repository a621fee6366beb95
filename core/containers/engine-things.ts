// Networks and volumes as the engine shall have them; only those that something on the host uses.
import { isAbsolute } from 'node:path'
import type { Keys } from '../compose/keys/key.js'
import { networkKeys, volumeKeys } from '../compose/keys/others.js'
import { isBind } from '../compose/paths.js'
import { isHere } from '../engine-alone/address.js'
import type { At } from '../errors.js'
import type { Host } from '../project.js'
import type { Raw } from '../raw.js'
import type { Schema } from '../schema.js'
import type { IpamRange, NetworkWant, VolumeWant } from '../wanted.js'
import { sorted } from './environment.js'
import { pathHere, type Run, readFor } from './run.js'
import { type Network, networkSchema, type Volume, volumeSchema } from './schema/network-volume.js'

/** The networks and volumes of one host: asking for one makes it wanted. */
export interface EngineThings {
  network(key: string, service: string, at: At): NetworkWant
  volume(key: string, service: string): VolumeWant
  /** What was asked for, in the file's order; an undeclared default network comes last. */
  networks(): NetworkWant[]
  volumes(): VolumeWant[]
}

const basis = (project: string, key: string, entry: Network | Volume, at: At): VolumeWant => {
  const { driver, external = false } = entry
  const given = entry.name ?? (typeof external === 'object' ? external.name : undefined)
  return {
    key,
    name: given ?? (external === false ? `${project}_${key}` : key),
    external: external !== false,
    ...(driver === undefined ? {} : { driver }),
    options: sorted(entry.driver_opts ?? {}),
    labels: sorted(entry.labels ?? {}),
    at,
  }
}

function networkWant(project: string, key: string, entry: Network, at: At): NetworkWant {
  const { ipam, attachable, enable_ipv6: ipv6 } = entry
  const ranges = (ipam?.config ?? []).map(
    ({ subnet, gateway, ip_range: range, aux_addresses: taken }): IpamRange => ({
      ...(subnet === undefined ? {} : { subnet }),
      ...(gateway === undefined ? {} : { gateway }),
      ...(range === undefined ? {} : { range }),
      ...(taken === undefined ? {} : { taken: sorted(taken) }),
    }),
  )
  return {
    ...basis(project, key, entry, at),
    internal: entry.internal ?? false,
    ...(attachable === true ? { attachable } : {}),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(ranges.length === 0 ? {} : { ipam: ranges }),
    ...(ipam?.driver === undefined ? {} : { ipamDriver: ipam.driver }),
    ...(ipam?.options === undefined ? {} : { ipamOptions: sorted(ipam.options) }),
  }
}

/** A volume that binds a folder: a relative one lies on this machine, and only its own engine can bind it. */
function withDevice(run: Run, host: Host, want: VolumeWant, raw: Raw | undefined): VolumeWant {
  const { o, device } = want.options
  if ((want.driver ?? 'local') !== 'local' || device === undefined || !isBind(o) || isAbsolute(device)) return want
  if (isHere(host)) return { ...want, options: { ...want.options, device: pathHere(run, device, run.project.folder) } }
  run.mistakes.add(
    `volume ${want.key}: ${device} lies on this machine, and the volume is on ${host.name}: use an absolute path of the host`,
    raw?.where(['driver_opts', 'device']) ?? want.at,
  )
  return want
}

const inFileOrder = <T extends { key: string }>(found: Map<string, T>, keys: string[]): T[] => {
  const declared = keys.flatMap(key => found.get(key) ?? [])
  return [...declared, ...[...found.values()].filter(want => !keys.includes(want.key))]
}

/** Starts with nothing wanted. */
export function engineThings(run: Run, host: Host): EngineThings {
  const { project } = run
  const networks = new Map<string, NetworkWant>()
  const volumes = new Map<string, VolumeWant>()
  const once = <T>(found: Map<string, T>, key: string, make: () => T): T => {
    const want = found.get(key) ?? make()
    found.set(key, want)
    return want
  }
  const entry = <T>(
    schema: Schema<T>,
    keys: Keys,
    name: string,
    raw: Raw | undefined,
    service: string,
  ): T | undefined => raw && readFor(run, host, schema, { name, raw, service, keys })?.value
  return {
    network: (key, service, at) =>
      once(networks, key, () => {
        const raw = project.networks[key]
        const value = entry(networkSchema, networkKeys, `network ${key}`, raw, service)
        return networkWant(project.name, key, value ?? {}, raw?.where([], 'key') ?? at)
      }),
    volume: (key, service) =>
      once(volumes, key, () => {
        const raw = project.volumes[key]
        const value = entry(volumeSchema, volumeKeys, `volume ${key}`, raw, service)
        const at = raw?.where([], 'key') ?? { file: project.file, line: 1, column: 1 }
        return withDevice(run, host, basis(project.name, key, value ?? {}, at), raw)
      }),
    networks: () => inFileOrder(networks, Object.keys(project.networks)),
    volumes: () => inFileOrder(volumes, Object.keys(project.volumes)),
  }
}
