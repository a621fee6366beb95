// How the containers of each service are dealt to hosts.
import type { Host, RawService } from '../project.js'
import type { Read } from './read.js'
import type { Service } from './schema/service.js'

/** What one host has of a service. */
export interface Share {
  host: Host
  /** How many containers. */
  count: number
  /** Their numbers: from 1 on each host, or where the file says how many there are in all, dealt like cards. */
  numbers: number[]
  /** The service as rendered for this host; undefined where it could not be read. */
  read: Read<Service> | undefined
}

/** A service with its hosts, in order of their names; hosts without a container are left out. */
export interface Placed {
  raw: RawService
  shares: Share[]
  /** Names of hosts of its that have none of its containers. */
  idle: string[]
}

/** Places by service name, in the file's order. */
export type Places = ReadonlyMap<string, Placed>
