// Makes X.509 certificates: the only file that knows the library for it.
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

cryptoProvider.set(webcrypto as never)

/** ECDSA on P-256: every engine since 20.10 and every stock client takes it. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const day = 24 * 60 * 60 * 1000

/** Clocks differ: a certificate holds from a little before it was made. */
const leeway = 5 * 60 * 1000

/** A certificate and its private key, both PEM. */
export interface Pair {
  certificate: string
  key: string
}

/** What a certificate is for. */
export interface Purpose {
  /** The common name. */
  name: string
  /** `server` proves a daemon to its clients, `client` a client to the daemon. */
  use: 'server' | 'client'
  /** DNS names and IP addresses of a server. */
  names: readonly string[]
  days: number
  now?: Date
}

const validity = (days: number, now: Date): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(now.getTime() - leeway),
  notAfter: new Date(now.getTime() + days * day),
})

/** Positive, and 127 bits long, as RFC 5280 wants serial numbers. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0] ?? 0) & 0x7f || 1
  return bytes.toString('hex')
}

async function newKeys(): Promise<{ keys: webcrypto.CryptoKeyPair; pem: string }> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { keys, pem: `${PemConverter.encode(der, 'PRIVATE KEY')}\n` }
}

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem').trim()}\n`

/** Makes a new authority: a certificate that may sign others, and nothing below it may. */
export async function makeAuthority(name: string, days: number, now = new Date()): Promise<Pair> {
  const { keys, pem } = await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    ...validity(days, now),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: pemOf(certificate), key: pem }
}

/** Makes a certificate that the authority signs, with a key of its own. It never outlives the authority. */
export async function issue(authority: Pair, purpose: Purpose): Promise<Pair> {
  const { name, use, names, days, now = new Date() } = purpose
  const signer = new X509Certificate(authority.certificate)
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(authority.key),
    algorithm,
    false,
    ['sign'],
  )
  const { keys, pem } = await newKeys()
  const times = validity(days, now)
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [name] }],
    issuer: signer.subjectName,
    notBefore: times.notBefore,
    notAfter: new Date(Math.min(times.notAfter.getTime(), signer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([use === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
      ...(names.length === 0
        ? []
        : [
            new SubjectAlternativeNameExtension(
              names.map(each => ({ type: isIP(each) === 0 ? 'dns' : 'ip', value: each })),
            ),
          ]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(signer.publicKey),
    ],
  })
  return { certificate: pemOf(certificate), key: pem }
}
