// Decides whether a host is who it says it is, and asks about those nobody knows, one at a time.
import { createHash } from 'node:crypto'
import { type UserError, unreachableError } from '../../core/errors.js'
import type { ConnectOptions } from '../options.js'
import { keyTypeOf } from './client.js'
import { appendKnownKey, judge, type KnownKey, readKnownKeys } from './known-hosts.js'
import { settingOf, type Target } from './target.js'

/** What is known of one host's keys, before it is spoken to. */
export interface HostKeys {
  /** Key types to ask the host for; any if empty. */
  types: string[]
  /** Undefined: this key is good. */
  check(key: Buffer): KeyProblem | undefined
}

export type KeyProblem = { kind: 'refused'; error: UserError } | { kind: 'unknown'; key: Buffer; authority?: KnownKey }

/** "SHA256:…", as ssh shows it. */
const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

/** Reads what our file or known_hosts say about a host. */
export async function hostKeysOf(target: Target): Promise<HostKeys> {
  const { reach } = target
  if (reach.hostKey !== undefined) return onlyKey(target, reach.hostKey)
  const known = await readKnownKeys(target.knownName, target.knownHostsFiles)
  return {
    types: [...new Set(known.filter(line => line.marker === 'none').map(line => line.type))],
    check(key) {
      const verdict = judge(key, known)
      if (verdict.state === 'known') return undefined
      if (verdict.state === 'unknown')
        return { kind: 'unknown', key, ...('authority' in verdict ? { authority: verdict.authority } : {}) }
      const error =
        verdict.state === 'revoked' ? revokedError(target, verdict.by) : changedError(target, key, verdict.from)
      return { kind: 'refused', error }
    },
  }
}

function onlyKey({ reach, knownName }: Target, hostKey: string): HostKeys {
  const [type = '', wanted = ''] = hostKey.trim().split(/\s+/)
  return {
    types: [type],
    check(key) {
      if (key.toString('base64') === wanted) return undefined
      const error = unreachableError(reach.name, `${knownName} has another key than ${settingOf(reach, 'host_key')}`, {
        hint: `it shows ${keyTypeOf(key)} ${key.toString('base64')} (${fingerprintOf(key)}); if that is right, put it into host_key`,
      })
      return { kind: 'refused', error }
    },
  }
}

/** How a changed key is told; also used when a host no longer has a key of the types that are known. */
export function changedError({ reach, knownName }: Target, key: Buffer | undefined, from: KnownKey): UserError {
  const now = key === undefined ? 'no key of that type any more' : `${keyTypeOf(key)} ${fingerprintOf(key)}`
  return unreachableError(
    reach.name,
    `the host key of ${knownName} has changed: ${from.file}:${from.line} knows ${from.type} ${fingerprintOf(Buffer.from(from.key, 'base64'))}, it shows ${now}`,
    {
      hint: `somebody may be between you and the host; if it was set up anew, remove the old key with: ssh-keygen -R '${knownName}' -f ${from.file}`,
    },
  )
}

const revokedError = ({ reach, knownName }: Target, by: KnownKey): UserError =>
  unreachableError(reach.name, `${knownName} shows a host key that ${by.file}:${by.line} revokes`, {
    hint: 'do not connect before the host has a new key',
  })

export type AskAboutKey = (target: Target, problem: KeyProblem & { kind: 'unknown' }) => Promise<void>

/** Makes the one who asks about unknown keys. Settles when the key may be used (it is written down then); else a UserError. */
export function createKeyQuestion({ unknownHostKey, emit }: ConnectOptions): AskAboutKey {
  let last: Promise<unknown> = Promise.resolve()
  const ask: AskAboutKey = async (target, { key, authority }) => {
    // Another host at the same address may have been answered for in the meantime.
    const known = await readKnownKeys(target.knownName, target.knownHostsFiles)
    if (judge(key, known).state === 'known') return
    const { reach, knownName } = target
    const question = { host: reach.name, address: knownName, keyType: keyTypeOf(key), fingerprint: fingerprintOf(key) }
    if (!target.acceptNewHostKeys && !(await unknownHostKey(question))) throw unknownError(target, key, authority)
    const [file] = target.knownHostsFiles
    if (file === undefined) return
    await appendKnownKey(file, knownName, key)
    emit?.({
      type: 'note',
      host: reach.name,
      text: `host key ${question.fingerprint} of ${knownName} added to ${file}`,
    })
  }
  return (target, problem) => {
    const turn = last.then(() => ask(target, problem))
    last = turn.catch(() => undefined)
    return turn
  }
}

function unknownError({ reach, knownName }: Target, key: Buffer, authority: KnownKey | undefined): UserError {
  const ca =
    authority === undefined
      ? ''
      : `; ${authority.file}:${authority.line} trusts it through a certificate authority, which is not supported`
  return unreachableError(
    reach.name,
    `the host key of ${knownName} is not known (${keyTypeOf(key)} ${fingerprintOf(key)})${ca}`,
    {
      hint: `compare it on the host, then connect once with ssh, or give ${settingOf(reach, 'host_key')}, or use --accept-new-host-keys`,
    },
  )
}
