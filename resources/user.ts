// The `user` kind: a user account on the host, with its groups, home and password hash.
import { createHash } from 'node:crypto'
import { UserError } from '../core/errors.js'
import { resource } from '../core/resource.js'
import { z } from '../core/schema.js'
import { reveal, Secret } from '../core/secret.js'
import { type Sh, sh, withStdin } from '../core/sh.js'
import type { Change } from '../core/step.js'
import { accountName, needsTool } from './_accounts.js'
import { hostPath, textOrSecret } from './_attributes.js'

const plain = z.string().regex(/^[^:\p{Cc}]*$/u, 'must not hold a colon or a control character')

const schema = z.preprocess(
  given => (typeof given === 'string' ? { name: given } : given),
  z.strictObject({
    name: accountName.describe('Login name'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
    uid: z.int().min(0).optional().describe('Its number'),
    shell: hostPath.optional().describe('Login shell'),
    home: hostPath.optional().describe('Home directory; changing it moves nothing'),
    create_home: z.boolean().default(true).describe('Whether a new user gets a home directory'),
    group: accountName.optional().describe('Its first group; one of its own name if left out'),
    groups: z.array(accountName).optional().describe('Further groups, which must exist'),
    append: z.boolean().default(true).describe('Whether it stays in groups that are not listed'),
    system: z.boolean().default(false).describe('Made with a number of the range for system users'),
    comment: plain.optional().describe('Full name'),
    password_hash: textOrSecret.optional().describe('Hash as /etc/shadow holds it, never the password itself'),
    remove: z.boolean().default(false).describe('With state: absent, its home directory goes too'),
  }),
)

type Want = z.infer<typeof schema>

interface Account {
  uid: string
  comment: string
  home: string
  shell: string
  group: string
  groups: string[]
  /** SHA-256 of the stored hash, so that the hash itself does not leave the host. */
  password: string
}

type Seen = Account | undefined

const fields = [
  ['uid', '-u'],
  ['comment', '-c'],
  ['home', '-d'],
  ['shell', '-s'],
  ['group', '-g'],
] as const

const hashOf = (want: Want): string =>
  createHash('sha256')
    .update(reveal(want.password_hash ?? ''))
    .digest('hex')

function changesOf(want: Want, seen: Account): Change[] {
  const changes: Change[] = []
  for (const [what] of fields) {
    const wanted = want[what]
    if (wanted !== undefined && String(wanted) !== seen[what])
      changes.push({ what, from: seen[what], to: String(wanted) })
  }
  const first = want.group ?? seen.group
  const further = seen.groups.filter(name => name !== first)
  const wanted = want.groups?.filter(name => name !== first) ?? further
  const to = want.append ? [...new Set([...further, ...wanted])] : wanted
  if (to.some(name => !further.includes(name)) || to.length !== further.length)
    changes.push({ what: 'groups', from: further.join(', ') || 'none', to: to.join(', ') || 'none' })
  if (want.password_hash !== undefined && seen.password !== hashOf(want))
    changes.push({ what: 'password', from: 'another', to: 'as given' })
  return changes
}

/** The words for useradd or usermod that say what is wanted. */
const options = (want: Want): string[] =>
  fields.flatMap(([what, flag]) => (want[what] === undefined ? [] : [flag, String(want[what])]))

const needsGroup = (name: string): Sh =>
  sh`getent group ${name} >/dev/null || { echo ${`there is no group ${name} on this host: add a group task before`} >&2; exit 1; }`

function make(want: Want): Sh {
  const groups = want.groups === undefined || want.groups.length === 0 ? [] : ['-G', want.groups.join(',')]
  const words = [...options(want), ...groups, want.create_home ? '-m' : '-M', ...(want.system ? ['-r'] : [])]
  // useradd refuses to make the group of the user's own name where it is there already
  const own = want.group === undefined ? sh`$(getent group ${want.name} >/dev/null && echo ${['-g', want.name]})` : sh``
  return sh`useradd ${words} ${own} ${want.name}`
}

function change(want: Want): Sh {
  const groups = want.groups === undefined ? [] : [...(want.append ? ['-a'] : []), '-G', want.groups.join(',')]
  const words = [...options(want), ...(want.append && want.groups?.length === 0 ? [] : groups)]
  return words.length === 0 ? sh`:` : sh`usermod ${words} ${want.name}`
}

/** A user account. Groups are added to, unless `append: false`. */
export const user = resource<Want, Seen>({
  kind: 'user',
  schema,
  summary: 'A user account, with its groups and home; or that there is none.',
  example: `- name: who runs the shop
  user: { name: shop, shell: /usr/sbin/nologin, groups: [adm], comment: Shop }`,
  name: want => `user ${want.name}`,
  probe(want) {
    const password = sh`[ -r /etc/shadow ] && shadow=$(getent shadow ${want.name}) || { echo 'no permission to read password hashes' >&2; exit 1; }
  shadow=\${shadow#*:}; printf 'password=%s\n' "$(printf %s "\${shadow%%:*}" | sha256sum)"`
    return sh`
if line=$(getent passwd ${want.name}); then
  printf 'passwd=%s\n' "$line"
  printf 'group=%s\n' "$(id -gn ${want.name})"
  printf 'groups=%s\n' "$(id -Gn ${want.name})"
  ${want.password_hash === undefined ? sh`:` : password}
elif [ $? = 2 ]; then echo absent
else exit 1; fi`
  },
  read(out) {
    if (out.trim() === 'absent') return undefined
    const told = (word: string): string => new RegExp(`^${word}=(.*)$`, 'm').exec(out)?.[1] ?? ''
    const [name, , uid = '', , comment = '', home = '', shell] = told('passwd').split(':')
    if (!name || shell === undefined) throw new UserError('the host did not say which users it has', { output: out })
    const groups = told('groups').split(' ').filter(Boolean)
    return { uid, comment, home, shell, group: told('group'), groups, password: told('password').split(' ')[0] ?? '' }
  },
  diff(want, seen) {
    if (want.state === 'absent') {
      if (seen === undefined) return []
      const loses = want.remove ? { loses: `everything in ${seen.home}` } : {}
      return [{ what: 'user', from: 'present', to: 'absent', ...loses }]
    }
    if (seen !== undefined) return changesOf(want, seen)
    const groups = want.groups === undefined || want.groups.length === 0 ? '' : `, in ${want.groups.join(', ')}`
    return [{ what: 'user', from: 'absent', to: `present${groups}` }]
  },
  verb: (want, seen) => (want.state === 'absent' ? 'remove' : seen === undefined ? 'create' : 'change'),
  apply(want) {
    const { name } = want
    const isThere = sh`getent passwd ${name} >/dev/null`
    if (want.state === 'absent')
      return [sh`(${needsTool('userdel')}; ! ${isThere} || userdel ${want.remove ? ['-r'] : []} ${name} </dev/null)`]
    const groups = [...(want.group === undefined ? [] : [want.group]), ...(want.groups ?? [])]
    const checks = groups.map(needsGroup).reduce((all, one) => sh`${all}; ${one}`, needsTool('useradd'))
    const account = sh`(${checks}; if ${isThere}; then ${change(want)}; else ${make(want)}; fi)`
    if (want.password_hash === undefined) return [account]
    const entry = new Secret(`password hash of ${name}`, `${name}:${reveal(want.password_hash)}\n`)
    return [account, withStdin(sh`chpasswd -e`, { secret: entry })]
  },
  touches: want => [`user:${want.name}`],
  secrets: want => (want.password_hash instanceof Secret ? [want.password_hash] : []),
})
