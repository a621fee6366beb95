// The `group` kind: a group of users on the host.
import { UserError } from '../core/errors.js'
import { resource } from '../core/resource.js'
import { z } from '../core/schema.js'
import { sh } from '../core/sh.js'
import { accountName, needsTool } from './_accounts.js'

const schema = z.preprocess(
  given => (typeof given === 'string' ? { name: given } : given),
  z.strictObject({
    name: accountName.describe('Name of the group'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
    gid: z.int().min(0).optional().describe('Its number'),
    system: z.boolean().default(false).describe('Made with a number of the range for system groups'),
  }),
)

type Want = z.infer<typeof schema>
type Seen = { gid: number } | undefined

/** A group. */
export const group = resource<Want, Seen>({
  kind: 'group',
  schema,
  summary: 'A group; or that there is none.',
  example: `- name: who may read the logs
  group: { name: readers, gid: 2400 }`,
  name: want => `group ${want.name}`,
  probe: want => sh`getent group ${want.name} || { [ $? = 2 ] && echo absent; }`,
  read(out) {
    if (out.trim() === 'absent') return undefined
    const gid = Number(out.split(':')[2])
    if (!Number.isInteger(gid)) throw new UserError('the host did not say which groups it has', { output: out })
    return { gid }
  },
  diff(want, seen) {
    if (want.state === 'absent') return seen === undefined ? [] : [{ what: 'group', from: 'present', to: 'absent' }]
    if (seen === undefined)
      return [{ what: 'group', from: 'absent', to: want.gid === undefined ? 'present' : `gid ${want.gid}` }]
    return want.gid === undefined || want.gid === seen.gid
      ? []
      : [{ what: 'gid', from: String(seen.gid), to: String(want.gid) }]
  },
  verb: (want, seen) => (want.state === 'absent' ? 'remove' : seen === undefined ? 'create' : 'change'),
  apply(want) {
    const { name } = want
    if (want.state === 'absent')
      return [sh`(${needsTool('groupdel')}; ! getent group ${name} >/dev/null || groupdel ${name})`]
    const gid = want.gid === undefined ? [] : ['-g', String(want.gid)]
    const make = sh`groupadd ${[...gid, ...(want.system ? ['-r'] : []), name]}`
    const change = gid.length === 0 ? sh`:` : sh`groupmod ${[...gid, name]}`
    return [sh`(${needsTool('groupadd')}; if getent group ${name} >/dev/null; then ${change}; else ${make}; fi)`]
  },
  touches: want => [`group:${want.name}`],
})
