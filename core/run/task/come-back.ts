// Waits for a host that a change has sent away (a reboot), connects to it anew, and looks at it again.
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, UserError, unreachableError } from '../../errors.js'
import { ask, probePiece } from '../../plan/read-host.js'
import { type Instance, titleOf } from '../../plan/task-run.js'
import { noteChange, takeOwn } from './fresh.js'
import type { Place, TaskContext } from './task-context.js'

/** Milliseconds between two tries to reach the host. */
const betweenTries = 1_000

/** Longest wait for one try: a packet that a host drops while it goes down is answered by nobody. */
const oneTryMs = 20_000

/** The kernel's name for the boot that a kind has seen, where it has one. */
function bootOf(seen: unknown): string | undefined {
  if (typeof seen !== 'object' || seen === null || !('boot' in seen)) return undefined
  return typeof seen.boot === 'string' ? seen.boot : undefined
}

/** Fails when the promise takes longer than `ms`, or when the signal comes; what it was waiting for is left to itself. */
async function within<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const over = new AbortController()
  const limit = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).then(() => {
    throw new Error(`no answer within ${Math.round(ms / 1000)} s`)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    over.abort()
    work.catch(() => undefined)
    limit.catch(() => undefined)
  }
}

/**
 * Returns when the host answers again, after another boot where the kind tells one, and the instance was read there anew. Throws a
 * UserError (exit 4) when it is not back within so many seconds.
 */
export async function comeBack(context: TaskContext, place: Place, instance: Instance, seconds: number): Promise<void> {
  const { signal } = context
  const boot = bootOf(instance.seen)
  const end = performance.now() + seconds * 1000
  const where = `${place.connection.host}, ${titleOf(instance)}`
  let trouble = 'it has not gone down yet'
  context.output(instance.id, 'waits for the host to be back')
  while (performance.now() < end) {
    await sleep(betweenTries, undefined, { signal })
    try {
      const limit = Math.min(oneTryMs, Math.max(betweenTries, end - performance.now()))
      await within(place.connection.renew(), limit, signal)
      const answers = await within(ask(place.connection, [probePiece(instance)], { signal }), limit, signal)
      const answer = answers.get(instance.id)
      if (answer?.code !== 0) throw new UserError('the host is not ready yet', { output: answer?.err })
      const now = bootOf(instance.run.kind.read(answer.out, instance.want))
      if (boot !== undefined && now === boot) throw new UserError('it has not gone down yet')
      noteChange(place.context)
      takeOwn(place.context, instance, answer)
      place.context.returned()
      return
    } catch (error) {
      if (signal.aborted) throw error
      trouble = messageOf(error)
    }
  }
  throw unreachableError(where, `the host is not back after ${seconds} s: ${trouble}`, {
    hint: 'look at its console; the run can be repeated as soon as it answers',
  })
}
