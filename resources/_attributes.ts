// Mode, owner and group of a path: their YAML, their differences, and the shell text that sets them.
import { posix } from 'node:path'
import { z } from '../core/schema.js'
import { Secret, type Value } from '../core/secret.js'
import { type Sh, sh } from '../core/sh.js'
import type { Change } from '../core/step.js'
import type { Entry } from './_look.js'

/** What a task may say about who owns a path and who may use it; what is left out stays as it is on the host. */
export interface Attributes {
  /** Four octal digits. */
  mode?: string | undefined
  owner?: string | undefined
  group?: string | undefined
}

const modeError = 'must be octal digits in quotes, such as "0644": an unquoted number would be read as decimal'
const account = z.union([z.string().regex(/^[\w.][\w.@-]*\$?$/, 'must be a name or a number'), z.int().min(0)])

/** A mode such as "0644"; gives four digits. */
export const modeSchema = z
  .string({ error: modeError })
  .regex(/^[0-7]{3,4}$/, modeError)
  .transform(mode => mode.padStart(4, '0'))
  .describe('Permissions as octal digits in quotes, such as "0644"')

const accountSchema = (what: string) => account.transform(String).describe(what)

/** The three fields, for a kind's schema. */
export const attributeFields = {
  mode: modeSchema.optional(),
  owner: accountSchema('User that owns it, by name or number').optional(),
  group: accountSchema('Group that owns it, by name or number').optional(),
}

/** An absolute path on the host, normal form; a slash at its end is kept only by `folderOrFile`. */
export const folderOrFile = z
  .string()
  .regex(/^\/\P{Cc}*$/u, 'must be an absolute path')
  .transform(path => posix.normalize(path))

/** An absolute path on the host, normal form, without a slash at its end. */
export const hostPath = folderOrFile.transform(path => (path === '/' ? path : path.replace(/\/$/, '')))

/** A value that `{ secret: NAME }` became. */
export const secretSchema = z
  .unknown()
  .refine(value => value instanceof Secret, 'must be text or { secret: NAME }')
  .meta({
    type: 'object',
    properties: { secret: { type: 'string' } },
    required: ['secret'],
  }) as unknown as z.ZodType<Secret>

/** Text; numbers and truth values are written as they stand, because a template's whole expression keeps its type. */
export const text = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)])

/** Text that becomes part of a command line on the host. */
export const shellText = z.string().regex(/^[^\0]*$/, 'must not hold a NUL character')

/** The same, also written as a number or a truth value. */
export const word = text.pipe(shellText)

/** Text, or a secret. */
export const textOrSecret: z.ZodType<Value> = z.union([text, secretSchema])

const isNumber = (account: string): boolean => /^\d+$/.test(account)

/** Which attributes of what is there are not as wanted. */
export function attributeChanges(want: Attributes, seen: Entry): Change[] {
  const changes: Change[] = []
  if (want.mode !== undefined && want.mode !== seen.mode) changes.push({ what: 'mode', from: seen.mode, to: want.mode })
  for (const [what, wanted, name, id] of [
    ['owner', want.owner, seen.owner, seen.uid],
    ['group', want.group, seen.group, seen.gid],
  ] as const)
    if (wanted !== undefined && wanted !== (isNumber(wanted) ? id : name))
      changes.push({ what, from: isNumber(wanted) ? id : name, to: wanted })
  return changes
}

/** `owner:group` as chown takes it; empty when neither is wanted. */
export const ownership = ({ owner, group }: Attributes): string =>
  (owner ?? '') + (group === undefined ? '' : `:${group}`)

/** Sets the wanted attributes of an existing path, following a link. chown comes first because it clears setuid bits. */
export function setAttributes(path: string, want: Attributes): Sh {
  const owners = ownership(want)
  const chown = owners === '' ? sh`:` : sh`chown ${owners} ${path}`
  return want.mode === undefined ? chown : sh`${chown} && chmod ${want.mode} ${path}`
}
