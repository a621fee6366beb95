// The front door as a service like any other: made from the `front_door` block where some service has `domains`.
import type { Problems } from '../../config/problems.js'
import type { At } from '../../errors.js'
import type { Project, RawService } from '../../project.js'
import type { Raw } from '../../raw.js'
import type { FrontDoorEntry } from '../schema/front-door.js'
import { doorFolder, drainLabel, type FrontDoorBlock, frontDoorService } from './want.js'

/** Milliseconds that requests may go on in a container that is replaced, where the file does not say. */
export const defaultDrainMs = 30_000

/** The entries of a service's `domains`, as they are written. */
export const domainsIn = ({ raw }: RawService): unknown[] => {
  const { value } = raw
  const domains = value !== null && typeof value === 'object' && 'domains' in value ? value.domains : undefined
  return Array.isArray(domains) ? domains : []
}

const isPlain = (entry: unknown): boolean =>
  entry !== null && typeof entry === 'object' && 'tls' in entry && (entry.tls === 'off' || entry.tls === false)

const madeAt = (value: unknown, at: At): Raw => ({ value, at, where: () => at })

function serviceValue(
  { image = 'caddy:2', http = 80, https = 443, drain = defaultDrainMs }: FrontDoorEntry,
  hasTls: boolean,
) {
  return {
    image,
    entrypoint: ['caddy'],
    // What was loaded last is what it starts with: nobody has to tell it again after a boot.
    command: ['run', '--resume'],
    environment: { XDG_CONFIG_HOME: `${doorFolder}/state`, XDG_DATA_HOME: `${doorFolder}/data` },
    ports: [`${http}:${http}`, ...(hasTls ? [`${https}:${https}`] : [])],
    volumes: [`${frontDoorService}:${doorFolder}`],
    networks: [frontDoorService],
    labels: { [drainLabel]: String(drain) },
    restart: 'unless-stopped',
    stop_grace_period: `${Math.ceil(drain / 1000) + 5}s`,
    cap_add: ['NET_BIND_SERVICE'],
    loosen: ['bind', 'cap_add', 'healthcheck', 'privileged_ports', 'restart'],
  }
}

type Parts = Pick<Project, 'services' | 'networks' | 'volumes'>

/**
 * The parts of a project with the front door among its services, last, and its network and volume, where the file does not declare them
 * itself; as they are where no service has domains.
 */
export function withFrontDoor(parts: Parts, block: FrontDoorBlock | undefined, problems: Problems): Parts {
  const having = parts.services.filter(service => domainsIn(service).length > 0)
  const [first] = having
  if (first === undefined) return parts
  const taken = parts.services.find(({ name }) => name === frontDoorService)
  if (taken !== undefined) {
    problems.add(
      `${frontDoorService}: this is the name of the service that leads domains to the others; take another one`,
      taken.raw.where([], 'key'),
    )
    return parts
  }
  const at = block?.raw.where([], 'key') ?? first.raw.where(['domains'], 'key')
  const hasTls = having.some(service => domainsIn(service).some(entry => !isPlain(entry)))
  const raw = madeAt(serviceValue(block?.entry ?? {}, hasTls), at)
  const empty = { [frontDoorService]: madeAt({}, at) }
  return {
    services: [...parts.services, { name: frontDoorService, raw, folder: first.folder, builtIn: true }],
    networks: { ...empty, ...parts.networks },
    volumes: { ...empty, ...parts.volumes },
  }
}
