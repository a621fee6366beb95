// The shapes that Compose's keys share: maps that know their keys, text or list, map or list, flags and numbers written as text.
import { UserError } from '../../errors.js'
import { nearest } from '../../language/suggest.js'
import { type Schema, z } from '../../schema.js'
import { readDuration, readSize } from './quantities.js'

/** A secret as it stands in data: by name. */
export type SecretRef = { secret: string }

function strangerText(
  key: string,
  known: readonly string[],
  later: readonly string[],
  planned: readonly string[],
): string {
  if (later.includes(key)) return `\`${key}\` is a Compose key that this version does not support yet`
  if (planned.includes(key)) return `\`${key}\` is not supported by this version yet`
  const near = nearest(key, known)
  return `unknown key \`${key}\`; ${near === undefined ? `known: ${[...known].sort().join(', ')}` : `did you mean "${near}"?`}`
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/**
 * A map with these keys only; `x-…` is allowed anywhere, and a key without a value counts as left out.
 * `later` are keys of Compose's that come in a later version, `planned` our own; each unknown key gives one line of the message.
 */
export const keyed = <S extends z.core.$ZodLooseShape>(
  shape: S,
  later: readonly string[] = [],
  planned: readonly string[] = [],
) =>
  z.preprocess(
    value =>
      isMap(value)
        ? Object.fromEntries(
            Object.entries(value).filter(([key, each]) => !key.startsWith('x-') && !(each === null && key in shape)),
          )
        : value,
    z
      .strictObject(shape, {
        error: issue =>
          issue.code === 'unrecognized_keys'
            ? issue.keys.map(key => strangerText(key, Object.keys(shape), later, planned)).join('\n')
            : undefined,
      })
      .meta({ patternProperties: { '^x-': {} } }),
  )

/** Text that a function reads; its UserError becomes the mistake's text. */
export const written = <T>(read: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return read(text)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      context.issues.push({ code: 'custom', input: text, message: error.message })
      return z.NEVER
    }
  })

/** Text, or what YAML made a number or a flag of. */
export const scalar = z
  .union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' })
  .transform(String)

const yes = ['true', 'yes', 'on', 'y']
const no = ['false', 'no', 'off', 'n']

/** true or false, also as the text that interpolation gives. */
export const flag = z
  .union([z.boolean(), z.enum([...yes, ...no])], { error: 'must be true or false' })
  .transform(value => value === true || (typeof value === 'string' && yes.includes(value)))

/** A whole number, also as text. */
export const whole = (least: number, most: number) => {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
  return z
    .union([z.number().int(), z.string().regex(/^\d+$/)], { error: `must be a whole number ${range}` })
    .transform(Number)
    .refine(value => value >= least && value <= most, { error: `must be a whole number ${range}` })
}

/** Text or a list of texts, as a list. */
export const textOrList = z
  .union([z.string(), z.array(z.string())], { error: 'must be text or a list of texts' })
  .transform(value => (typeof value === 'string' ? [value] : value))

/** A list of texts. */
export const texts = z.array(z.string())

/** Milliseconds, written as Compose's durations. */
export const duration = written(readDuration)

/** Bytes, as a number or as Compose's sizes. */
export const size = z.union([z.number().int().nonnegative(), written(readSize)], {
  error: 'must be a size such as 64m',
})

const pairsOf = (items: readonly string[]): [string, string | null][] =>
  items.map(item => {
    const at = item.indexOf('=')
    return at < 0 ? [item, null] : [item.slice(0, at), item.slice(at + 1)]
  })

const mapOrList = <T>(value: Schema<T>) =>
  z
    .union([z.record(z.string(), value), z.array(z.string())], {
      error: 'must be a map, or a list of NAME=value texts',
    })
    .transform(
      (given): Record<string, T | string | null> => (Array.isArray(given) ? Object.fromEntries(pairsOf(given)) : given),
    )

/** Names with texts, as a map or a list of `name=text`; a name alone has an empty text. */
export const textMap = mapOrList(
  z.union([scalar, z.null()], { error: 'must be text, a number, true or false' }),
).transform(
  (map): Record<string, string> => Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value ?? ''])),
)

const secretRef = z.strictObject({ secret: z.string().describe('A name of `secrets:`.') })

/** Names with values: text, null (taken from the environment of interpolation), or a secret. */
export const valueMap = mapOrList(
  z.union([z.string(), z.number(), z.boolean(), z.null(), secretRef], {
    error: 'must be text, a number, true, false, nothing, or { secret: NAME }',
  }),
).transform(
  (map): Record<string, string | null | SecretRef> =>
    Object.fromEntries(
      Object.entries(map).map(([name, value]) => [
        name,
        typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
      ]),
    ),
)
