// When an image is pulled, as Compose's `pull_policy` says it.
import { usageError } from '../../errors.js'
import { z } from '../../schema.js'
import type { PullPolicy } from '../image-want.js'
import { readDuration } from './quantities.js'
import { written } from './shapes.js'

const dayMs = 24 * 3_600_000

/** Milliseconds of a duration that may have weeks and days: "1w2d", "12h". A usage error for anything else. */
function readLongDuration(text: string): number {
  const [, weeks = '0', days = '0', rest = ''] = /^(?:(\d+)w)?(?:(\d+)d)?(.*)$/.exec(text) ?? []
  return Number(weeks) * 7 * dayMs + Number(days) * dayMs + (rest === '' && text !== '' ? 0 : readDuration(rest))
}

/** What a policy comes to; `refresh` takes its time from `pull_refresh_after`. */
export type WrittenPolicy = PullPolicy | 'missing' | 'build' | 'refresh'

const words: Readonly<Record<string, WrittenPolicy>> = {
  always: 'always',
  missing: 'missing',
  if_not_present: 'missing',
  never: 'never',
  build: 'build',
  refresh: 'refresh',
  daily: { everyMs: dayMs },
  weekly: { everyMs: 7 * dayMs },
}

/** Reads a policy. A usage error for what is none. */
export function readPullPolicy(text: string): WrittenPolicy {
  const known = Object.hasOwn(words, text) ? words[text] : undefined
  if (known !== undefined) return known
  const every = /^every_(.+)$/.exec(text)?.[1]
  if (every !== undefined) return { everyMs: readLongDuration(every) }
  throw usageError(`"${text}" is none of ${Object.keys(words).join(', ')} and every_ with a duration (every_12h)`)
}

/** `pull_policy:`. */
export const pullPolicySchema = written(readPullPolicy)

/** Its description. */
export const pullPolicyText =
  'missing (if left out): pull what is not there. always: ask the registry each time whether the tag has moved. daily, weekly, every_12h: ask it once the image is that old. never: do not pull.'

/** `pull_refresh_after:`, in milliseconds. */
export const refreshAfter = written(readLongDuration)

/** The policy for an image; undefined where it is pulled only when it is missing. */
export function policyOf(
  policy: WrittenPolicy | undefined,
  refreshAfterMs: number | undefined,
): PullPolicy | undefined {
  if (policy === 'refresh') return refreshAfterMs === undefined ? 'always' : { everyMs: refreshAfterMs }
  return policy === 'missing' || policy === 'build' ? undefined : policy
}

/** The policy for an image that several services use: whoever asks more often counts. */
export function stricter(one: PullPolicy | undefined, other: PullPolicy | undefined): PullPolicy | undefined {
  if (one === 'always' || other === 'always') return 'always'
  if (typeof one === 'object' && typeof other === 'object') return { everyMs: Math.min(one.everyMs, other.everyMs) }
  if (typeof one === 'object') return one
  if (typeof other === 'object') return other
  return one === 'never' && other === 'never' ? 'never' : undefined
}

/** A platform as images are made for them. */
export const platformSchema = z
  .string()
  .regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, { error: 'must be a platform such as linux/amd64' })
