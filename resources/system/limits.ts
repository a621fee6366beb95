// The `limits` kind: what users may use of the host, in a file of /etc/security/limits.d.
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import type { Entry } from '../_look.js'
import { type Whole, wholeParts, wholeScripts } from './_whole.js'

/** What can be limited, as limits.conf(5) has it. */
const items = [
  ...['core', 'data', 'fsize', 'memlock', 'nofile', 'rss', 'stack', 'cpu', 'nproc', 'as', 'maxlogins', 'maxsyslogins'],
  ...['nonewprivs', 'priority', 'locks', 'sigpending', 'msgqueue', 'nice', 'rtprio', 'chroot'],
] as const

const value = z
  .union([z.int().transform(String), z.string().regex(/^(-?\d+|unlimited|infinity)$/, 'must be a number or unlimited')])
  .describe('A number, or unlimited')

const entry = z.strictObject({
  domain: z
    .string()
    .regex(/^(\*|[@%]?[\w.][\w.@-]*\$?|[@%]?\d*:\d*)$/, 'must be a user, @group, * or a range of numbers')
    .default('*')
    .describe('Whom: a user, @group, or * for all but root'),
  type: z.enum(['soft', 'hard', '-']).default('-').describe('soft, hard, or - for both'),
  item: z.enum(items).describe('What: nofile, nproc, memlock, core, …'),
  value,
})

const fields = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w-]+$/, 'must be letters, digits and dashes')
      .default('longshore')
      .describe('Name of the file in /etc/security/limits.d; it holds these entries and no others'),
    entries: z
      .array(entry)
      .default([])
      .describe('The limits; the fields of a single one may stand by themselves. They count from the next login on'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  })
  .refine(want => want.state === 'absent' || want.entries.length > 0, { path: ['entries'], message: 'is needed' })

const aliases: Record<string, string> = {
  domain: 'domain',
  limit_type: 'type',
  type: 'type',
  limit_item: 'item',
  item: 'item',
  value: 'value',
}

/** One limit may stand by itself, with the names that Ansible's pam_limits has. */
function shortForm(given: unknown): unknown {
  if (given === null || typeof given !== 'object' || Array.isArray(given) || 'entries' in given) return given
  const all = Object.entries(given)
  const own = all.flatMap(([key, each]) => (aliases[key] === undefined ? [] : [[aliases[key], each]]))
  const rest = Object.fromEntries(all.filter(([key]) => aliases[key] === undefined))
  return own.length === 0 ? given : { ...rest, entries: [Object.fromEntries(own)] }
}

const schema = z.preprocess(shortForm, fields)
type Want = z.infer<typeof fields>

const wanted = (want: Want): Whole => ({
  path: `/etc/security/limits.d/${want.name}.conf`,
  text:
    want.state === 'absent'
      ? undefined
      : want.entries.map(({ domain, type, item, value: most }) => `${domain}\t${type}\t${item}\t${most}\n`).join(''),
  mode: '0644',
})

/** Limits of users, which PAM sets at a login. */
export const limits = resource<Want, Entry>({
  kind: 'limits',
  schema,
  summary: 'What users may use at most: open files, processes, locked memory. It counts from their next login on.',
  example: `- name: Many open files for everybody
  limits:
    name: files
    entries:
      - { domain: "*", type: soft, item: nofile, value: 4096 }
      - { domain: "*", type: hard, item: nofile, value: 16384 }
- limits: { name: core, domain: "@users", item: core, value: 0 }
`,
  name: want => `limits ${want.name}`,
  ...wholeParts(wanted),
  apply(want, seen) {
    const scripts = wholeScripts(wanted(want), seen)
    return want.state === 'absent' || scripts.length === 0 ? scripts : [sh`mkdir -p /etc/security/limits.d`, ...scripts]
  },
  touches: want => [`file:${wanted(want).path}`],
})
