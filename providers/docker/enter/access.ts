// The way into a running container through the engine's API: programs with and without a terminal, their streams and their ends.
import { type Duplex, PassThrough, Writable } from 'node:stream'
import type { Size } from '../../../core/connection.js'
import type { ContainerAccess, ContainerProgram, ContainerStart } from '../../../core/container-hosts/access.js'
import { ContainerAway } from '../../../core/container-hosts/place.js'
import { exitCodes } from '../../../core/errors.js'
import { demultiplexer } from '../api/stream.js'
import { inspect } from '../containers/calls.js'
import { exitCodeOf, prepareExec } from '../exec.js'
import type { DockerEngine } from '../open.js'

/** Milliseconds between two looks whether a program has ended whose output somebody else still holds. */
const lookAgainMs = 2_000

/** How often the first size is told until the program has begun to listen, and how long is waited in between. */
const firstSize = { tries: 20, pauseMs: 50 }

/** What is written goes to the stream; the end is an end of that direction alone. */
const writerTo = (stream: Duplex): Writable => {
  const writer = new Writable({
    write: (chunk: Buffer, _encoding, done) => void stream.write(chunk, done),
    final(done) {
      stream.end()
      done()
    },
  })
  // A program that has ended takes nothing more, and how it ended is told by its exit code.
  writer.on('error', () => undefined)
  return writer
}

/** Hands on what comes, to where it belongs; waits where the reader is slower. Settles when all has come. */
function copyTo(stream: Duplex, stdout: PassThrough, stderr: PassThrough, tty: boolean): Promise<void> {
  const put = (to: PassThrough, chunk: Uint8Array): void => {
    if (to.writableEnded || to.write(Buffer.from(chunk))) return
    stream.pause()
    to.once('drain', () => stream.resume())
  }
  const split = demultiplexer((chunk, from) => put(from === 'stderr' ? stderr : stdout, chunk))
  stream.on('data', (chunk: Buffer) => (tty ? put(stdout, chunk) : split(chunk)))
  return new Promise<void>(resolve => {
    const end = (): void => {
      stdout.end()
      stderr.end()
      resolve()
    }
    for (const event of ['end', 'close', 'error'] as const) stream.once(event, end)
  })
}

async function run(
  engine: DockerEngine,
  container: string,
  { argv, user, environment, signal }: ContainerStart,
  tty: boolean,
): Promise<ContainerProgram & { id: string }> {
  const id = await prepareExec(engine, container, { argv, user, environment, tty, hasStdin: true, signal })
  const body = { Detach: false, Tty: tty }
  const stream = await engine.api.hijack({ method: 'POST', path: `/exec/${id}/start`, body, signal, alone: true })
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const copied = copyTo(stream, stdout, stderr, tty)
  const looking = new AbortController()
  /** A daemon that was left behind may hold the output for ever. */
  const endedBefore = async (): Promise<void> => {
    while (!looking.signal.aborted) {
      await new Promise(resolve => setTimeout(resolve, lookAgainMs).unref())
      const told = await engine.api.json<{ Running: boolean }>({ path: `/exec/${id}/json` }).catch(() => undefined)
      if (told?.Running !== true) return
    }
  }
  const exited = Promise.race([copied, endedBefore()])
    .then(() => exitCodeOf(engine, id))
    .catch(() => undefined)
    .finally(() => looking.abort())
  return {
    id,
    stdin: writerTo(stream),
    stdout,
    stderr,
    exited,
    close() {
      looking.abort()
      stream.destroy()
    },
  }
}

const away = (engine: DockerEngine, text: string, hint?: string): ContainerAway =>
  new ContainerAway(text, { where: engine.scope.name, exit: exitCodes.unreachable, hint })

/** Opens a running container. ContainerAway where it is not there, or does not run. */
export async function enterContainer(
  engine: DockerEngine,
  container: string,
  signal?: AbortSignal,
): Promise<ContainerAccess> {
  const details = await inspect(engine, container, signal)
  if (!details)
    throw away(
      engine,
      `there is no container ${container}`,
      'give the name of one that runs, or of a container of this file (PROJECT-SERVICE-1)',
    )
  const { Running: runs, Paused: isPaused, Status: status } = details.State
  if (!runs) throw away(engine, `the container ${container} does not run (${status})`, `docker start ${container}`)
  if (isPaused) throw away(engine, `the container ${container} is paused`, `docker unpause ${container}`)
  const [ownUser = ''] = (details.Config.User ?? '').split(':')
  return {
    container,
    ownUser: ownUser === '' || ownUser === '0' ? 'root' : ownUser,
    start: start => run(engine, details.Id, start, false),
    async terminal(start, size) {
      const program = await run(engine, details.Id, start, true)
      const resize = async ({ columns, rows }: Size, tries = 1): Promise<void> => {
        const request = { method: 'POST', path: `/exec/${program.id}/resize`, query: { w: columns, h: rows } } as const
        for (let left = tries; left > 0; left--)
          try {
            return await engine.api.json(request)
          } catch {
            // A size that comes before the program has begun is refused; one that comes as it ends, too, and nobody misses that one.
            if (left > 1) await new Promise(resolve => setTimeout(resolve, firstSize.pauseMs))
          }
      }
      await resize(size, firstSize.tries)
      return { ...program, resize: next => void resize(next) }
    },
    close: () => undefined,
  }
}
