// A host that is reached by its engine alone: TCP with certificates or a unix socket of this machine, and no shell.
import { request } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Connection, ConnectionStats } from '../core/connection.js'
import { type EngineAddress, shellless } from '../core/engine-alone/address.js'
import { type UserError, unreachableError, usageError } from '../core/errors.js'
import { cleanLine } from '../core/events.js'
import type { Host } from '../core/project.js'
import { type Credentials, type Fault, faultOf, readCredentials } from './engine-tls.js'
import { dialTcpHere } from './local.js'

interface Place {
  host: Host
  address: EngineAddress
  credentials: Credentials | undefined
  timeoutMs: number
}

const unreachable = ({ host, address }: Place, { text, hint }: Fault, cause?: unknown): UserError =>
  unreachableError(host.name, `cannot speak to the engine at ${address.url}: ${text}`, {
    at: address.at,
    hint,
    cause,
  })

/** Starts a connection; which event tells that it stands depends on its kind. */
function start({ address, credentials }: Place): { socket: Socket; ready: 'connect' | 'secureConnect' } {
  // The far side may end its direction first: attached containers do.
  if (address.kind === 'unix') return { socket: connect({ path: address.path, allowHalfOpen: true }), ready: 'connect' }
  const { name: host, port } = address
  if (credentials === undefined) return { socket: connect({ host, port, allowHalfOpen: true }), ready: 'connect' }
  const { context: secureContext } = credentials
  // An address is no name to be asked for; it is checked against the certificate all the same.
  const servername = isIP(host) === 0 ? host : ''
  const options = { host, port, servername, secureContext, ALPNProtocols: ['http/1.1'], allowHalfOpen: true }
  return { socket: connectTls(options), ready: 'secureConnect' }
}

/** Opens one connection. UserError with exit code 4; rejects with the signal's reason when aborted. */
function open(place: Place, signal?: AbortSignal): Promise<Socket> {
  signal?.throwIfAborted()
  return new Promise<Socket>((resolve, reject) => {
    const { socket, ready } = start(place)
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.removeListener('error', fail)
      act()
    }
    const give = (error: unknown): void =>
      settle(() => {
        socket.on('error', () => undefined).destroy()
        reject(error)
      })
    const fail = (error: unknown): void =>
      give(unreachable(place, faultOf(error, place.host.address, place.credentials), error))
    const abort = (): void => give(signal?.reason)
    const timer = setTimeout(() => fail(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), place.timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    socket.once('error', fail)
    socket.once(ready, () => settle(() => resolve(socket.setNoDelay(true).setKeepAlive(true, 30_000))))
  })
}

/** What answers that is no engine at ease: its status and first words. */
const strange = (status: number, body: string): Fault =>
  /HTTP request to an HTTPS server/i.test(body)
    ? { text: 'it wants TLS', hint: 'say `tls:` with the certificates' }
    : { text: `it answers with status ${status}: ${cleanLine(body.trim(), 200)}` }

/** Asks once for a sign of life: with TLS 1.3 the far side tells only after the handshake that it does not take our certificate. */
async function greet(place: Place, signal?: AbortSignal): Promise<void> {
  const socket = await open(place, signal)
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: unknown): void =>
        reject(
          signal?.aborted
            ? signal.reason
            : unreachable(place, faultOf(error, place.host.address, place.credentials), error),
        )
      const sent = request(
        { path: '/_ping', host: 'docker', createConnection: () => socket, ...(signal === undefined ? {} : { signal }) },
        response => {
          let body = ''
          response.setEncoding('utf8').on('data', (text: string) => {
            body = (body + text).slice(0, 1000)
          })
          response.on('error', fail)
          response.on('end', () =>
            response.statusCode === 200
              ? resolve()
              : reject(unreachable(place, strange(response.statusCode ?? 0, body))),
          )
        },
      )
      sent.setTimeout(place.timeoutMs, () => sent.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
      sent.on('error', fail)
      sent.end()
    })
  } finally {
    socket.destroy()
  }
}

/** Connects to the engine, and makes sure that it takes us. UserError with exit code 4, or 3 where our certificates are at fault. */
export async function connectEngine(host: Host, timeoutMs: number, signal?: AbortSignal): Promise<Connection> {
  const { engineAddress: address } = host
  if (address === undefined) throw new Error(`${host.name} has no address of an engine`)
  const tls = address.kind === 'tcp' ? address.tls : undefined
  const place: Place = { host, address, credentials: tls && (await readCredentials(tls)), timeoutMs }
  const stats: ConnectionStats = { connections: 1, execs: 0, dials: 0 }
  const noShell = async (): Promise<never> => {
    throw usageError(`${host.name} ${shellless}`, {
      where: host.name,
      at: address.at,
      hint: 'take `connection: ssh` for that',
    })
  }
  await greet(place, signal)
  const sockets = new Set<Socket>()
  return {
    host: host.name,
    stats,
    exec: noShell,
    terminal: noShell,
    // There is one engine and one way to it, whatever its socket is called on its host.
    async dial(_socketPath, { signal: dialSignal } = {}): Promise<Duplex> {
      stats.dials += 1
      const socket = await open(place, dialSignal)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
    // The containers of an engine of this machine are reached from here, as they are from their own host.
    ...(address.kind === 'unix' && {
      dialTcp: (to: string, port: number, { signal: dialSignal }: { signal?: AbortSignal } = {}) =>
        dialTcpHere(host, to, port, dialSignal),
    }),
    renew: async () => undefined,
    async close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}
