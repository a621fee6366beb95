// The `systemd_unit` kind: a unit file of ours (a service, a timer, …) that systemd has read; whether it runs is the kind service.
import { posix } from 'node:path'
import { UserError, usageError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { Secret, type Value } from '../../core/secret.js'
import { sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { textOrSecret } from '../_attributes.js'
import { mustBeFile, printText, readTexts } from '../_content.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { isSystemd } from '../_systemd.js'
import { asLines, type Whole, wholeChanges, wholeScripts } from './_whole.js'

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w@][\w.@:-]*\.(service|timer|socket|path|mount|automount|slice|target|swap)$/, {
        message: 'must be the full name of a unit, such as backup.timer',
      })
      .describe('Full name, such as backup.service or backup.timer'),
    content: textOrSecret.optional().describe('The text of the unit'),
    src: z.string().min(1).optional().describe('A template instead: beside the playbook, or in its templates/ folder'),
    state: z.enum(['present', 'absent']).default('present').describe('present, or absent: stopped, disabled, removed'),
  })
  .superRefine((want, context) => {
    if (want.state === 'present' && (want.content === undefined) === (want.src === undefined))
      context.addIssue({ code: 'custom', path: ['content'], message: 'give either content or src' })
  })

type Want = z.infer<typeof schema> & { text?: Value }
/** `stale`: systemd still goes by an older file. */
type Seen = Entry & { systemd: 'none' | 'fresh' | 'stale' }

const pathOf = (want: Want): string => posix.join('/etc/systemd/system', want.name)

const wanted = (want: Want): Whole => {
  const text = want.text ?? want.content
  return {
    path: pathOf(want),
    text: want.state === 'absent' || text === undefined ? undefined : asLines(text),
    mode: text instanceof Secret ? '0600' : '0644',
  }
}

const stale = (want: Want, seen: Seen): Change[] =>
  want.state === 'present' && seen.systemd === 'stale'
    ? [{ what: 'systemd', from: 'has read an older file', to: 'has read it' }]
    : []

/** A unit file in /etc/systemd/system. Where no systemd runs, only the file is written. */
export const systemdUnit = resource<Want, Seen>({
  kind: 'systemd_unit',
  schema,
  summary: 'A unit file of systemd; systemd reads it again after a change.',
  example: `- name: a timer
  systemd_unit:
    name: hello.timer
    content: |
      [Timer]
      OnCalendar=daily
      [Install]
      WantedBy=timers.target
- name: what it starts
  systemd_unit:
    name: hello.service
    content: |
      [Service]
      Type=oneshot
      ExecStart=/bin/echo hello`,
  name: want => `unit ${want.name}`,
  async load(want, context) {
    if (want.src === undefined) return want
    const file = await context.find(want.src, 'templates')
    const { text, secret } = context.render(await context.files.text(file), file)
    if (text.trim() === '') throw usageError(`${file} gives an empty unit`)
    return { ...want, text: secret ? new Secret(`text of ${want.src}`, text) : text }
  },
  probe: want => sh`${look}
look ${pathOf(want)} sum
if ${isSystemd}; then echo "reload=$(systemctl show -p NeedDaemonReload --value ${want.name} </dev/null)"; else echo reload=none; fi`,
  read(out, want) {
    const [entry, rest] = cutEntry(out)
    mustBeFile(pathOf(want), entry)
    const reload = /^reload=(\w*)$/m.exec(rest)?.[1]
    if (reload === undefined) throw new UserError('the host did not say whether systemd runs', { output: out })
    return { ...entry, systemd: reload === 'none' ? 'none' : reload === 'yes' ? 'stale' : 'fresh' }
  },
  content: (want, seen) => (seen.kind === 'file' ? printText(pathOf(want)) : undefined),
  withContent(out, _want, seen) {
    const [text] = readTexts(out)
    return text === undefined ? seen : { ...seen, text }
  },
  diff: (want, seen) => [...wholeChanges(wanted(want), seen), ...stale(want, seen)],
  verb: (want, seen) => (want.state === 'absent' ? 'remove' : seen.kind === 'absent' ? 'create' : 'write'),
  apply(want, seen) {
    const scripts = wholeScripts(wanted(want), seen)
    if (scripts.length === 0 && stale(want, seen).length === 0) return []
    const { name } = want
    const end = sh`if ${isSystemd}; then systemctl disable --now ${name} </dev/null 2>/dev/null; fi; :`
    const reload = sh`if ${isSystemd}; then systemctl daemon-reload </dev/null; fi`
    return [...(want.state === 'absent' ? [end] : []), ...scripts, reload]
  },
  touches: want => [`file:${pathOf(want)}`, `service:${want.name.replace(/\.service$/, '')}`],
  secrets: want => [want.content, want.text].filter(value => value instanceof Secret),
})
