// Stands before a provider from outside: what goes in holds no secret that it did not ask for, and what it throws is told as its fault.

import type { EngineWant } from '../../core/engine-want.js'
import { messageOf, UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import type { ProviderPlugin } from '../../core/plugin/interface.js'
import type { Host } from '../../core/project.js'
import type { AnyProvider } from '../../core/provider.js'
import { engineFor, hostFor } from './hand.js'

type Method = (...given: unknown[]) => unknown

/** True where the run was interrupted: what is thrown then is no fault of the provider's. */
const isInterrupted = (given: readonly unknown[]): boolean =>
  given.some(one => {
    const signal = one instanceof AbortSignal ? one : (one as { signal?: unknown } | null | undefined)?.signal
    return signal instanceof AbortSignal && signal.aborted
  })

/** The error to show. One with a `hint` was meant for people, and stands as it is. */
function faultOf(error: unknown, name: string, method: string): UserError {
  if (error instanceof UserError) return error
  const { hint, where } = error as { hint?: unknown; where?: unknown }
  const more = { where: typeof where === 'string' ? where : undefined, cause: error }
  const text = cleanLine(messageOf(error), 500)
  if (typeof hint === 'string') return new UserError(text, { ...more, hint })
  return new UserError(`the provider ${name} failed in ${method}: ${text}`, more)
}

/** What the first argument of a method becomes, where it would hold more than the provider is to see. */
const narrowed = (method: string, first: unknown, asks: ProviderPlugin['asks'] = []): unknown => {
  if (method === 'scopes') return (first as readonly Host[]).map(host => hostFor(host, asks))
  if (method === 'needs' || method === 'detect' || method === 'forgets') return engineFor(first as EngineWant, asks)
  return first
}

const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** The provider as the rest of the program sees it, under the name by which the file calls it. */
export function guarded(plugin: ProviderPlugin, methods: readonly string[], name: string): AnyProvider {
  const guard = (method: string): Method => {
    const own = (plugin as unknown as Record<string, Method>)[method] as Method
    return (first, ...rest) => {
      const given = [narrowed(method, first, plugin.asks), ...rest]
      const fail = (error: unknown): never => {
        throw isInterrupted(given) ? error : faultOf(error, name, method)
      }
      try {
        const answer = own.apply(plugin, given)
        if (answer instanceof Promise) return answer.catch(fail)
        return isStream(answer) && !('pipe' in answer) ? relay(answer, fail) : answer
      } catch (error) {
        return fail(error)
      }
    }
  }
  return { name, ...Object.fromEntries(methods.map(method => [method, guard(method)])) } as unknown as AnyProvider
}

async function* relay(from: AsyncIterable<unknown>, fail: (error: unknown) => never): AsyncIterable<unknown> {
  try {
    yield* from
  } catch (error) {
    fail(error)
  }
}
