// Looks into certificates (PEM): whose they are, which names they hold for, until when, and by whom they are signed.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

/** What a certificate says. */
export interface Certificate {
  /** The common name. */
  name: string
  /** Its DNS names and addresses. */
  names: string[]
  from: Date
  until: Date
  /** SHA-256 of it, as colon-separated hex. */
  fingerprint: string
  serial: string
}

const commonName = (subject: string): string => /^CN=(.*)$/m.exec(subject)?.[1] ?? subject

/** Node gives "DNS:a, IP Address:192.0.2.1"; IPv6 comes in its long form there. */
const alternatives = (text: string | undefined): string[] =>
  (text ?? '')
    .split(', ')
    .map(entry => entry.replace(/^(DNS|IP Address):/, ''))
    .filter(entry => entry !== '')

/** Reads a certificate; undefined when the text holds none. */
export function readCertificate(pem: string): Certificate | undefined {
  let found: X509Certificate
  try {
    found = new X509Certificate(pem)
  } catch {
    return undefined
  }
  return {
    name: commonName(found.subject),
    names: alternatives(found.subjectAltName),
    from: new Date(found.validFrom),
    until: new Date(found.validTo),
    fingerprint: found.fingerprint256,
    serial: found.serialNumber,
  }
}

/** Whether the authority has signed it. */
export function isSignedBy(pem: string, authority: string): boolean {
  try {
    return new X509Certificate(pem).verify(new X509Certificate(authority).publicKey)
  } catch {
    return false
  }
}

/** Whether the private key belongs to the certificate. */
export function belongsTo(key: string, pem: string): boolean {
  try {
    return new X509Certificate(pem).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

/** The names that a certificate lacks. */
export function missingNames(pem: string, names: readonly string[]): string[] {
  const certificate = new X509Certificate(pem)
  return names.filter(
    name => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) === undefined,
  )
}
