// `domains` of a service: the names, and the paths below them, under which the front door leads to it.
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import { keyed, whole, written } from './shapes.js'

/** One entry of `domains`. */
export interface DomainEntry {
  host: string
  /** Starts with a slash, and does not end with one; left out for all of the host. */
  path?: string
  /** Port in the container; left out where the service names only one. */
  port?: number
  tls: 'auto' | 'internal' | 'off'
}

const hostRule = /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/

/** A domain in small letters. A usage error for anything else. */
export function readHost(text: string): string {
  const host = text.toLowerCase()
  if (!hostRule.test(host) || host.length > 253)
    throw usageError(`"${text}" is no domain: write it as shop.example.com, without a scheme or port`)
  return host
}

function readPath(text: string): string | undefined {
  if (!text.startsWith('/') || /[\s*?#{}]/.test(text))
    throw usageError(`"${text}" is no path: write it as /api; all below it is meant too`)
  const path = text.replace(/\/+$/, '')
  return path === '' ? undefined : path
}

const entryOf = (
  host: string,
  path: string | undefined,
  more: { port?: number | undefined; tls?: DomainEntry['tls'] | undefined } = {},
): DomainEntry => ({
  host,
  ...(path === undefined ? {} : { path }),
  ...(more.port === undefined ? {} : { port: more.port }),
  tls: more.tls ?? 'auto',
})

const short = written(text => {
  const slash = text.indexOf('/')
  return slash < 0
    ? entryOf(readHost(text), undefined)
    : entryOf(readHost(text.slice(0, slash)), readPath(text.slice(slash)))
})

const tls = z
  .union([z.enum(['auto', 'internal', 'off']), z.literal(false).transform(() => 'off' as const)], {
    error: 'must be auto, internal or off',
  })
  .describe('auto (by ACME, or a certificate of front_door.certificates), internal (an authority of its own) or off.')

const long = keyed({
  host: written(readHost).describe('The domain.'),
  path: written(readPath).optional().describe('This path and all below it; all if left out.'),
  port: whole(1, 65_535).optional().describe('Port in the container. Left out: the only one that the service names.'),
  tls: tls.optional(),
}).transform(({ host, path, port, tls: how }) => entryOf(host, path, { port, tls: how }))

/** `domains:`. */
export const domainsSchema = z.array(
  z.union([short, long], {
    error: 'must be a domain such as shop.example.com, or a map with host, path, port and tls',
  }),
)
