// The `hosts_file` kind: which addresses /etc/hosts gives to names; lines that say nothing about them stay.
import { isIP, isIPv6 } from 'node:net'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh, withStdin } from '../../core/sh.js'
import { careFields, type FileWant, fileChanges, payloadOf, writingOf } from '../_content.js'
import type { Entry } from '../_look.js'
import { writeFiles } from '../_write.js'
import { linesOf, probeText, readText, textOfLines } from '../text/_edit.js'

const address = z.string().refine(text => isIP(text) > 0, 'must be an address such as 192.0.2.10')
const hostName = z
  .string()
  .regex(
    /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/,
    'must be a host name',
  )
const names = z
  .union([z.string().transform(text => text.trim().split(/\s+/)), z.array(z.string())])
  .pipe(z.array(hostName))

const fields = z
  .strictObject({
    entries: z
      .record(address, names)
      .default({})
      .describe(
        'Names by address: { 192.0.2.10: [db1.example, db1] }, the canonical one first; `ip` and `names` stand for one of them',
      ),
    names: names.default([]).describe('With state: absent: names to remove, whatever their address'),
    exclusive: z.boolean().default(false).describe('An address keeps no other names than those given here'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('present or absent; an address without names goes whole'),
    backup: careFields.backup,
  })
  .superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (Object.keys(want.entries).length + want.names.length === 0) refuse('entries', 'is needed')
    if (want.state === 'present') {
      if (want.names.length > 0) refuse('names', 'needs an ip')
      for (const [ip, list] of Object.entries(want.entries))
        if (list.length === 0) refuse('entries', `${ip} needs a name`)
    }
  })

/** One address may stand by itself: `ip` and `names`. */
function shortForm(given: unknown): unknown {
  if (given === null || typeof given !== 'object' || !('ip' in given)) return given
  const { ip, names: list = [], ...rest } = given as { ip: unknown; names?: unknown }
  return { ...rest, entries: { [String(ip)]: list } }
}

const schema = z.preprocess(shortForm, fields)
type Want = z.infer<typeof fields>

const path = '/etc/hosts'

interface Line {
  ip: string
  names: string[]
  /** What stands after the names, from its #. */
  comment: string
}

function parse(text: string): Line | undefined {
  const [, body = '', comment = ''] = /^([^#]*)(#.*)?$/.exec(text) ?? []
  const [ip = '', ...list] = body.trim().split(/\s+/)
  return isIP(ip.replace(/%.*/, '')) === 0 || list.length === 0 ? undefined : { ip, names: list, comment }
}

const print = ({ ip, names: list, comment }: Line): string[] =>
  list.length === 0 ? [] : [`${ip}\t${list.join(' ')}${comment === '' ? '' : ` ${comment}`}`]

/** The line without these names; the same text where it has none of them. */
function without(text: string, isIts: (line: Line) => boolean, list: readonly string[]): string[] {
  const line = parse(text)
  if (line === undefined || !isIts(line) || !line.names.some(name => list.includes(name))) return [text]
  return print({ ...line, names: line.names.filter(name => !list.includes(name)) })
}

/** The names in their order, where the first of them stands among the others, else at the end. */
function merge(old: readonly string[], wanted: readonly string[]): string[] {
  const at = old.findIndex(name => wanted.includes(name))
  const others = (part: readonly string[]): string[] => part.filter(name => !wanted.includes(name))
  return at < 0 ? [...old, ...wanted] : [...others(old.slice(0, at)), ...wanted, ...others(old.slice(at))]
}

function place(lines: string[], ip: string, wanted: string[], isExclusive: boolean): string[] {
  // A name that another address of the family has before would hide ours.
  const cleared = lines.flatMap(text => without(text, line => line.ip !== ip && isIPv6(line.ip) === isIPv6(ip), wanted))
  const first = cleared.findIndex(text => parse(text)?.ip === ip)
  const old = parse(cleared[first] ?? '')
  if (old === undefined) return [...cleared, `${ip}\t${wanted.join(' ')}`]
  const others = cleared.flatMap((text, at) => {
    const isAnother = at !== first && parse(text)?.ip === ip
    return isAnother ? (isExclusive ? [] : without(text, () => true, wanted)) : [text]
  })
  const ordered = old.names.filter(name => wanted.includes(name))
  const isSo = isExclusive ? old.names.join(' ') === wanted.join(' ') : ordered.join(' ') === wanted.join(' ')
  if (isSo) return others
  return others.with(first, print({ ...old, names: isExclusive ? wanted : merge(old.names, wanted) })[0] ?? '')
}

function edit(want: Want, text: string): string {
  let lines = linesOf(text)
  if (want.names.length > 0) lines = lines.flatMap(line => without(line, () => true, want.names))
  for (const [ip, list] of Object.entries(want.entries)) {
    if (want.state === 'present') lines = place(lines, ip, list, want.exclusive)
    else if (list.length === 0) lines = lines.filter(line => parse(line)?.ip !== ip)
    else lines = lines.flatMap(line => without(line, one => one.ip === ip, list))
  }
  return textOfLines(lines, text)
}

type Seen = Entry & { mounted: boolean }

const asFile = (want: Want, seen: Seen): FileWant => ({
  path,
  payload: payloadOf(edit(want, seen.text ?? '')),
  newMode: '0644',
  backup: want.backup,
})

/** Writes into the file itself: one that an engine mounts into a container cannot be exchanged for another. */
const writeInPlace = (text: string, seen: Seen, sum: string): Sh =>
  withStdin(
    sh`(
sum_of() { sum=$(sha256sum <"$1") && echo "\${sum%% *}"; }
new=$(mktemp) || exit 1
trap 'rm -f "$new"' EXIT
cat >"$new" && [ "$(sum_of "$new")" = ${sum} ] || { echo ${`${path} is as it was: its new content did not arrive`} >&2; exit 1; }
case $(sum_of ${path}) in ${seen.sum}|${sum}) ;; *) echo ${`${path} has changed since the plan: plan again`} >&2; exit 1;; esac
cat "$new" >${path}
)`,
    text,
  )

/** Names in /etc/hosts. */
export const hostsFile = resource<Want, Seen>({
  kind: 'hosts_file',
  schema,
  summary: 'Names and their addresses in /etc/hosts; all other lines stay.',
  example: `- name: The database has a name
  hosts_file: { ip: 192.0.2.10, names: [db1.example, db1] }
- hosts_file:
    entries:
      192.0.2.11: cache1
      "2001:db8::11": cache1
- hosts_file: { names: [old-db], state: absent }
`,
  name: want => `${path} ${[...Object.keys(want.entries), ...want.names].join(' ')}`,
  probe: () => sh`if grep -qs ' /etc/hosts ' /proc/self/mountinfo; then echo mounted=yes; else echo mounted=no; fi
${probeText(path)}`,
  read: (out, _want) => ({
    ...readText(path, out.replace(/^mounted=.*\n/, '')),
    mounted: out.startsWith('mounted=yes\n'),
  }),
  diff: (want, seen) =>
    want.state === 'absent' && seen.kind === 'absent' ? [] : fileChanges(asFile(want, seen), seen),
  verb: want => (want.state === 'absent' ? 'remove' : 'write'),
  apply(want, seen) {
    const writing = want.state === 'absent' && seen.kind === 'absent' ? undefined : writingOf(asFile(want, seen), seen)
    if (writing === undefined) return []
    return seen.mounted ? [writeInPlace(edit(want, seen.text ?? ''), seen, writing.sum)] : writeFiles([writing])
  },
  touches: () => [`file:${path}`],
})
