// Runs a container's hooks: after its start they belong to it, before its stop they are told of and no more.
import { Writable } from 'node:stream'
import type { HookWant } from '../../../core/container-settings.js'
import { messageOf, UserError } from '../../../core/errors.js'
import { cleanLine } from '../../../core/events.js'
import { quote } from '../../../core/sh.js'
import type { ContainerDetails } from '../api/shapes.js'
import type { Job } from '../apply/job.js'
import { copyOut, exitCodeOf, prepareExec } from '../exec.js'
import { labels } from '../labels.js'
import { inspect, stop } from './calls.js'

/** Of a hook's output so much is kept, for the case that it fails. */
const keptBytes = 16_384

type When = 'post_start' | 'pre_stop'

/** The hooks that a container was made with, as its label has them. */
function hooksOf({ Config }: ContainerDetails, when: When): HookWant[] {
  const spec = Config.Labels?.[labels.spec]
  if (spec === undefined) return []
  try {
    return (JSON.parse(spec) as Partial<Record<When, HookWant[]>>)[when] ?? []
  } catch {
    // A label that somebody else wrote tells nothing of hooks.
    return []
  }
}

async function runHook(job: Job, id: string, { argv, ...hook }: HookWant): Promise<{ code: number; text: string }> {
  const kept: Buffer[] = []
  let bytes = 0
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (bytes < keptBytes) kept.push(chunk.subarray(0, keptBytes - bytes))
      bytes += chunk.length
      done()
    },
  })
  const { engine, signal } = job
  const exec = await prepareExec(engine, id, { argv, ...hook, tty: false, hasStdin: false, signal })
  const body = { Detach: false, Tty: false }
  const stream = await engine.api.hijack({ method: 'POST', path: `/exec/${exec}/start`, body })
  const leave = (): void => void stream.destroy()
  signal.addEventListener('abort', leave, { once: true })
  try {
    await copyOut(stream, { tty: false, stdout: sink, stderr: sink })
    signal.throwIfAborted()
    return { code: await exitCodeOf(engine, exec), text: Buffer.concat(kept).toString('utf8') }
  } finally {
    signal.removeEventListener('abort', leave)
    stream.destroy()
  }
}

/** Runs what shall run after a start, one after the other. A UserError with what it said when one fails. */
export async function runPostStart(job: Job, name: string, id: string, hooks: readonly HookWant[]): Promise<void> {
  for (const hook of hooks) {
    const said = hook.argv.map(quote).join(' ')
    job.tell(`running ${said}`)
    const { code, text } = await runHook(job, id, hook)
    if (code === 0) continue
    const output = text
      .trim()
      .split('\n')
      .map(line => cleanLine(line))
      .join('\n')
    throw new UserError(`the post_start hook \`${said}\` of container ${name} exited with code ${code}`, {
      where: job.where,
      ...(output === '' ? {} : { output }),
    })
  }
}

/** Runs the hooks that a container, started by hand, was made with. */
export async function runOwnPostStart(job: Job, name: string, id: string): Promise<void> {
  const found = await inspect(job.engine, id, job.signal)
  if (found) await runPostStart(job, name, id, hooksOf(found, 'post_start'))
}

/** Runs what shall run before a stop. One that fails is told: it keeps no container from being stopped. */
export async function runPreStop(job: Job, found: ContainerDetails): Promise<void> {
  if (!found.State.Running || found.State.Paused) return
  for (const hook of hooksOf(found, 'pre_stop')) {
    const said = hook.argv.map(quote).join(' ')
    job.tell(`running ${said}`)
    try {
      const { code } = await runHook(job, found.Id, hook)
      if (code !== 0) job.tell(`the pre_stop hook \`${said}\` exited with code ${code}`)
    } catch (error) {
      job.signal.throwIfAborted()
      job.tell(`the pre_stop hook \`${said}\` could not be run: ${messageOf(error)}`)
    }
  }
}

/** Stops a container as its file says: its hooks first, then its own signal and grace period. */
export async function stopWithHooks(job: Job, id: string, signal?: AbortSignal): Promise<void> {
  const found = await inspect(job.engine, id, signal)
  if (!found) return
  await runPreStop(job, found)
  await stop(job.engine, id, signal)
}
