// The `sudoers` kind: a file in /etc/sudoers.d that visudo has checked before it counts.
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { Secret } from '../../core/secret.js'
import { accountName } from '../_accounts.js'
import { textOrSecret } from '../_attributes.js'
import type { Entry } from '../_look.js'
import { asLines, type Whole, wholeParts, wholeScripts } from './_whole.js'

const oneLine = z.string().regex(/^[^\n\r\0]+$/, 'must be one line')
const listOf = z.union([oneLine.transform(one => [one]), z.array(oneLine).min(1)])

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w-]+$/, 'must be letters, digits, dashes: sudo ignores files with a dot in their name')
      .describe('Name of the file in /etc/sudoers.d'),
    content: z
      .union([textOrSecret, z.array(oneLine)])
      .optional()
      .describe('The lines themselves, as text or as a list'),
    user: accountName.optional().describe('Instead of content: the user who may'),
    group: accountName.optional().describe('Instead of content: the group whose members may'),
    commands: listOf.optional().describe('What they may run: absolute paths, or ALL'),
    nopassword: z.boolean().default(true).describe('Without being asked for a password'),
    runas: oneLine.optional().describe('As whom; anyone if left out'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  })
  .superRefine((want, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    const ways = [want.content, want.user, want.group].filter(one => one !== undefined).length
    if (want.state === 'present' && ways !== 1) refuse('content', 'give one of content, user and group')
    if ((want.user ?? want.group) !== undefined && want.commands === undefined && want.state === 'present')
      refuse('commands', 'is needed')
  })

type Want = z.infer<typeof schema>

const ruleOf = ({ user, group, commands = [], nopassword, runas = 'ALL' }: Want): string =>
  `${user ?? `%${group}`} ALL=(${runas}) ${nopassword ? 'NOPASSWD: ' : ''}${commands.join(', ')}`

const wanted = (want: Want): Whole => ({
  path: `/etc/sudoers.d/${want.name}`,
  text: want.state === 'absent' ? undefined : asLines(want.content ?? ruleOf(want)),
  mode: '0440',
  validate:
    'command -v visudo >/dev/null || { echo "visudo is not on this host: install the package sudo"; exit 1; }; visudo -cf %s',
})

/** Who may do what by sudo. A file with a mistake would lock everybody out of sudo, so visudo is asked before it is put in place. */
export const sudoers = resource<Want, Entry>({
  kind: 'sudoers',
  schema,
  summary: 'A file in /etc/sudoers.d, checked by visudo before it counts.',
  example: `- name: members of adm may look at the log
  sudoers: { name: log, group: adm, commands: [/usr/bin/journalctl] }`,
  name: want => `sudoers ${want.name}`,
  ...wholeParts(wanted),
  apply: (want, seen) => wholeScripts(wanted(want), seen),
  touches: want => [`file:${wanted(want).path}`],
  secrets: want => (want.content instanceof Secret ? [want.content] : []),
})
