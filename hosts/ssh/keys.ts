// Reads private keys, each once: decrypting one costs a fifth of a second.
import { readFile } from 'node:fs/promises'
import { messageOf } from '../../core/errors.js'
import { reveal, type Secret } from '../../core/secret.js'
import { parsePrivateKey, type SshKey } from './client.js'
import { fromPkcs8, isPkcs8 } from './pkcs8.js'

/** A key file, read: the key, or why there is none. */
export type KeyFile =
  | { state: 'key'; key: SshKey }
  | { state: 'missing' }
  | { state: 'locked' }
  | { state: 'wrong-passphrase' }
  | { state: 'unreadable'; why: string }

export type ReadKey = (path: string, passphrase: Secret | undefined) => Promise<KeyFile>

/** Makes a reader that remembers. */
export function createKeyReader(): ReadKey {
  const known = new Map<string, Promise<KeyFile>>()
  return (path, passphrase) => {
    const id = `${path}\0${passphrase === undefined ? '' : reveal(passphrase)}`
    const read = known.get(id) ?? readKeyFile(path, passphrase)
    known.set(id, read)
    return read
  }
}

async function readKeyFile(path: string, passphrase: Secret | undefined): Promise<KeyFile> {
  let data: Buffer
  try {
    data = await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'missing' }
    return { state: 'unreadable', why: messageOf(error) }
  }
  const secret = passphrase?.reveal()
  try {
    const key = parsePrivateKey(isPkcs8(data) ? fromPkcs8(data, secret) : data, secret)
    return key instanceof Error ? faultOf(key, secret) : { state: 'key', key }
  } catch (error) {
    return faultOf(error, secret)
  }
}

/** ssh2 and OpenSSL tell a locked key from a broken one by their texts only. */
function faultOf(error: unknown, passphrase: string | undefined): KeyFile {
  const why = messageOf(error)
  if (/no passphrase given|passphrase required|interrupted or cancelled|bad password read/i.test(why))
    return { state: 'locked' }
  if (passphrase !== undefined && /bad passphrase|bad decrypt|malformed|integrity check/i.test(why))
    return { state: 'wrong-passphrase' }
  return { state: 'unreadable', why }
}

/** The public half of a key, from the `.pub` file beside it, in wire format. */
export async function readPublicKey(path: string): Promise<Buffer | undefined> {
  const text = await readFile(`${path}.pub`, 'utf8').catch(() => '')
  const blob = text.trim().split(/\s+/)[1]
  return blob === undefined ? undefined : Buffer.from(blob, 'base64')
}
