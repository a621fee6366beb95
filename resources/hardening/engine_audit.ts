// The `engine_audit` kind: rules by which the kernel's audit tells who touched the engine's files, in a file of /etc/audit/rules.d.
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import { auditHeader, auditRulesFile } from '../../core/state.js'
import type { Change } from '../../core/step.js'
import { hostPath } from '../_attributes.js'
import { mustBeFile } from '../_content.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { type Whole, wholeChanges, wholeScripts } from '../system/_whole.js'

const watched = z
  .string()
  .regex(/^\/\S+$/, 'must be an absolute path without blanks')
  .pipe(hostPath)

const schema = z.strictObject({
  project: z
    .string()
    .min(1)
    .describe('Whose rules they are: they leave the host when the file of that project asks for none any more'),
  programs: z.array(watched).default([]).describe('Programs: told are their starts, too'),
  files: z.array(watched).default([]).describe('Files and folders: told is who writes to them, or changes who may'),
  key: z
    .string()
    .regex(/^[\w-]+$/, 'must be letters, digits and dashes')
    .default('docker')
    .describe('The word by which `ausearch -k` finds what was told'),
  state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
})

type Want = z.infer<typeof schema>

interface Seen {
  file: Entry
  /** Folders of watched paths that are not there: the kernel takes no rule for what lies in them. */
  lacking: ReadonlySet<string>
  /** `none`: no auditctl. `closed`: the kernel has no audit, or not for us. `locked`: no rule can be changed before the next boot. */
  audit: 'none' | 'closed' | 'locked' | 'open'
  /** The rules in force. */
  rules: string[]
}

const folderOf = (path: string): string => path.replace(/\/[^/]*$/, '') || '/'

/** The rules for what can be watched on this host. */
function rulesFor({ programs, files, key }: Want, { lacking }: Seen): string[] {
  const rule = (path: string, rights: string): string[] =>
    lacking.has(folderOf(path)) ? [] : [`-w ${path} -p ${rights} -k ${key}`]
  return [...programs.flatMap(path => rule(path, 'rwxa')), ...files.flatMap(path => rule(path, 'wa'))]
}

/** Where another project has written the same rules they stay its own. */
function textFor(want: Want, seen: Seen): string {
  const rules = rulesFor(want, seen).join('\n')
  const [first = '', ...rest] = (seen.file.text ?? '').split('\n')
  const same = rest.join('\n').trim() === rules && first.startsWith('# ')
  return `${same ? first : auditHeader(want.project)}\n${rules}\n`
}

const wanted = (want: Want, seen: Seen): Whole => ({
  path: auditRulesFile,
  text: want.state === 'absent' ? undefined : textFor(want, seen),
  mode: '0640',
})

const pathOf = (rule: string): string => rule.split(' ')[1] ?? ''

/** Rules of ours that are not in force, where that could be so. */
function idle(want: Want, seen: Seen): string[] {
  if (seen.audit !== 'open' || want.state === 'absent') return []
  const inForce = new Set(seen.rules.flatMap(rule => rule.split(/[\s=]/)).map(path => path.replace(/(.)\/$/, '$1')))
  return rulesFor(want, seen).filter(rule => !inForce.has(pathOf(rule)))
}

const load: Sh = sh`(PATH=$PATH:/sbin:/usr/sbin
command -v auditctl >/dev/null && auditctl -s >/dev/null 2>&1 || { echo 'the rules are written; this host has no audit that could follow them'; exit 0; }
if auditctl -s | grep -q '^enabled 2'; then echo 'the rules are written; the audit of this host takes none before its next boot'; exit 0; fi
if command -v augenrules >/dev/null; then said=$(augenrules --load 2>&1 </dev/null); else said=$(auditctl -R ${auditRulesFile} 2>&1 </dev/null); fi ||
  { printf '%s\n' "$said" >&2; exit 1; }
)`

const unload = (rules: readonly string[]): Sh => sh`(PATH=$PATH:/sbin:/usr/sbin
command -v auditctl >/dev/null && auditctl -s >/dev/null 2>&1 || exit 0
for rule in ${rules}; do set -f; set -- $rule; shift; auditctl -W "$@" >/dev/null 2>&1; done
if command -v augenrules >/dev/null; then augenrules --load >/dev/null 2>&1 </dev/null; fi
:)`

/** Audit rules for the engine. */
export const engineAudit = resource<Want, Seen>({
  kind: 'engine_audit',
  schema,
  summary:
    'Rules by which the kernel tells who touched the engine’s programs and files: the audit part of `engine: { harden }`.',
  example: `- package: [auditd]
- engine_audit: { project: shop, programs: [/usr/sbin/dockerd], files: [/etc/docker, /etc/docker/daemon.json] }
`,
  name: () => 'audit rules of the engine',
  probe: ({ programs, files }) => sh`${look}
look ${auditRulesFile} sum
for f in ${[...new Set([...programs, ...files].map(folderOf))]}; do [ -d "$f" ] || printf 'lacking=%s\n' "$f"; done
PATH=$PATH:/sbin:/usr/sbin
if ! command -v auditctl >/dev/null; then echo audit=none
elif ! state=$(auditctl -s 2>/dev/null </dev/null); then echo audit=closed
else
  case $state in 'enabled 2'*) echo audit=locked;; *) echo audit=open;; esac
  auditctl -l 2>/dev/null </dev/null | sed 's/^/rule=/'
fi
if [ -f ${auditRulesFile} ]; then printf 'text=%s\n' "$(base64 <${auditRulesFile} | tr -d '\n')"; fi`,
  read(out) {
    const [file, rest] = cutEntry(out)
    mustBeFile(auditRulesFile, file)
    const told = (name: string): string[] =>
      [...rest.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
    const [encoded] = told('text')
    const audit = told('audit')[0]
    return {
      file: encoded === undefined ? file : { ...file, text: Buffer.from(encoded, 'base64').toString('utf8') },
      lacking: new Set(told('lacking')),
      audit: audit === 'open' || audit === 'locked' || audit === 'closed' ? audit : 'none',
      rules: told('rule'),
    }
  },
  diff(want, seen) {
    const waiting = idle(want, seen)
    const rules: Change[] =
      waiting.length === 0 ? [] : [{ what: 'rules', from: `${waiting.length} not in force`, to: 'in force' }]
    return [...wholeChanges(wanted(want, seen), seen.file), ...rules]
  },
  verb: (want, { file }) => (want.state === 'absent' ? 'remove' : file.kind === 'absent' ? 'create' : 'write'),
  apply(want, seen) {
    const scripts = wholeScripts(wanted(want, seen), seen.file)
    if (want.state === 'absent')
      return scripts.length === 0
        ? []
        : [...scripts, unload((seen.file.text ?? '').split('\n').filter(rule => rule.startsWith('-w ')))]
    if (scripts.length === 0 && idle(want, seen).length === 0) return []
    return [sh`[ -d /etc/audit/rules.d ] || ( umask 027; mkdir -p /etc/audit/rules.d )`, ...scripts, load]
  },
  warnings(want, { audit }) {
    if (want.state === 'absent') return []
    if (audit === 'closed')
      return [
        'the kernel gives this host no audit (it may be a container): the rules are written, and nothing follows them',
      ]
    return audit === 'locked' ? ['the audit of this host takes no other rules before its next boot'] : []
  },
  touches: () => [`file:${auditRulesFile}`],
})
