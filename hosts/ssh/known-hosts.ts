// known_hosts: which keys are known for a host. Format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
import { createHmac } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf, UserError } from '../../core/errors.js'

/** One line that speaks of a host. */
export interface KnownKey {
  marker: 'none' | 'revoked' | 'cert-authority'
  type: string
  /** The key, base64 of its wire format. */
  key: string
  file: string
  /** From 1. */
  line: number
}

/** What one key is to a host, by its known_hosts lines. */
export type Verdict =
  | { state: 'known' }
  | { state: 'revoked'; by: KnownKey }
  | { state: 'changed'; from: KnownKey }
  | { state: 'unknown'; authority?: KnownKey }

/** How a host is named in known_hosts: port 22 goes without saying. */
export const knownName = (hostname: string, port: number): string =>
  port === 22 ? hostname.toLowerCase() : `[${hostname.toLowerCase()}]:${port}`

const matchesPattern = (pattern: string, name: string): boolean => {
  const source = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(name)
}

const matchesHash = (hashed: string, name: string): boolean => {
  const [, kind, salt = '', hash] = hashed.split('|')
  return kind === '1' && createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

/** True when a line's host field (patterns, or one hashed name) means this name. */
export function matchesHosts(field: string, name: string): boolean {
  if (field.startsWith('|')) return matchesHash(field, name)
  const patterns = field.split(',')
  const hits = (pattern: string): boolean => matchesPattern(pattern, name)
  if (patterns.some(pattern => pattern.startsWith('!') && hits(pattern.slice(1)))) return false
  return patterns.some(pattern => !pattern.startsWith('!') && hits(pattern))
}

const markers: Record<string, KnownKey['marker']> = { '@revoked': 'revoked', '@cert-authority': 'cert-authority' }

/** The lines of one file's text that speak of a host by this name. Lines that cannot be understood are passed over, as ssh does. */
export function keysFor(name: string, text: string, file: string): KnownKey[] {
  return text.split('\n').flatMap((raw, index): KnownKey[] => {
    const words = raw.trim().split(/\s+/)
    if (raw.trim() === '' || raw.trim().startsWith('#')) return []
    const first = words[0] ?? ''
    const marker = first.startsWith('@') ? markers[first] : 'none'
    if (marker === undefined) return []
    const [hosts, type, key] = marker === 'none' ? words : words.slice(1)
    if (hosts === undefined || type === undefined || key === undefined || !matchesHosts(hosts, name)) return []
    return [{ marker, type, key, file, line: index + 1 }]
  })
}

/** Reads what several files say about a host; missing files say nothing. */
export async function readKnownKeys(name: string, files: readonly string[]): Promise<KnownKey[]> {
  const texts = await Promise.all(files.map(file => readFile(file, 'utf8').catch(() => '')))
  return texts.flatMap((text, index) => keysFor(name, text, files[index] ?? ''))
}

/** Judges a host's key. */
export function judge(key: Buffer, known: readonly KnownKey[]): Verdict {
  const offered = key.toString('base64')
  const same = (line: KnownKey): boolean => line.key === offered
  const revoked = known.find(line => line.marker === 'revoked' && same(line))
  if (revoked !== undefined) return { state: 'revoked', by: revoked }
  const plain = known.filter(line => line.marker === 'none')
  if (plain.some(same)) return { state: 'known' }
  const type = key.toString('latin1', 4, 4 + key.readUInt32BE(0))
  const from = plain.find(line => line.type === type) ?? plain[0]
  if (from !== undefined) return { state: 'changed', from }
  const authority = known.find(line => line.marker === 'cert-authority')
  return authority === undefined ? { state: 'unknown' } : { state: 'unknown', authority }
}

/** Adds a line for a new host: one write at the file's end, so that two of us never mix. */
export async function appendKnownKey(file: string, name: string, key: Buffer): Promise<void> {
  if (file === '/dev/null') return
  const type = key.toString('latin1', 4, 4 + key.readUInt32BE(0))
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const handle = await open(file, 'a+', 0o600)
    try {
      const { size } = await handle.stat()
      const last = Buffer.alloc(1)
      if (size > 0) await handle.read(last, 0, 1, size - 1)
      const newline = size > 0 && last.toString() !== '\n' ? '\n' : ''
      await handle.appendFile(`${newline}${name} ${type} ${key.toString('base64')}\n`)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw new UserError(`cannot write ${file}: ${messageOf(error)}`, {
      hint: 'make the file writable, or give the host a host_key',
      cause: error,
    })
  }
}
