// The `permissions` kind: who owns files that are there, and the most that others may do with them. It makes no file.
import { UserError } from '../../core/errors.js'
import { cleanLine } from '../../core/events.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { lines, type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { type Attributes, attributeFields, modeSchema, setAttributes } from '../_attributes.js'
import { look, readEntry } from '../_look.js'

const pattern = z
  .string()
  .regex(/^\/[\w./*?@+:-]+$/, 'must be an absolute path, in which * and ? stand for any letters')
  .describe('A path, or a pattern')

const schema = z.strictObject({
  paths: z
    .union([pattern.transform(path => [path]), z.array(pattern).min(1)], {
      error: 'must be absolute paths or patterns',
    })
    .describe('Paths and patterns (`/etc/docker/certs.d/*/*.crt`); those that are not there are passed over'),
  at_most: modeSchema.describe('Permissions beyond these are taken away; a file with fewer keeps them'),
  owner: attributeFields.owner,
  group: attributeFields.group,
})

type Want = z.infer<typeof schema>

interface Found {
  path: string
  mode: string
  owner: string
  group: string
  uid: string
  gid: string
}

interface Seen {
  found: Found[]
  /** Some path or pattern has nothing. */
  lacking: boolean
}

/** The mode without what is beyond the wanted one. */
const within = (mode: string, most: string): string =>
  (Number.parseInt(mode, 8) & Number.parseInt(most, 8)).toString(8).padStart(4, '0')

/** What is to be set at a path; empty where all is well. */
function missing({ at_most: most, owner, group }: Want, found: Found): Attributes {
  const mode = within(found.mode, most)
  const differs = (wanted: string | undefined, name: string, id: string): boolean =>
    wanted !== undefined && wanted !== (/^\d+$/.test(wanted) ? id : name)
  return {
    ...(mode === found.mode ? {} : { mode }),
    ...(differs(owner, found.owner, found.uid) ? { owner } : {}),
    ...(differs(group, found.group, found.gid) ? { group } : {}),
  }
}

/** Modes and owners of what is there. */
export const permissions = resource<Want, Seen>({
  kind: 'permissions',
  schema,
  summary:
    'Owners of files that are there, and the most that others may do with them. Makes no file, and gives no right.',
  example: `- name: Nobody else writes to the files of accounts
  permissions: { paths: [/etc/passwd, /etc/group], at_most: "0644", owner: root, group: root }
- permissions: { paths: ["/etc/ssh/ssh_host_*_key"], at_most: "0600", owner: root }
`,
  name: ({ paths: [first = '', ...more] }) =>
    `permissions of ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`,
  probe: ({ paths }) =>
    lines(
      sh`${look}
seen() { for p; do if [ -e "$p" ]; then printf 'at %s\n' "$p"; look "$p"; else echo lacking; fi; done; }`,
      // Unquoted, so that the host's shell finds what a pattern stands for; the schema lets nothing else through.
      ...paths.map((path): Sh => ({ sh: `seen ${path}` })),
      sh`echo done`,
    ),
  read(out) {
    if (!/^done$/m.test(out)) throw new UserError(`an answer that cannot be read: ${cleanLine(out) || 'nothing'}`)
    const blocks = out.split(/^at /m).slice(1)
    const found = blocks.map((block): Found => {
      const end = block.indexOf('\n')
      const { mode, owner, group, uid, gid } = readEntry(block.slice(end + 1))
      return { path: block.slice(0, end), mode, owner, group, uid, gid }
    })
    return { found, lacking: /^lacking$/m.test(out) }
  },
  diff: (want, { found }) =>
    found.flatMap(one => {
      const { mode, owner, group } = missing(want, one)
      const rows = [
        ['mode', one.mode, mode],
        ['owner', one.owner, owner],
        ['group', one.group, group],
      ] as const
      return rows.flatMap(([what, from, to]): Change[] =>
        to === undefined ? [] : [{ what: `${one.path} ${what}`, from, to }],
      )
    }),
  verb: () => 'restrict',
  apply: (want, { found }) =>
    found.flatMap(one => {
      const attributes = missing(want, one)
      return Object.keys(attributes).length === 0 ? [] : [setAttributes(one.path, attributes)]
    }),
  mayReturn: (_, { lacking }) => lacking,
  touches: ({ paths }) => paths.map(path => `file:${path}`),
})
