// Opens a way to a host's docker engine: as the login user at once, through root only where it takes that.
import type { As, Connection } from '../../core/connection.js'
import { messageOf } from '../../core/errors.js'
import type { Absent, Detection, Engine, Scope } from '../../core/provider.js'
import { type Api, createApi } from './api/client.js'
import { agreeOnVersion } from './api/version.js'
import { type Dialect, dockerDialect } from './dialect.js'

/** A docker engine: what core sees of it, and our own way to it. */
export interface DockerEngine extends Engine {
  readonly api: Api
  readonly dialect: Dialect
  readonly connection: Connection
}

/** What answered at a socket, and the way to it. */
interface Answering {
  api: Api
  told: Awaited<ReturnType<Api['ping']>>
}

/** Asks who answers at a socket; throws when nobody does. */
async function ask(
  scope: Scope,
  connection: Connection,
  { socket, as, signal }: { socket: string; as: As; signal: AbortSignal | undefined },
): Promise<Answering> {
  // A connection as root is a sudo session of its own on the host; sshd allows about ten sessions in all.
  const [sockets, patienceMs] = as === 'root' ? [3, 200] : [8, 0]
  const api = createApi(scope.name, () => connection.dial(socket, { as }), sockets, patienceMs)
  try {
    return { api, told: await api.ping(signal) }
  } catch (error) {
    api.close()
    // An interrupt is no answer: nobody is asked in another way.
    signal?.throwIfAborted()
    throw error
  }
}

/** The engine that answered. Throws a UserError for one that is too old, or that is another. */
function engineFrom(scope: Scope, connection: Connection, dialect: Dialect, { api, told }: Answering): DockerEngine {
  const theirs = String(told['api-version'] ?? '')
  let about: { name: string; version: string }
  try {
    about = dialect.about(told, scope.name)
    api.version = agreeOnVersion(theirs, scope.name, `${about.name} ${about.version}`.trim())
  } catch (error) {
    api.close()
    throw error
  }
  return {
    scope,
    about: `${about.name} ${about.version} (API ${theirs})`,
    stats: api.stats,
    api,
    dialect,
    connection,
    close: () => api.close(),
  }
}

/** What to do about an engine that is closed to us, or that does not listen. */
function wayOut({ name, hosts: [host = name] }: Scope, state: Absent['absent'], onHost: string | undefined) {
  if (state !== 'denied') return onHost === undefined ? {} : { hint: onHost }
  return { hint: `give hosts.${host}.become${onHost === undefined ? '' : `, or ${onHost}`}` }
}

/**
 * Tries the default socket as the login user at once; only if that fails is `detection` awaited, and root tried where it says so.
 * Throws a UserError for an engine that we cannot speak to.
 */
export async function openEngine(
  scope: Scope,
  connection: Connection,
  detection: Promise<Detection>,
  signal?: AbortSignal,
  dialect: Dialect = dockerDialect,
): Promise<DockerEngine | Absent> {
  const engine = (answering: Answering): DockerEngine => engineFrom(scope, connection, dialect, answering)
  const way = (socket: string, as: As): Promise<Answering> => ask(scope, connection, { socket, as, signal })
  const tried = (socket: string, as: As): Promise<Answering | undefined> =>
    way(socket, as).catch(() => {
      signal?.throwIfAborted()
      return undefined
    })
  const first = await tried(dialect.words.socket, 'login')
  if (first) return engine(first)
  const { state, socket, rootOnly, client, text, hint } = await detection
  if (state !== 'answers') return { absent: state, text, ...wayOut(scope, state, hint) }
  // It came up, or the user came into its group, after the first try.
  const second = rootOnly ? undefined : await tried(socket, 'login')
  if (second) return engine(second)
  if (!client)
    return {
      absent: 'denied',
      text: `${text}; and without the ${dialect.name} client on the host root cannot pass it on either`,
      hint: `name the login user in engine.users, or install the client there (docker-cli; older releases have it in docker.io)`,
    }
  const third = await way(socket, 'root').catch((error: unknown) => {
    signal?.throwIfAborted()
    return messageOf(error)
  })
  return typeof third === 'string' ? { absent: 'denied', text: `${text}; as root: ${third}` } : engine(third)
}
