// The engine's own certificate where the project's authority issues it: whether the one on the host is kept, and what is wrong with it.
import { isIP } from 'node:net'
import type { ServerPair } from '../../core/certificates.js'
import type { TlsWant } from '../../core/engine-want.js'
import { likeError, UserError, usageError } from '../../core/errors.js'
import type { LoadContext } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { isSignedBy, missingNames, readCertificate } from '../../core/x509.js'
import type { EngineSeen } from './seen.js'

/** What `engine: { tls }` becomes. The place is a function, so that a passphrase is looked at only where a key is needed. */
interface Issued {
  place: () => TlsWant
  /** Of the host, for the certificate's common name. */
  host: string
  /** By which the inventory knows it. */
  names: string[]
}

/** No YAML makes one. */
export const issuedSchema = z
  .unknown()
  .refine(
    value => typeof value === 'object' && value !== null && 'place' in value && typeof value.place === 'function',
    'comes from `engine: { tls }`',
  ) as unknown as z.ZodType<Issued>

/** What is known of the authority by now; it may be made, and a certificate issued, while the run goes on. */
interface Known {
  /** Its certificate; undefined before it was made. */
  authority: string | undefined
  /** Whether its key is here, or is still to be made. */
  hasKey: boolean
  /** The certificate that this run has issued for the host. */
  made?: string
}

/** How a host gets its certificate. */
export interface Issuing {
  place: TlsWant
  names: readonly string[]
  known: Known
  /** Throws a UserError where no certificate can be issued. */
  ready(): Promise<void>
  /** Issues one, and makes the authority where there is none. */
  issue(names: readonly string[]): Promise<ServerPair>
}

/** Looks for the authority's certificate and key on this machine; makes nothing. A UserError where the run has no authority. */
export async function issuingOf(issued: Issued, { issuer }: LoadContext): Promise<Issuing> {
  if (issuer === undefined) throw new UserError('there is nobody here who issues certificates')
  const place = issued.place()
  const known: Known = { authority: await issuer.authority(place), hasKey: await issuer.hasKey(place) }
  return {
    place,
    names: issued.names,
    known,
    ready: () => issuer.ready(place),
    async issue(names) {
      const pair = await issuer.server(place, issued.host, names)
      known.authority = pair.authority
      known.made = pair.certificate
      return pair
    },
  }
}

const day = 24 * 60 * 60 * 1000

/** What a certificate can hold as a name; an ssh alias with other characters is no name on the network. */
const isName = (name: string): boolean => isIP(name) > 0 || /^(\*\.)?[A-Za-z0-9_]([\w.-]*\w)?$/.test(name)

/** Every name by which clients may call the engine: of the inventory, the host's own, what the file adds. */
export const namesOf = ({ names, place }: Issuing, seen: EngineSeen): string[] => {
  const all = [...names, ...seen.names, 'localhost', '127.0.0.1', ...place.sans]
  return [...new Set(all.map(name => name.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')))].filter(isName)
}

/** An authority as people can compare it. */
const named = (pem: string): string => {
  const found = readCertificate(pem)
  return found === undefined ? 'an authority that cannot be read' : `"${found.name}" (SHA-256 ${found.fingerprint})`
}

const inDays = (ms: number): string => {
  const days = Math.floor(ms / day)
  return days === 1 ? '1 day' : `${days} days`
}

/** What is wrong with the host's certificate. `late`: it still holds, but is to be renewed. */
interface Fault {
  text: string
  late?: true
}

/** Why the host needs another certificate; undefined where it keeps the one that it has. */
export function certificateFault(issuing: Issuing, seen: EngineSeen, now = new Date()): Fault | undefined {
  const { cert, key, ca } = seen.files
  const { known, place } = issuing
  if (cert.sum === '') return { text: 'none' }
  const found = readCertificate(cert.text)
  if (found === undefined) return { text: 'a file that holds none' }
  if (known.authority === undefined || !isSignedBy(cert.text, known.authority))
    return { text: `of another authority, ${ca.sum === '' ? 'which is not there' : named(ca.text)}` }
  if (key.sum === '') return { text: 'without its key' }
  if (!['0400', '0600'].includes(key.mode)) return { text: `with a key that others may read (mode ${key.mode})` }
  const lacks = missingNames(cert.text, namesOf(issuing, seen))
  if (lacks.length > 0) return { text: `lacks ${lacks.join(', ')}` }
  const left = found.until.getTime() - now.getTime()
  if (left <= 0) return { text: 'expired' }
  // One that was just made is not made again, and none outlives its authority.
  const isLast = found.until.getTime() >= (readCertificate(known.authority)?.until.getTime() ?? 0)
  if (left >= place.renewBefore * day || isLast || known.made?.trim() === cert.text.trim()) return undefined
  return { text: `expires in ${inDays(left)}`, late: true }
}

/** A certificate that is to be renewed, still holds, and cannot be renewed from this machine: no reason to stop. */
const waits = ({ known, place }: Issuing, { late }: Fault): boolean =>
  late === true && !known.hasKey && Number.isFinite(place.renewBefore)

/** Why a new certificate is issued; undefined where none is. */
export const reissue = (issuing: Issuing, seen: EngineSeen): string | undefined => {
  const fault = certificateFault(issuing, seen)
  return fault === undefined || waits(issuing, fault) ? undefined : fault.text
}

/** What to warn of: a certificate, or the authority itself, that is about to end. */
export function certificateWarnings(issuing: Issuing, seen: EngineSeen, now = new Date()): string[] {
  const { known, place } = issuing
  const fault = certificateFault(issuing, seen, now)
  const until = readCertificate(known.authority ?? '')?.until.getTime()
  const left = (until ?? Number.POSITIVE_INFINITY) - now.getTime()
  return [
    ...(fault !== undefined && waits(issuing, fault)
      ? [
          `its certificate ${fault.text}, and cannot be renewed from here: the key of the authority is not in ${place.folder}`,
        ]
      : []),
    ...(left < 2 * place.days * day
      ? [`the authority in ${place.folder} ends in ${inDays(left)}: make its successor in time`]
      : []),
  ]
}

/** Throws a UserError where the host needs a certificate that cannot be issued, or that would begin a second authority beside the host's. */
export async function refuseIssuing(issuing: Issuing, seen: EngineSeen, host: string): Promise<void> {
  const why = reissue(issuing, seen)
  if (why === undefined) return
  const { known, place } = issuing
  const { ca, cert } = seen.files
  if (known.authority === undefined && (ca.sum !== '' || cert.sum !== ''))
    throw usageError(
      `the engine of ${host} has certificates of the authority ${named(ca.text || cert.text)}, which is not in ${place.folder}`,
      {
        path: ['tls'],
        hint: `bring that folder (ca.crt, and ca.key or ca.key.age) from where it was made. To begin with another authority, remove /etc/docker/tls on the host; every client then needs a new certificate`,
      },
    )
  try {
    await issuing.ready()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const ours = known.authority === undefined ? '' : `, ${named(known.authority)}`
    throw likeError(error, { message: `${error.message}${ours}; the certificate of ${host}: ${why}`, path: ['tls'] })
  }
}
