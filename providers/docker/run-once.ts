// A container for one command: made, joined with our streams, waited for, and removed whatever happens.
import { exitCodes, UserError } from '../../core/errors.js'
import type { OneOff } from '../../core/one-off/ability.js'
import type { ApplyContext } from '../../core/provider.js'
import type { Job } from './apply/job.js'
import { remove, start, stop } from './containers/calls.js'
import { makeContainer } from './containers/create.js'
import { waitForDependencies } from './containers/dependencies.js'
import { explainRefusal } from './containers/refusals.js'
import { copyOut } from './exec.js'
import type { DockerEngine } from './open.js'

/** The exit code of a container that has ended, or is about to. */
async function exitCodeOf({ engine, signal }: Job, id: string): Promise<number> {
  const told = await engine.api.json<{ StatusCode: number }>({
    method: 'POST',
    path: `/containers/${id}/wait`,
    signal,
    alone: true,
  })
  return told.StatusCode
}

/** Joins our streams with the container before it starts, so that no word of it is lost. */
async function converse(job: Job, { streams, want, project }: OneOff, id: string): Promise<number> {
  const { engine, signal } = job
  const { tty, stdin, size, onResize } = streams
  const query = { stream: true, stdin: stdin !== undefined, stdout: true, stderr: true }
  const stream = await engine.api.hijack({ method: 'POST', path: `/containers/${id}/attach`, query, signal })
  const leave = (): void => void stream.destroy()
  signal.addEventListener('abort', leave, { once: true })
  const resize = ({ columns, rows }: { columns: number; rows: number }): void => {
    // A size that comes as the program ends is refused, and nobody misses it.
    engine.api
      .json({ method: 'POST', path: `/containers/${id}/resize`, query: { w: columns, h: rows } })
      .catch(() => {})
  }
  const done = copyOut(stream, streams)
  // Until it is waited for, its failure is not lost, and no reason to end the process.
  done.catch(() => {})
  try {
    await start(engine, id, signal).catch(async (error: unknown) => {
      throw await explainRefusal(job, project, want, error)
    })
    if (tty && size) resize(size)
    if (tty) onResize?.(resize)
    stdin?.pipe(stream, { end: !tty })
    await done
    return await exitCodeOf(job, id)
  } finally {
    signal.removeEventListener('abort', leave)
    stdin?.unpipe(stream)
    stream.destroy()
  }
}

/** Runs a one-off container to its end; gives its exit code. After an interrupt it is stopped in its own grace period, and removed. */
export async function runOnce(engine: DockerEngine, oneOff: OneOff, context: ApplyContext): Promise<number> {
  const { project, key, want, keep, streams } = oneOff
  const host = engine.scope.name
  const { signal, emit } = context
  const tell = (text: string): void => emit({ type: 'note', host, text })
  const job: Job = { engine, context, signal, where: `${host}, run ${want.service}`, host, tell }
  const attached = {
    AttachStdin: streams.stdin !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    Tty: streams.tty,
    OpenStdin: streams.stdin !== undefined,
    // What it reads ends when ours does.
    StdinOnce: streams.stdin !== undefined,
  }
  await waitForDependencies(job, want)
  const id = await makeContainer(job, { project, key }, want, [], attached)
  try {
    return await converse(job, oneOff, id)
  } catch (error) {
    if (!signal.aborted) throw error
    await stop(engine, id).catch(() => {})
    throw new UserError('interrupted', { exit: exitCodes.interrupted })
  } finally {
    if (!keep || signal.aborted) await remove(engine, id, true)
  }
}
