// Certificates for an engine that is reached over TCP: read from this machine, checked before they are used, and what TLS errors mean.
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { EngineTls } from '../core/engine-alone/address.js'
import { messageOf, usageError } from '../core/errors.js'
import { belongsTo, readCertificate } from '../core/x509.js'

/** What a TLS connection is made with. */
export interface Credentials {
  context: SecureContext
  /** Where the authority's certificate was read; this machine's own ones if left out. */
  ca?: string
  /** Whether a certificate of ours is shown. */
  shows: boolean
}

const reasons: Record<string, string> = { ENOENT: 'there is no such file', EACCES: 'permission denied' }

/** Reads a PEM file. A usage error at the file's line when it cannot be read. */
async function readPem(path: string, what: string, { at }: EngineTls): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw usageError(`cannot read ${what} ${path}: ${reasons[code] ?? messageOf(error)}`, { at, cause: error })
  }
}

async function readKey(tls: EngineTls): Promise<string | undefined> {
  const { key, at } = tls
  if (key === undefined) return undefined
  if (typeof key !== 'string') return key.reveal()
  const text = await readPem(key, 'the key', tls)
  const { mode } = await stat(key)
  if ((mode & 0o004) !== 0)
    throw usageError(`everybody here can read the private key ${key}`, { at, hint: `chmod 600 ${key}` })
  return text
}

/** Our own certificate must be one, hold today, and be the key's. */
function checkOwn(certificate: string, key: string | undefined, { cert = '', at }: EngineTls): void {
  const told = readCertificate(certificate)
  if (told === undefined) throw usageError(`${cert} holds no certificate`, { at })
  const day = (date: Date): string => date.toISOString().slice(0, 10)
  const renew = 'get a new one; of an authority of ours: longshore certs client NAME, where that project lies'
  if (told.until.getTime() < Date.now())
    throw usageError(`our certificate ${cert} has run out on ${day(told.until)}`, { at, hint: renew })
  if (told.from.getTime() > Date.now())
    throw usageError(`our certificate ${cert} holds from ${day(told.from)} only`, {
      at,
      hint: "look at this machine's clock",
    })
  if (key !== undefined && !belongsTo(key, certificate))
    throw usageError(`the key does not belong to the certificate ${cert}`, { at, hint: 'take both from one folder' })
}

/** Reads all that is needed. Usage errors at the file's line for what is missing, loose, or does not fit together. */
export async function readCredentials(tls: EngineTls): Promise<Credentials> {
  const ca = tls.ca === undefined ? undefined : await readPem(tls.ca, "the authority's certificate", tls)
  if (ca !== undefined && readCertificate(ca) === undefined)
    throw usageError(`${tls.ca} holds no certificate`, { at: tls.at })
  const cert = tls.cert === undefined ? undefined : await readPem(tls.cert, 'our certificate', tls)
  const key = await readKey(tls)
  if (cert !== undefined) checkOwn(cert, key, tls)
  try {
    const given = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    }
    const context = createSecureContext({ ...given, minVersion: 'TLSv1.2' })
    return { context, ...(tls.ca === undefined ? {} : { ca: tls.ca }), shows: cert !== undefined }
  } catch (error) {
    throw usageError(`the certificates cannot be used: ${messageOf(error)}`, { at: tls.at, cause: error })
  }
}

/** What went wrong at a connection, and what can be done about it. */
export interface Fault {
  text: string
  hint?: string
}

const otherAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
])

/** What the engine says of our certificate before it hangs up, in the words of OpenSSL. */
const refusedUs =
  /alert (bad certificate|unknown ca|certificate required|certificate expired|handshake failure|access denied|unsupported certificate|certificate unknown|decrypt error)/i

const network: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'there is no answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to its network',
  ENOENT: 'there is no such socket',
  EACCES: 'permission denied',
}

const elsewhere = 'start the engine there, or say in `url` where it listens'

const hints: Record<string, string> = {
  ECONNREFUSED: elsewhere,
  ENOENT: elsewhere,
  EACCES: 'whoever runs this must be in the group that the socket belongs to (`ls -l` shows it), or be root',
}

/** The words for what a TLS or network error says; `name` is how the engine was called. */
export function faultOf(error: unknown, name: string, credentials: Credentials | undefined): Fault {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  const text = messageOf(error)
  if (otherAuthority.has(code))
    return {
      text: `its certificate is not from ${credentials?.ca === undefined ? 'an authority that this machine trusts' : `the authority in ${credentials.ca}`}`,
      hint: "give `tls.ca` the certificate of the engine's own authority; if it was that one until now, somebody may stand between",
    }
  if (code === 'CERT_HAS_EXPIRED')
    return {
      text: 'its certificate has run out',
      hint: 'renew it there; by Longshore: longshore certs renew, where that host is set up',
    }
  if (code === 'CERT_NOT_YET_VALID') return { text: 'its certificate does not hold yet', hint: 'look at both clocks' }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = ((error as { cert?: { subjectaltname?: string } }).cert?.subjectaltname ?? '')
      .replaceAll('IP Address:', '')
      .replaceAll('DNS:', '')
    return {
      text: `its certificate is not for ${name}, but for ${names || 'no name at all'}`,
      hint: 'call it by one of these in `url`, or have it issued for this one too (engine.tls.sans where that host is set up)',
    }
  }
  const refusal = refusedUs.exec(text)?.[1]
  if (refusal !== undefined)
    return {
      text: `it does not take ${credentials?.shows ? 'our certificate' : 'us without a certificate'} (${refusal})`,
      hint: credentials?.shows
        ? 'take one of the authority that the engine trusts'
        : 'say `tls:` with our certificate and its key',
    }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return { text: 'it does not speak TLS there', hint: 'is this the port? docker takes 2376 for TLS and 2375 without' }
  if (network[code] !== undefined)
    return { text: network[code], ...(hints[code] === undefined ? {} : { hint: hints[code] }) }
  if (code === 'ECONNRESET' || code === 'EPIPE') return { text: 'it hung up at once' }
  return { text }
}
