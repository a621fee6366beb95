// What the front door of one host shall do: which domain leads to which service, and with which certificate. Plain data.
import type { Raw } from '../../raw.js'
import type { Secret } from '../../secret.js'
import type { FrontDoorEntry } from '../schema/front-door.js'

/** The block of the file, and where it stands. */
export interface FrontDoorBlock {
  entry: FrontDoorEntry
  raw: Raw
}

/** The service that the front door is; a file that has `domains` cannot have one of this name. */
export const frontDoorService = 'front-door'

/** Where its volume is in its container; everything that it keeps is below. */
export const doorFolder = '/front-door'

/** The label of its container that tells how long requests may go on in one that is replaced, in milliseconds. */
export const drainLabel = 'front-door.drain-ms'

/** Where a domain's certificate comes from: an authority by ACME, a file of the user's, the front door's own authority; `off`: plain HTTP. */
export type DoorTls = 'auto' | 'given' | 'internal' | 'off'

/** One domain, or one path below it, and the service that answers there. */
export interface SiteWant {
  host: string
  /** "/api": this path and all below it; left out for all. */
  path?: string
  tls: DoorTls
  service: string
  /** Numbers of its containers on this host. */
  numbers: number[]
  /** Port in the containers. */
  port: number
}

/** A certificate of the user's own. */
export interface GivenCertificate {
  /** Domains that it is for, as `certificates:` has them. */
  host: string
  /** The chain, PEM. */
  certificate: string
  key: Secret
}

/** The front door of one host. */
export interface DoorWant {
  /** Ports that it listens on, in its container as on the host. */
  http: number
  https: number
  /** Whom the authority writes to. */
  email?: string
  /** Directory URL of the ACME authority; its own default if left out. */
  acme?: string
  /** Certificate of whoever signs for that URL itself, PEM. */
  caRoot?: string
  /** How long a request may go on in a container that is about to be stopped. */
  drainMs: number
  /** By host, and the longest path first. */
  sites: SiteWant[]
  certificates: GivenCertificate[]
}
