// Keys in PKCS#8 ("BEGIN PRIVATE KEY"), which ssh2 cannot read, rewritten into forms that it can.
import { createPrivateKey, type KeyObject } from 'node:crypto'

/** True for a private key in PKCS#8, encrypted or not. */
export const isPkcs8 = (data: Buffer): boolean =>
  /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(data.toString('latin1'))

/** The same key as PKCS#1, SEC 1 or, for Ed25519, in OpenSSH's own format; not encrypted. Throws OpenSSL's error when it cannot be read. */
export function fromPkcs8(data: Buffer, passphrase: string | undefined): Buffer {
  const key = createPrivateKey({ key: data, ...(passphrase === undefined ? {} : { passphrase }) })
  if (key.asymmetricKeyType === 'rsa') return Buffer.from(key.export({ type: 'pkcs1', format: 'pem' }))
  if (key.asymmetricKeyType === 'ec') return Buffer.from(key.export({ type: 'sec1', format: 'pem' }))
  if (key.asymmetricKeyType === 'ed25519') return opensshEd25519(key)
  throw new Error(`ssh knows no keys of type ${key.asymmetricKeyType}`)
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const field = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint32(bytes.length), bytes])
}

// Format: PROTOCOL.key in OpenSSH's sources.
function opensshEd25519(key: KeyObject): Buffer {
  const { d = '', x = '' } = key.export({ format: 'jwk' })
  const publicPart = Buffer.from(x, 'base64url')
  const pair = Buffer.concat([Buffer.from(d, 'base64url'), publicPart])
  const publicKey = Buffer.concat([field('ssh-ed25519'), field(publicPart)])
  const open = Buffer.concat([uint32(0), uint32(0), field('ssh-ed25519'), field(publicPart), field(pair), field('')])
  const padding = Buffer.from(Array.from({ length: (8 - (open.length % 8)) % 8 }, (_, index) => index + 1))
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    uint32(1),
    field(publicKey),
    field(Buffer.concat([open, padding])),
  ])
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? []
  return Buffer.from(`-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`)
}
