// Joins streams with the program of a container that is there, with or without a terminal.
import type { Duplex } from 'node:stream'
import { UserError } from '../../core/errors.js'
import type { AttachRequest } from '../../core/provider-abilities.js'
import { demultiplexer } from './api/stream.js'
import { hasStatus } from './apply/job.js'
import { inspect } from './containers/calls.js'
import type { DockerEngine } from './open.js'

/** Copies what comes until it ends; waits where the reader is slower. Without a terminal the two streams come in frames. */
async function copyOut(stream: Duplex, tty: boolean, { stdout, stderr }: AttachRequest): Promise<void> {
  let full: NodeJS.WritableStream | undefined
  const put = (to: NodeJS.WritableStream, chunk: Uint8Array): void => {
    if (!to.write(chunk)) full = to
  }
  const split = demultiplexer((chunk, from) => put(from === 'stderr' ? stderr : stdout, chunk))
  for await (const chunk of stream) {
    if (tty) put(stdout, chunk as Buffer)
    else split(chunk as Buffer)
    const slow = full
    full = undefined
    if (slow)
      await new Promise<void>(resolve =>
        slow
          .once('drain', resolve)
          .once('close', resolve)
          .once('error', () => resolve()),
      )
  }
}

/** Sends a signal to a container's program. */
export const signalTo = ({ api }: DockerEngine, container: string, signal: string): Promise<void> =>
  api.json({ method: 'POST', path: `/containers/${encodeURIComponent(container)}/kill`, query: { signal } })

/** How its program has a terminal, and whether it reads its input. */
export async function streamsOf(engine: DockerEngine, container: string): Promise<{ tty: boolean; stdin: boolean }> {
  const details = await inspect(engine, container)
  if (!details) throw new UserError(`container ${container} is not there`, { where: engine.scope.name })
  const { Tty: tty, OpenStdin: stdin } = details.Config as typeof details.Config & { OpenStdin: boolean }
  return { tty, stdin }
}

/**
 * Joins streams with a running container's program until it ends, its output is closed, the detach keys come or the signal is given.
 * Gives its exit code; undefined where it goes on.
 */
export async function attachTo(
  engine: DockerEngine,
  container: string,
  request: AttachRequest,
): Promise<number | undefined> {
  const { api, scope } = engine
  const { stdin, detachKeys, size, onResize, signal } = request
  const path = `/containers/${encodeURIComponent(container)}`
  const { tty } = await streamsOf(engine, container)
  const query = { stream: true, stdin: stdin !== undefined, stdout: true, stderr: true, detachKeys }
  const stream = await api.hijack({ method: 'POST', path: `${path}/attach`, query, signal }).catch((error: unknown) => {
    if (hasStatus(error, 400, 404, 409)) throw new UserError(error.message, { where: scope.name })
    throw error
  })
  const leave = (): void => void stream.destroy()
  signal.addEventListener('abort', leave, { once: true })
  const resize = ({ columns, rows }: { columns: number; rows: number }): Promise<void> =>
    // A size that comes as the program ends is refused, and nobody misses it.
    api.json({ method: 'POST', path: `${path}/resize`, query: { w: columns, h: rows } }).catch(() => undefined)
  // A program that was left and is joined again draws only when its size changes (docker/cli, command/container/attach.go).
  if (tty && size) {
    await resize({ columns: size.columns, rows: size.rows + 1 })
    await resize(size)
  }
  if (tty) onResize?.(next => void resize(next))
  stdin?.pipe(stream, { end: !tty })
  try {
    await copyOut(stream, tty, request)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', leave)
    stdin?.unpipe(stream)
    stream.destroy()
  }
  return signal.aborted ? undefined : endOf(engine, container)
}

/** The exit code; the stream may end a moment before the engine has written down that the program has. */
async function endOf(engine: DockerEngine, container: string): Promise<number | undefined> {
  for (let tries = 0; tries < 20; tries++) {
    const details = await inspect(engine, container)
    if (!details) return undefined
    if (!details.State.Running) return details.State.ExitCode
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return undefined
}
