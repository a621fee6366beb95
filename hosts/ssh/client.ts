// The only file that knows ssh2: opens authenticated connections, parses keys, speaks to agents.
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import ssh2, { type AnyAuthMethod, type AuthenticationType, type ParsedKey, type ServerHostKeyAlgorithm } from 'ssh2'

export type SshClient = ssh2.Client
export type SshChannel = ssh2.ClientChannel
export type SshKey = ParsedKey
export type AuthAttempt = AnyAuthMethod

/** A new pair of ed25519 keys, as OpenSSH writes them: the private one as a file, the public one as a line. */
export function makeKeyPair(comment: string): { private: string; public: string } {
  const { private: key, public: line } = ssh2.utils.generateKeyPairSync('ed25519', { comment })
  return { private: key, public: line }
}

/** What ssh2 adds to its errors: where it happened, the system's error code, the protocol's reason. */
export type SshFault = Error & { level?: string; code?: string | number; reason?: string | number }

/** Gives the next thing to try, or undefined when nothing is left. `left`: what the server still takes, undefined before the first answer. */
export type NextAuth = (left: readonly string[] | undefined, partialSuccess: boolean) => AuthAttempt | undefined

export interface OpenOptions {
  hostname: string
  port: number
  user: string
  /** A stream to use instead of a connection of its own: the way through a jump host. */
  sock?: Duplex
  /** Only host keys of these types are asked for; all if empty. */
  hostKeyTypes: readonly string[]
  /** Sees the host's key (SSH wire format) before anything is sent. */
  verifyHostKey: (key: Buffer) => boolean
  nextAuth: NextAuth
  /** Milliseconds for connecting and agreeing on keys. */
  connectTimeoutMs: number
  /** Milliseconds for logging in after that. */
  loginTimeoutMs: number
  signal?: AbortSignal
}

const keyAlgorithms: Record<string, ServerHostKeyAlgorithm[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
  'ssh-dss': ['ssh-dss'],
}

/** Opens a connection. Rejects with ssh2's own error (an SshFault), or with the signal's reason. */
export async function openClient(options: OpenOptions): Promise<SshClient> {
  const { signal } = options
  signal?.throwIfAborted()
  const client = new ssh2.Client()
  // An error may come at any time in a connection's life; `close` tells whoever waits, and no error may go unheard.
  client.on('error', () => undefined)
  const algorithms = options.hostKeyTypes.flatMap(type => keyAlgorithms[type] ?? [])
  const ready = new Promise<SshClient>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const limit = (ms: number, what: string): void => {
      clearTimeout(timer)
      timer = setTimeout(
        () => reject(Object.assign(new Error(`timed out while ${what}`), { level: 'client-timeout' })),
        ms,
      )
    }
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => end(() => reject(signal?.reason))
    signal?.addEventListener('abort', onAbort, { once: true })
    limit(options.connectTimeoutMs, 'connecting')
    client.once('handshake', () => limit(options.loginTimeoutMs, 'logging in'))
    client.once('ready', () => end(() => resolve(client)))
    // A failing agent is not the end: the next method is tried.
    client.on('error', (error: SshFault) => error.level !== 'agent' && end(() => reject(error)))
    client.once('close', () =>
      end(() => reject(Object.assign(new Error('the connection was closed'), { level: 'closed' }))),
    )
  })
  try {
    client.connect({
      host: options.hostname,
      port: options.port,
      username: options.user,
      ...(options.sock === undefined ? {} : { sock: options.sock }),
      ...(algorithms.length === 0 ? {} : { algorithms: { serverHostKey: algorithms } }),
      hostVerifier: (key: Buffer) => options.verifyHostKey(key),
      authHandler: (
        left: AuthenticationType[] | null,
        partial: boolean | null,
        next: (method: AuthAttempt) => void,
      ) => {
        const attempt = options.nextAuth(left ?? undefined, partial === true)
        // ssh2 takes false for "nothing left", which its types do not know.
        next(attempt ?? (false as unknown as AuthAttempt))
      },
      readyTimeout: 0,
      keepaliveInterval: 15_000,
      keepaliveCountMax: 3,
    })
    // With Nagle's algorithm every small exec waits some 40 ms for a delayed acknowledgement.
    if (options.sock === undefined) client.setNoDelay(true)
    return await ready
  } catch (error) {
    client.destroy()
    throw error
  }
}

/** Parses a private key; an Error says why not (an encrypted key without a passphrase too). */
export function parsePrivateKey(data: Buffer, passphrase: string | undefined): ParsedKey | Error {
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(data, passphrase)
  const key = Array.isArray(parsed) ? (parsed[0] as ParsedKey) : parsed
  return key instanceof Error || key.isPrivateKey() ? key : new Error('it is a public key')
}

/** The type of a host key in SSH wire format. */
export function keyTypeOf(blob: Buffer): string {
  return blob.toString('latin1', 4, 4 + blob.readUInt32BE(0))
}

/** An attempt with the agent's keys; with `only`, with those of them that are named (public keys in wire format). */
export function agentAttempt(user: string, socketPath: string, only: readonly Buffer[] | undefined): AuthAttempt {
  const agent = ssh2.createAgent(socketPath)
  return { type: 'agent', username: user, agent: only === undefined ? agent : narrowAgent(agent, only) }
}

function narrowAgent(agent: ssh2.BaseAgent, only: readonly Buffer[]): ssh2.BaseAgent {
  const all = agent.getIdentities.bind(agent)
  const named = (key: unknown): boolean => only.some(blob => blob.equals((key as ParsedKey).getPublicSSH()))
  agent.getIdentities = callback =>
    all((error, keys = []) => (error ? callback(error) : callback(undefined, keys.filter(named))))
  return agent
}

/**
 * Keeps a session's channel open until the host closes it. Node destroys a stream whose both sides have ended, and ssh2 closes the channel
 * then: too early, because the exit code comes after the end of the output.
 */
export function keepUntilClosed(channel: SshChannel): SshChannel {
  channel.destroy = () => channel
  return channel
}

/** Sends a signal ("TERM") to a session's program. */
export function signalChannel(channel: SshChannel, signal: string): void {
  // Channel.signal() of ssh2 1.17 does nothing once our side has sent its end of input; the protocol has no such rule.
  const { _client, outgoing } = channel as unknown as OpenChannel
  if (outgoing.state === 'open' || outgoing.state === 'eof') _client._protocol.signal(outgoing.id, signal)
}

interface OpenChannel {
  _client: { _protocol: { signal(id: number, signal: string): void } }
  outgoing: { id: number; state: string }
}

/** Waits until a channel is gone, its error stream included. */
export async function channelClosed(channel: SshChannel): Promise<void> {
  await Promise.all([once(channel, 'close'), once(channel.stderr, 'close')])
}
