// `on_change`: what becomes of a container when the content of a mounted file or folder of this machine changes.
import { z } from '../../schema.js'
import type { OnChange } from '../mounts/shipped-want.js'
import { scalar } from './shapes.js'

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** What a Compose file says under `x-longshore` of an item counts as its own. */
export const withOwn = (value: unknown): unknown =>
  isMap(value) && isMap(value['x-longshore']) ? { ...value, ...value['x-longshore'] } : value

/** HUP and SIGHUP are one; a number stays one. */
const signalSchema = scalar
  .refine(text => /^(SIG)?[A-Z][A-Z0-9]*([+-]\d+)?$|^[1-9]\d?$/.test(text), {
    error: 'must be a signal such as SIGHUP',
  })
  .transform(text => (/^(SIG|\d)/.test(text) ? text : `SIG${text}`))
  .describe('The signal that tells it.')

/** recreate, restart, ignore, or a signal. */
export const onChangeSchema = z
  .union([z.enum(['recreate', 'restart', 'ignore']), z.strictObject({ signal: signalSchema })], {
    error: 'must be recreate, restart, ignore or { signal: SIGHUP }',
  })
  .transform((value): OnChange => value)
  .describe(
    'What a change of content does: recreate (as if left out), restart, ignore or { signal: SIGHUP }. But for recreate, the container mounts a copy that is brought up to date under it.',
  )
