// What is wanted, as a host may keep it: secrets stand as their names and fingerprints, and come back with their values of today.
import { UserError } from '../errors.js'
import { Secret } from '../secret.js'
import type { HistoryShare } from './entry.js'

/** How a secret stands in an entry. No setting of a container has such a key. */
interface KeptSecret {
  'longshore.secret': string
  fingerprint: string
}

const isKept = (data: object): data is KeptSecret => 'longshore.secret' in data && 'fingerprint' in data

function kept(data: unknown, key: Uint8Array): unknown {
  if (data instanceof Secret) return { 'longshore.secret': data.name, fingerprint: data.fingerprint(key) }
  if (Array.isArray(data)) return data.map(each => kept(each, key))
  if (typeof data !== 'object' || data === null) return data
  const entries = Object.entries(data).map(([name, each]) => [name, kept(each, key)])
  // The plain sum over a secret file lets anybody try values against it.
  const isSecretFile = 'sum' in data && 'secret' in data && data.secret === true
  return Object.fromEntries(isSecretFile ? entries.map(([name, each]) => [name, name === 'sum' ? '' : each]) : entries)
}

/** The share without any secret value; `key` is the host's. */
export const keepShare = (share: HistoryShare, key: Uint8Array): HistoryShare => kept(share, key) as HistoryShare

/** What bringing a share back needs, and what it finds. */
export interface Restoring {
  /** The host's key. */
  key: Uint8Array
  /** Today's value; undefined where nobody knows the name any more. */
  secret(name: string, path: readonly (string | number)[]): Secret | undefined
  /** Is told each secret that has another value than it had. */
  changed(name: string): void
}

function restored(data: unknown, { key, secret, changed }: Restoring, path: readonly (string | number)[]): unknown {
  if (Array.isArray(data)) return data.map((each, index) => restored(each, { key, secret, changed }, [...path, index]))
  if (typeof data !== 'object' || data === null) return data
  if (isKept(data)) {
    const name = data['longshore.secret']
    const found = secret(name, path)
    if (found === undefined)
      throw new UserError(`it needs the secret ${name}, which the file does not know any more`, {
        hint: `declare it under \`secrets:\` again, or go back to another entry`,
      })
    if (found.fingerprint(key) !== data.fingerprint) changed(name)
    return found
  }
  return Object.fromEntries(
    Object.entries(data).map(([name, each]) => [name, restored(each, { key, secret, changed }, [...path, name])]),
  )
}

/** Part of a share with its secrets' values. A UserError where a secret cannot be had. */
export const restore = <T>(part: T, restoring: Restoring): T => restored(part, restoring, []) as T

const isPlace = (name: string, data: unknown): boolean =>
  name === 'at' && typeof data === 'object' && data !== null && 'line' in data

/** A part of a share as one text, for comparing: where in a file it stood makes no difference. */
export const textOf = (part: unknown): string =>
  JSON.stringify(part, (name, data: unknown) => (isPlace(name, data) ? undefined : data))
