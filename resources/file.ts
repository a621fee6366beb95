// The `file` kind: a file, directory or link on the host, with its mode and owner, or nothing at all.
import { UserError } from '../core/errors.js'
import { resource } from '../core/resource.js'
import { z } from '../core/schema.js'
import { Secret } from '../core/secret.js'
import { type Sh, sh } from '../core/sh.js'
import type { Change } from '../core/step.js'
import {
  attributeChanges,
  attributeFields,
  hostPath,
  ownership,
  setAttributes,
  shellText,
  textOrSecret,
} from './_attributes.js'
import {
  attributesOnly,
  careFields,
  type FileWant,
  fileChanges,
  modeFor,
  mustBeFile,
  payloadOf,
  printText,
  readTexts,
  wantsText,
  writingOf,
} from './_content.js'
import { type Entry, look, readEntry } from './_look.js'
import { writeFiles } from './_write.js'

/** Folders that no playbook of sound mind removes. */
const kept =
  /^\/(bin|boot|dev|etc|home|lib\w*|media|mnt|opt|proc|root|run|s?bin|srv|sys|tmp|usr|var|(usr|usr\/local)\/(s?bin|lib\w*|share)|usr\/local|var\/(lib|log|cache|spool|run|tmp)|etc\/(ssh|apt|systemd|ssl)|var\/lib\/(dpkg|apt|docker))?$/

const schema = z
  .strictObject({
    path: hostPath.describe('Absolute path on the host'),
    state: z
      .enum(['file', 'directory', 'link', 'absent', 'touch'])
      .optional()
      .describe(
        'file (made empty if it is not there), directory, link, absent, or touch (as file; times are left alone)',
      ),
    content: textOrSecret.optional().describe("The file's text"),
    src: shellText.min(1).optional().describe('Where the link points to'),
    recurse: z.boolean().optional().describe('Mode, owner and group also of everything in the directory'),
    ...attributeFields,
    ...careFields,
  })
  .transform(want => ({ ...want, state: want.state ?? (want.src === undefined ? 'file' : 'link') }))
  .superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    const hasAttributes = want.mode !== undefined || ownership(want) !== ''
    if (want.content !== undefined && want.state !== 'file') refuse('content', 'is only for state: file')
    if ((want.src !== undefined) !== (want.state === 'link')) refuse('src', 'goes with state: link, which needs it')
    for (const word of ['validate', 'backup'] as const)
      if (want[word] !== undefined && want.content === undefined) refuse(word, 'goes with content')
    if (want.recurse && want.state !== 'directory') refuse('recurse', 'is only for state: directory')
    if (want.recurse && !hasAttributes) refuse('recurse', 'needs a mode, an owner or a group')
    if (hasAttributes && (want.state === 'link' || want.state === 'absent'))
      refuse('state', `a path that is ${want.state} has no mode, owner or group`)
    if (want.state === 'absent' && kept.test(want.path)) refuse('path', `${want.path} is never removed: hosts need it`)
  })

type Want = z.infer<typeof schema>
/** `below` counts what is not as wanted inside the directory; -1 where the owner or group is not known there yet. */
type Seen = Entry & { below?: number }

const asFile = (want: Want): FileWant => {
  const payload = payloadOf(want.content ?? '')
  return { ...want, payload, mode: modeFor(payload, want.mode), newMode: '0644' }
}

/** Shell tests that find what is not as wanted below a directory; links are left alone. */
function strays({ mode, owner, group }: Want): Sh {
  const user = owner === undefined ? sh`` : sh`-o ! -user ${owner}`
  const members = group === undefined ? sh`` : sh`-o ! -group ${group}`
  const bits = mode === undefined ? sh`` : sh`-o ! -perm ${mode}`
  return sh`! -type l \( -name '' ${user} ${members} ${bits} \)`
}

const probeBelow = (want: Want): Sh => sh`
if [ -d ${want.path} ]; then
  if found=$(find ${want.path} ${strays(want)} -exec echo x \; 2>/dev/null); then printf 'below=%s\n' "$(printf '%s' "$found" | grep -c x)"
  else echo below=-1; fi
fi`

function changeOfState(want: Want, seen: Seen): Change | undefined {
  const from = seen.link === undefined ? seen.kind : `link to ${seen.link}`
  if (want.state === 'absent') {
    if (from === 'absent') return undefined
    return {
      what: 'state',
      from,
      to: 'absent',
      ...(from === 'directory' ? { loses: `everything in ${want.path}` } : {}),
    }
  }
  if (want.state === 'link')
    return seen.link === want.src ? undefined : { what: 'state', from, to: `link to ${want.src}` }
  return seen.kind === 'absent'
    ? { what: 'state', from, to: want.state === 'directory' ? 'directory' : 'file' }
    : undefined
}

function mustFit(want: Want, seen: Seen): void {
  if (want.state === 'file' || want.state === 'touch') mustBeFile(want.path, seen)
  const inTheWay =
    want.state === 'directory'
      ? seen.kind === 'file' || seen.kind === 'other'
      : want.state === 'link' && seen.link === undefined && seen.kind !== 'absent'
  if (inTheWay)
    throw new UserError(`${want.path} is a ${seen.kind === 'other' ? 'special file' : seen.kind} on the host`, {
      hint: `A ${want.state} is wanted there: give another path, or remove what is there.`,
    })
}

function applyState(want: Want, seen: Seen): Sh[] {
  const { path } = want
  if (want.state === 'absent') return [sh`rm -rf ${path}`]
  if (want.state === 'link')
    return [sh`{ [ -L ${path} ] || [ ! -e ${path} ]; } && ln -sfn -- ${want.src ?? ''} ${path}`]
  const make = want.state === 'directory' ? sh`mkdir -p ${path}` : sh`(umask 022; [ -e ${path} ] || : >>${path})`
  const set = setAttributes(path, want)
  if (seen.below === undefined || seen.below === 0) return [sh`${make} && ${set}`]
  const owners = ownership(want)
  const chown = owners === '' ? sh`:` : sh`chown -hR ${owners} ${path}`
  return [sh`${make} && ${chown} && ${want.mode === undefined ? sh`:` : sh`chmod -R ${want.mode} ${path}`}`]
}

/** A path on the host. Links are followed for content, mode and owner. */
export const file = resource<Want, Seen>({
  kind: 'file',
  schema,
  summary: 'A file, directory or link on the host, with its mode and owner; or that there is nothing.',
  example: `- name: a folder for the shop
  file: { path: /srv/shop, state: directory, mode: "0750" }
- name: its settings
  file: { path: /srv/shop/settings, content: "debug=no\\n", mode: "0640" }
- name: the current release
  file: { path: /srv/shop/current, src: /srv/shop, state: link }`,
  name: want => `${want.state === 'directory' || want.state === 'link' ? want.state : 'file'} ${want.path}`,
  probe: want => sh`${look}
look ${want.path} ${want.content === undefined ? '' : 'sum'}
${want.recurse === true ? probeBelow(want) : sh``}`,
  read(out, want) {
    const entry = readEntry(out)
    const below = /^below=(-?\d+)$/m.exec(out.slice(out.lastIndexOf('end\n')))?.[1]
    const seen = below === undefined ? entry : { ...entry, below: Number(below) }
    mustFit(want, seen)
    return seen
  },
  content: (want, seen) =>
    want.content !== undefined && wantsText(asFile(want), seen) ? printText(want.path) : undefined,
  withContent(out, _want, seen) {
    const [text] = readTexts(out)
    return text === undefined ? seen : { ...seen, text }
  },
  diff(want, seen) {
    if (want.content !== undefined) return fileChanges(asFile(want), seen)
    const state = changeOfState(want, seen)
    if (state !== undefined) return [state]
    if (seen.kind === 'absent' || want.state === 'link') return []
    const changes = attributeChanges(want, seen)
    const { below = 0 } = seen
    if (below === 0 || (below === 1 && changes.length > 0)) return changes
    return [...changes, { what: 'below', from: below < 0 ? 'not known' : `${below} differ`, to: 'all alike' }]
  },
  mayReturn: want => want.state === 'absent',
  verb(want, seen) {
    if (want.state === 'absent') return 'remove'
    if (seen.kind === 'absent' && seen.link === undefined) return 'create'
    return want.content === undefined ? 'change' : 'write'
  },
  apply(want, seen) {
    if (want.content === undefined) return applyState(want, seen)
    const writing = writingOf(asFile(want), seen)
    const attributes = attributesOnly(asFile(want), seen)
    return [...(writing === undefined ? [] : writeFiles([writing])), ...(attributes === undefined ? [] : [attributes])]
  },
  touches: want => [`file:${want.path}`],
  secrets: want => (want.content instanceof Secret ? [want.content] : []),
})
