// Opens a unix socket as root through a sudo session, where the login user may not.
import type { Duplex } from 'node:stream'
import { type Role, roleOf } from './command-line.js'
import { endProgram, type Program, type Way, within } from './program.js'
import { dialError, HostSocket } from './socket.js'
import { CheckFailed, startAs } from './sudo.js'

const noSocket = 66
const noClient = 69

// An engine's own client first, because it is there where its socket is; socat serves sockets of others.
const dialScript = `case $1 in */podman.sock) if command -v podman >/dev/null 2>&1; then exec podman --url "unix://$1" system dial-stdio; fi;; esac
if command -v docker >/dev/null 2>&1; then exec docker -H "unix://$1" system dial-stdio; fi
exec socat -t 31536000 - "UNIX-CONNECT:$1"`

const checkScript = (socketPath: string): string => `socket='${socketPath.replaceAll("'", `'\\''`)}'
[ -S "$socket" ] || exit ${noSocket}
command -v docker >/dev/null 2>&1 || command -v podman >/dev/null 2>&1 || command -v socat >/dev/null 2>&1 || exit ${noClient}`

/** The socket at the far end of `docker system dial-stdio`, run by the host's `become`. Errors: EDIAL, or what sudo refuses. */
export const dialThroughSudo = (way: Way, socketPath: string, signal?: AbortSignal): Promise<Duplex> =>
  dialThrough(way, socketPath, roleOf(way.host, way.loginUser, 'root'), signal)

/** What stands against it, by the exit code of the check; undefined for any other. */
const reasonOf = (code: number | undefined): string | undefined =>
  code === noSocket
    ? 'there is no such socket'
    : code === noClient
      ? 'neither docker, podman nor socat is installed there'
      : undefined

/** The socket at the far end of `docker system dial-stdio`, run in a role. Errors: EDIAL, or what sudo refuses. */
export async function dialThrough(way: Way, socketPath: string, role: Role, signal?: AbortSignal): Promise<Duplex> {
  const words = ['sh', '-c', dialScript, 'sh', socketPath]
  const more = signal === undefined ? {} : { signal }
  const check = checkScript(socketPath)
  if (role.kind !== 'sudo') {
    // Only a sudo session tells of its check before the program begins.
    const asked = await startAs(way, ['sh', '-c', check], { role, ...more })
    for (const stream of [asked.stdout, asked.stderr]) stream.resume()
    asked.stdin.end()
    const reason = reasonOf(await asked.exited)
    if (reason !== undefined) throw dialError(way.host.name, socketPath, reason)
  }
  const program = await startAs(way, words, { role, check, ...more }).catch((error: unknown) => {
    if (!(error instanceof CheckFailed)) throw error
    throw dialError(way.host.name, socketPath, reasonOf(error.code) ?? error.message)
  })
  program.stderr.resume()
  return new HostSocket({
    readable: program.stdout,
    writable: program.stdin,
    closed: program.closed,
    close: () => void hangUp(program),
  })
}

/** The client ends by itself when its input does; only one that does not is ended. */
async function hangUp(program: Program): Promise<void> {
  program.stdin.end()
  if (!(await within(1_000, program.closed))) await endProgram(program)
}
