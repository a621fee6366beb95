// The `cron` kind: one job in a user's crontab, found again by a comment with its name, as Ansible's cron.

import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh, withStdin } from '../../core/sh.js'
import { accountName } from '../_accounts.js'
import { readTexts } from '../_content.js'
import { unifiedDiff } from '../_diff.js'
import { sumOf } from '../_sum.js'
import { linesOf, textOfLines } from '../text/_edit.js'

/** The numbers of a field, without those that say how many to step over. */
const numbersIn = (text: string): number[] => (text.replace(/\/\d+/g, '').match(/\d+/g) ?? []).map(Number)

const field = (what: string, least: number, most: number) =>
  z
    .union([z.int().transform(String), z.string().regex(/^[\w*,/~-]+$/, 'must be a time as crontab(5) writes it')])
    .refine(text => numbersIn(text).every(one => one >= least && one <= most), `must be from ${least} to ${most}`)
    .default('*')
    .describe(what)

const times = ['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'hourly'] as const

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\n\r]+$/, 'must be one line')
      .describe('What the job is called; the comment above it says so'),
    user: accountName.default('root').describe('Whose crontab'),
    minute: field('0-59, */5, or *', 0, 59),
    hour: field('0-23', 0, 23),
    day: field('Day of the month, 1-31', 1, 31),
    month: field('1-12', 1, 12),
    weekday: field('0-6, Sunday is 0', 0, 7),
    special_time: z.enum(times).optional().describe('Instead of the five: reboot, daily, …'),
    job: z
      .string()
      .regex(/^[^\n\r\0]+$/, 'must be one line')
      .optional()
      .describe('The command. It shows in the crontab: no secrets'),
    disabled: z.boolean().default(false).describe('Keep it as a comment'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  })
  .superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    const fields = [want.minute, want.hour, want.day, want.month, want.weekday]
    if (want.state === 'present' && want.job === undefined) refuse('job', 'is needed')
    if (want.special_time !== undefined && fields.some(one => one !== '*'))
      refuse('special_time', 'stands instead of minute, hour, day, month and weekday')
  })

type Want = z.infer<typeof schema>

interface Seen {
  text: string
  hasCron: boolean
}

const lineOf = (want: Want): string => {
  const { minute, hour, day, month, weekday, special_time, job, disabled } = want
  const when = special_time === undefined ? [minute, hour, day, month, weekday].join(' ') : `@${special_time}`
  return `${disabled ? '#' : ''}${when} ${job}`
}

/** Index of the job's comment. One of Ansible's counts as ours, so that a job that it made is taken over and not doubled. */
const markIn = (lines: readonly string[], { name }: Want): number =>
  lines.findIndex(line => line === `#Longshore: ${name}` || line === `#Ansible: ${name}`)

function lineIn(want: Want, text: string): string | undefined {
  const lines = linesOf(text)
  const at = markIn(lines, want)
  return at < 0 ? undefined : (lines[at + 1] ?? 'a comment without a job')
}

function edit(want: Want, text: string): string {
  const lines = linesOf(text)
  const at = markIn(lines, want)
  if (want.state === 'absent') return at < 0 ? text : textOfLines(lines.toSpliced(at, 2), text)
  if (at < 0) return textOfLines([...lines, `#Longshore: ${want.name}`, lineOf(want)], text)
  return textOfLines(lines.toSpliced(at + 1, 1, lineOf(want)), text)
}

/** One job in the user's own crontab. */
export const cron = resource<Want, Seen>({
  kind: 'cron',
  schema,
  summary: "One job in a user's crontab.",
  example: `- name: cron is there
  package: { name: [cron] }
- name: backup at night
  cron: { name: backup, hour: 3, minute: 10, job: /usr/local/bin/backup }`,
  name: want => `cron job ${want.name} of ${want.user}`,
  probe: want => sh`
if ! command -v crontab >/dev/null; then echo missing
elif [ "$(id -u)" != 0 ] && [ "$(id -un)" != ${want.user} ]; then echo 'only root may see the crontab of another user' >&2; exit 1
else echo text; crontab -u ${want.user} -l 2>/dev/null </dev/null | base64 || exit 1; echo end
fi`,
  read(out) {
    if (out === 'missing\n') return { text: '', hasCron: false }
    const text = out === 'text\nend\n' ? '' : out.startsWith('text\n') ? readTexts(out.slice(5))[0] : undefined
    if (text === undefined)
      throw new UserError('the host did not say what is in the crontab', { output: out.slice(-500) })
    return { text, hasCron: true }
  },
  diff(want, seen) {
    const text = edit(want, seen.text)
    if (text === seen.text) return []
    const diff = unifiedDiff(`crontab of ${want.user}`, seen.text, text)
    const old = lineIn(want, seen.text) ?? (seen.hasCron ? 'absent' : 'absent, as is cron')
    const [from, to] = [old, want.state === 'absent' ? 'absent' : lineOf(want)]
    return [{ what: 'job', from, to, ...(diff === undefined ? {} : { diff }) }]
  },
  verb: want => (want.state === 'absent' ? 'remove' : 'write'),
  apply(want, { text }) {
    const wanted = edit(want, text)
    if (wanted === text) return []
    const script = sh`(
fail() { printf '%s\n' "$1" >&2; exit 1; }
command -v crontab >/dev/null || fail 'there is no crontab on this host: install the package cron'
getent passwd ${want.user} >/dev/null || fail ${`there is no user ${want.user} on this host: add a user task before`}
now=$(crontab -u ${want.user} -l 2>/dev/null </dev/null | sha256sum)
case \${now%% *} in ${sumOf(text)}|${sumOf(wanted)}) ;; *) fail 'the crontab has changed since the plan: plan again';; esac
crontab -u ${want.user} -
)`
    return [withStdin(script, wanted)]
  },
  touches: want => [`cron:${want.user}`],
})
