// The `authorized_key` kind: which SSH keys may log in as a user, in a file that sshd accepts.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { accountName } from '../_accounts.js'
import { type Attributes, attributeChanges, setAttributes } from '../_attributes.js'
import { attributesOnly, type FileWant, fileChanges, payloadOf, writingOf } from '../_content.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { writeFiles } from '../_write.js'
import { linesOf, probeText, readText, textOfLines } from '../text/_edit.js'

/** Options, type and key of one line of an authorized_keys file, as sshd(8) has them; a quoted option may hold spaces. */
const keyLine =
  /^(?:((?:[^\s"]|"(?:[^"\\]|\\.)*")+)\s+)?((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+)\s+([A-Za-z0-9+/]{16,}={0,3})(?:\s.*)?$/

interface Key {
  options: string
  blob: string
}

const keyOf = (line: string): Key | undefined => {
  const [, options = '', , blob] = keyLine.exec(line.trim()) ?? []
  return blob === undefined ? undefined : { options, blob }
}

const keyText = z
  .string()
  .transform(text => linesOf(text).map(line => line.trim()))
  .transform(all => all.filter(line => line !== '' && !line.startsWith('#')))
  .refine(all => all.every(line => keyOf(line) !== undefined), 'must be public keys as they stand in a .pub file')

const schema = z.strictObject({
  user: accountName.describe('Who logs in with them'),
  key: z
    .union([keyText, z.array(keyText).transform(all => all.flat())], {
      error: 'must be public keys as they stand in a .pub file',
    })
    .describe('One public key a line, or a list of them, each with its options before it if it has any'),
  state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  exclusive: z.boolean().default(false).describe('Every other key of the user is removed'),
})

type Want = z.infer<typeof schema>

interface Seen {
  /** Empty where there is no such user. */
  home: string
  uid: string
  gid: string
  folder: Entry
  file: Entry
}

function edit({ key, state, exclusive }: Want, text: string): string {
  const wanted = new Map(key.map(line => [keyOf(line)?.blob, line]))
  const met = new Set<string>()
  const kept = linesOf(text).flatMap(line => {
    const found = keyOf(line)
    if (found === undefined) return [line]
    const ours = wanted.get(found.blob)
    if (ours === undefined) return exclusive && state === 'present' ? [] : [line]
    if (state === 'absent' || met.has(found.blob)) return []
    met.add(found.blob)
    return [keyOf(ours)?.options === found.options ? line : ours]
  })
  const added = state === 'absent' ? [] : [...wanted].flatMap(([blob, line]) => (met.has(blob ?? '') ? [] : [line]))
  return textOfLines([...kept, ...added], text)
}

const folderOf = (seen: Seen): string => `${seen.home}/.ssh`
const folderWant = (seen: Seen): Attributes => ({ mode: '0700', owner: seen.uid, group: seen.gid })

const fileWant = (want: Want, seen: Seen): FileWant => ({
  path: `${folderOf(seen)}/authorized_keys`,
  payload: payloadOf(edit(want, seen.file.text ?? '')),
  mode: '0600',
  newMode: '0600',
  owner: seen.uid,
  group: seen.gid,
})

const hasNothing = (want: Want, seen: Seen): boolean =>
  want.state === 'absent' && (seen.home === '' || seen.file.kind === 'absent')

function folderChanges(seen: Seen): Change[] {
  if (seen.folder.kind === 'absent') return [{ what: '.ssh', from: 'absent', to: 'directory 0700' }]
  return attributeChanges(folderWant(seen), seen.folder).map(change => ({ ...change, what: `.ssh ${change.what}` }))
}

const noEntry: Entry = { kind: 'absent', mode: '', owner: '', group: '', uid: '', gid: '', size: 0, sum: '', text: '' }

/** The keys of a user. Folder and file get the owner and modes without which sshd ignores them; links are not followed there. */
export const authorizedKey = resource<Want, Seen>({
  kind: 'authorized_key',
  schema,
  summary: 'The public keys with which a user may log in over SSH.',
  example: `- name: the deployer logs in by key
  user: { name: deployer, shell: /bin/sh }
- name: with this one
  authorized_key:
    user: deployer
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMFFjnztdJKlEUMtVEVv4fW0IEqceQwhS+TQEIRkfF0E ann@desk`,
  name: want => `SSH keys of ${want.user}`,
  probe: want => sh`
if line=$(getent passwd ${want.user}); then
  IFS=: read -r name pass uid gid comment home rest <<PASSWD
$line
PASSWD
  printf 'user=%s:%s:%s\n' "$uid" "$gid" "$home"
  home=\${home%/}
  for each in "$home/.ssh" "$home/.ssh/authorized_keys"; do
    if [ -L "$each" ]; then echo "$each is a link, which is not followed here" >&2; exit 1; fi
  done
  ${look}
  look "$home/.ssh"
  ${probeText(sh`"$home/.ssh/authorized_keys"`)}
elif [ $? = 2 ]; then echo 'no such user'
else exit 1; fi`,
  read(out, want) {
    if (out === 'no such user\n') return { home: '', uid: '', gid: '', folder: noEntry, file: noEntry }
    const [, uid, gid, home, rest] = /^user=(\d+):(\d+):(.*?)\/?\n([\s\S]*)$/.exec(out) ?? []
    if (uid === undefined || gid === undefined || home === undefined || rest === undefined)
      throw new UserError('the host did not say who the user is', { output: out.slice(-500) })
    const [folder, text] = cutEntry(rest)
    return { uid, gid, home, folder, file: readText(`authorized_keys of ${want.user}`, text) }
  },
  diff(want, seen) {
    if (hasNothing(want, seen)) return []
    if (seen.home === '') return [{ what: 'keys', from: 'no such user', to: `${want.key.length} present` }]
    return [...folderChanges(seen), ...fileChanges(fileWant(want, seen), seen.file, 'keys')]
  },
  verb: want => (want.state === 'absent' ? 'remove' : 'write'),
  apply(want, seen) {
    if (hasNothing(want, seen)) return []
    if (seen.home === '')
      return [sh`{ echo ${`there is no user ${want.user} on this host: add a user task before`} >&2; exit 1; }`]
    const folder: Sh[] =
      folderChanges(seen).length === 0
        ? []
        : [sh`mkdir -p ${folderOf(seen)} && ${setAttributes(folderOf(seen), folderWant(seen))}`]
    const writing = writingOf(fileWant(want, seen), seen.file)
    const attributes = attributesOnly(fileWant(want, seen), seen.file)
    return [
      ...folder,
      ...(writing === undefined ? [] : writeFiles([writing])),
      ...(attributes === undefined ? [] : [attributes]),
    ]
  },
  touches: want => [`authorized_key:${want.user}`],
})
