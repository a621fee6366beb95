// Opens a way to a host's docker engine: as the login user at once, through root only where it takes that.
import type { As, Connection } from '../../core/connection.js'
import { messageOf, UserError } from '../../core/errors.js'
import type { Absent, Detection, Engine, Scope } from '../../core/provider.js'
import { type Api, createApi } from './api/client.js'
import { agreeOnVersion } from './api/version.js'
import { defaultSocket } from './detect.js'

/** A docker engine: what core sees of it, and our own way to it. */
export interface DockerEngine extends Engine {
  readonly api: Api
  readonly connection: Connection
}

async function tryAs(scope: Scope, connection: Connection, socket: string, as: As): Promise<DockerEngine> {
  // A connection as root is a sudo session of its own on the host; sshd allows about ten sessions in all.
  const [sockets, patienceMs] = as === 'root' ? [3, 1000] : [8, 0]
  const api = createApi(scope.name, () => connection.dial(socket, { as }), sockets, patienceMs)
  try {
    const told = await api.ping()
    const theirs = String(told['api-version'] ?? '')
    api.version = agreeOnVersion(theirs, scope.name)
    const [, name = 'docker', version = ''] = /^(\w+)\/(\S+)/.exec(String(told.server ?? '')) ?? []
    return {
      scope,
      about: `${name.toLowerCase()} ${version} (API ${theirs})`,
      stats: api.stats,
      api,
      connection,
      close: () => api.close(),
    }
  } catch (error) {
    api.close()
    throw error
  }
}

const isTooOld = (error: unknown): boolean => error instanceof UserError && /is the oldest we know/.test(error.message)

/**
 * Tries the default socket as the login user at once; only if that fails is `detection` awaited, and root tried where it says so.
 * Throws a UserError for an engine that is too old.
 */
export async function openEngine(
  scope: Scope,
  connection: Connection,
  detection: Promise<Detection>,
): Promise<DockerEngine | Absent> {
  // Where the first try succeeds nobody asks for the answer, and then its failure must not count as unhandled.
  detection.catch(() => undefined)
  try {
    return await tryAs(scope, connection, defaultSocket, 'login')
  } catch (error) {
    if (isTooOld(error)) throw error
  }
  const { state, socket, rootOnly, client, text } = await detection
  if (state !== 'answers') return { absent: state, text }
  if (!rootOnly)
    try {
      // It came up, or the user came into its group, after the first try.
      return await tryAs(scope, connection, socket, 'login')
    } catch (error) {
      if (isTooOld(error)) throw error
    }
  if (!client)
    return {
      absent: 'denied',
      text: `${text}; and without the docker client on the host root cannot pass it on either`,
    }
  try {
    return await tryAs(scope, connection, socket, 'root')
  } catch (error) {
    if (isTooOld(error)) throw error
    return { absent: 'denied', text: `${text}; as root: ${messageOf(error)}` }
  }
}
