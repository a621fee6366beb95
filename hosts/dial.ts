// Opens a unix socket as root through a sudo session, where the login user may not.
import type { Duplex } from 'node:stream'
import { roleOf } from './command-line.js'
import { endProgram, type Program, type Way, within } from './program.js'
import { dialError, HostSocket } from './socket.js'
import { CheckFailed, startAs } from './sudo.js'

const noSocket = 66
const noClient = 69

// docker's own client first, because it is there where its socket is; socat serves sockets of others.
const dialScript = `if command -v docker >/dev/null 2>&1; then exec docker -H "unix://$1" system dial-stdio; fi
exec socat -t 31536000 - "UNIX-CONNECT:$1"`

const checkScript = (socketPath: string): string => `socket='${socketPath.replaceAll("'", `'\\''`)}'
[ -S "$socket" ] || exit ${noSocket}
command -v docker >/dev/null 2>&1 || command -v socat >/dev/null 2>&1 || exit ${noClient}`

/** The socket at the far end of `docker system dial-stdio`, run by the host's `become`. Errors: EDIAL, or what sudo refuses. */
export async function dialThroughSudo(way: Way, socketPath: string, signal?: AbortSignal): Promise<Duplex> {
  const role = roleOf(way.host, way.loginUser, 'root')
  const words = ['sh', '-c', dialScript, 'sh', socketPath]
  const program = await startAs(way, words, {
    role,
    check: checkScript(socketPath),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (!(error instanceof CheckFailed)) throw error
    const reason = error.code === noSocket ? 'there is no such socket' : 'neither docker nor socat is installed there'
    throw dialError(way.host.name, socketPath, reason)
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
