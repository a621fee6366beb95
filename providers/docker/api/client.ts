// Our own thin client of the Engine API: JSON requests, streams and upgraded connections over sockets dialled on the host.
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { messageOf, UserError } from '../../../core/errors.js'
import { asSocket, DialAgent } from './agent.js'
import { createTurns } from './turns.js'

/** The engine answered, and said no. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
  }
}

export interface ApiRequest {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Without the version, from the slash on. */
  path: string
  /** Objects go as JSON; undefined leaves the parameter out. */
  query?: Record<string, string | number | boolean | object | undefined>
  /** Parameters that are given once for each of their values. */
  repeated?: Readonly<Record<string, readonly string[]>>
  /** Goes as JSON. */
  body?: unknown
  /** Goes as a tar archive. */
  upload?: Readable
  /** More headers; a login goes here, because nothing shows or keeps them. */
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal | undefined
  /** For streams without an end: a connection of its own, so that the pool stays free. */
  alone?: boolean
}

export interface Api {
  /** "1.41". */
  version: string
  readonly stats: { requests: number; waves: number }
  /** The answer's headers, its body thrown away. For `/_ping`, without a version in the path. */
  ping(signal?: AbortSignal): Promise<IncomingMessage['headers']>
  /** The answer as data; undefined for an empty one. An ApiError where the engine refuses. */
  json<Answer = void>(request: ApiRequest): Promise<Answer>
  /** The answer as a stream of bytes. */
  stream(request: ApiRequest): Promise<IncomingMessage>
  /** A two-way stream in place of HTTP (exec, attach). Ending it half-closes it. */
  hijack(request: ApiRequest): Promise<Duplex>
  close(): void
}

const urlOf = (version: string, { path, query = {}, repeated = {} }: ApiRequest): string => {
  const told = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) told.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value))
  for (const [name, values] of Object.entries(repeated)) for (const value of values) told.append(name, value)
  const text = told.toString()
  return `${version && `/v${version}`}${path}${text && `?${text}`}`
}

const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

const refusal = async (host: string, response: IncomingMessage): Promise<Error> => {
  const text = await textOf(response)
  let message = text.trim()
  try {
    const told: unknown = JSON.parse(text)
    if (typeof told === 'object' && told !== null && 'message' in told) message = String(told.message)
  } catch {
    // Not JSON: the text stands as it is.
  }
  if (/client version .* is too old/i.test(message))
    return new UserError(`the engine is newer than this Longshore can speak to: ${message}`, {
      where: host,
      hint: 'update Longshore',
    })
  return new ApiError(response.statusCode ?? 0, message || `status ${response.statusCode}`)
}

/**
 * Makes a client. `host` names the engine's host in errors; `dial` opens one connection; at most `sockets` of them are kept, and
 * another one is opened only after `patienceMs` of waiting for those that are there.
 */
export function createApi(host: string, dial: () => Promise<Duplex>, sockets: number, patienceMs = 0): Api {
  const agent = new DialAgent(dial, { keepAlive: true, maxSockets: sockets })
  const turns = createTurns(sockets, patienceMs)
  const stats = { requests: 0, waves: 0 }
  let completedDepth = 0

  const options = (version: string, request: ApiRequest): RequestOptions => ({
    host: 'docker',
    path: urlOf(version, request),
    method: request.method ?? 'GET',
    headers: {
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(request.upload === undefined ? {} : { 'content-type': 'application/x-tar' }),
      ...request.headers,
    },
    ...(request.signal && { signal: request.signal }),
    ...(request.alone
      ? {
          createConnection: (_, done) => {
            dial().then(
              stream => done(null, asSocket(stream)),
              error => done(error as Error, undefined as unknown as Duplex),
            )
            return undefined
          },
        }
      : { agent }),
  })

  const failure = (error: unknown, request: ApiRequest): unknown => {
    if (request.signal?.aborted) return request.signal.reason
    if (error instanceof ApiError || error instanceof UserError) return error
    return new UserError(`the engine does not answer: ${messageOf(error)}`, { where: host, cause: error })
  }

  /** Sends the body; what becomes of the request is told by its events. */
  const send = (sent: ClientRequest, { body, upload }: ApiRequest): void => {
    if (upload) {
      upload.once('error', error => sent.destroy(error))
      sent.once('close', () => upload.destroy())
      upload.pipe(sent)
    } else sent.end(body === undefined ? undefined : JSON.stringify(body))
  }

  const read = (text: string): unknown => {
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new UserError('the engine gives an answer that cannot be read', { where: host, cause: error })
    }
  }

  /** Counts the request; the function it gives tells that the answer is there. */
  const count = (): (() => void) => {
    const depth = completedDepth + 1
    stats.requests++
    stats.waves = Math.max(stats.waves, depth)
    return () => {
      completedDepth = Math.max(completedDepth, depth)
    }
  }

  const answer = async (version: string, request: ApiRequest): Promise<IncomingMessage> => {
    const leave = request.alone ? undefined : await turns.take()
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpRequest(options(version, request))
      // Said just before its socket is free again, which the next in turn then takes over.
      if (leave) sent.once('close', leave)
      sent.once('response', resolve)
      // Stays on: an upload may break off after the engine has already answered with an error.
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // A kept connection may have been closed by the engine just as we took it; only what changes nothing is sent again. Each
        // time one of those that were kept is gone, and a new one is not tried twice.
        const stale = sent.reusedSocket && error.code === 'ECONNRESET' && (request.method ?? 'GET') === 'GET'
        if (stale && !request.signal?.aborted) answer(version, request).then(resolve, reject)
        else reject(error)
      })
      send(sent, request)
    })
  }

  const good = async (version: string, request: ApiRequest): Promise<IncomingMessage> => {
    try {
      const response = await answer(version, request)
      if ((response.statusCode ?? 0) >= 400) throw await refusal(host, response)
      return response
    } catch (error) {
      throw failure(error, request)
    }
  }

  const api: Api = {
    version: '',
    stats,
    async ping(signal) {
      const done = count()
      const response = await good('', { path: '/_ping', signal })
      await textOf(response)
      done()
      return response.headers
    },
    async json<Answer>(request: ApiRequest): Promise<Answer> {
      const done = count()
      try {
        const response = await good(api.version, request)
        const text = await textOf(response).catch(error => Promise.reject(failure(error, request)))
        // The engine answers some requests with an empty body, or with text where nothing is to be told.
        return (text.startsWith('{') || text.startsWith('[') ? read(text) : undefined) as Answer
      } finally {
        done()
      }
    },
    async stream(request) {
      const done = count()
      try {
        return await good(api.version, request)
      } finally {
        done()
      }
    },
    async hijack(request) {
      const done = count()
      try {
        return await new Promise<Duplex>((resolve, reject) => {
          const opened = options(api.version, request)
          const sent = httpRequest({ ...opened, headers: { ...opened.headers, connection: 'Upgrade', upgrade: 'tcp' } })
          sent.once('upgrade', (_, stream, head) => {
            if (head.length > 0) stream.unshift(head)
            resolve(stream)
          })
          sent.once('response', response => {
            refusal(host, response).then(reject, reject)
          })
          sent.on('error', reject)
          send(sent, request)
        })
      } catch (error) {
        throw failure(error, request)
      } finally {
        done()
      }
    },
    close: () => agent.destroy(),
  }
  return api
}
