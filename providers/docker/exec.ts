// Runs a command in a container, with or without a terminal.
import type { Duplex } from 'node:stream'
import { ContainerAway } from '../../core/container-hosts/place.js'
import type { ExecRequest } from '../../core/provider-abilities.js'
import { demultiplexer } from './api/stream.js'
import { hasStatus } from './apply/job.js'
import type { DockerEngine } from './open.js'

/** Copies the command's output until it ends; without a terminal its two streams come in frames. */
export const copyOut = (
  stream: Duplex,
  { tty, stdout, stderr }: Pick<ExecRequest, 'tty' | 'stdout' | 'stderr'>,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const split = demultiplexer((chunk, from) => void (from === 'stderr' ? stderr : stdout).write(chunk))
    stream.on('data', (chunk: Buffer) => {
      if (tty) stdout.write(chunk)
      else split(chunk)
    })
    stream.once('end', resolve)
    stream.once('close', resolve)
    stream.once('error', reject)
  })

/** The exit code of a command in a container whose output has ended. */
export async function exitCodeOf({ api }: DockerEngine, id: string): Promise<number> {
  // The stream may end a moment before the engine has written down how the command ended.
  for (let tries = 0; ; tries++) {
    const told = await api.json<{ Running: boolean; ExitCode: number | null }>({ path: `/exec/${id}/json` })
    if (!told.Running || tries >= 50) return told.ExitCode ?? 1
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** What a command in a container is started with. */
interface ExecPlan {
  argv: readonly string[]
  user?: string | undefined
  workdir?: string | undefined
  privileged?: boolean | undefined
  environment?: Readonly<Record<string, string>> | undefined
  tty: boolean
  hasStdin: boolean
  signal?: AbortSignal | undefined
}

/** Has the engine get ready for a command in a running container; gives its id. */
export async function prepareExec({ api, scope }: DockerEngine, container: string, plan: ExecPlan): Promise<string> {
  const { argv, user, workdir, privileged, environment = {}, tty, hasStdin, signal } = plan
  try {
    const made = await api.json<{ Id: string }>({
      method: 'POST',
      path: `/containers/${encodeURIComponent(container)}/exec`,
      body: {
        AttachStdin: hasStdin,
        AttachStdout: true,
        AttachStderr: true,
        Tty: tty,
        Cmd: argv,
        User: user,
        WorkingDir: workdir,
        Privileged: privileged,
        Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      },
      signal,
    })
    return made.Id
  } catch (error) {
    if (hasStatus(error, 404)) throw new ContainerAway(`container ${container} is not there`, { where: scope.name })
    if (hasStatus(error, 409)) throw new ContainerAway(`container ${container} is not running`, { where: scope.name })
    throw error
  }
}

/** Runs a command in a running container; gives its exit code. Standard input is passed on to its end and then, without a terminal, closed. */
export async function execInContainer(engine: DockerEngine, container: string, request: ExecRequest): Promise<number> {
  const { api } = engine
  const { argv, user, workdir, tty, stdin, size, onResize } = request
  const id = await prepareExec(engine, container, { argv, user, workdir, tty, hasStdin: stdin !== undefined })
  const body = { Detach: false, Tty: tty }
  const stream = await api.hijack({ method: 'POST', path: `/exec/${id}/start`, body })
  const resize = ({ columns, rows }: { columns: number; rows: number }): void => {
    const query = { w: columns, h: rows }
    // A size that comes as the command ends is refused, and nobody misses it.
    api.json({ method: 'POST', path: `/exec/${id}/resize`, query }).catch(() => {})
  }
  if (tty && size) resize(size)
  if (tty) onResize?.(resize)
  const done = copyOut(stream, request)
  // With a terminal the engine ends the output, too, when its input ends; there an end is typed (Ctrl-D).
  stdin?.pipe(stream, { end: !tty })
  try {
    await done
  } finally {
    stdin?.unpipe(stream)
    stream.destroy()
  }
  return exitCodeOf(engine, id)
}
