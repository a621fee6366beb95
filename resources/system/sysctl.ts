// The `sysctl` kind: a kernel setting, now and after each boot.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import { word } from '../_attributes.js'
import { mustBeFile } from '../_content.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { type Whole, wholeChanges, wholeScripts } from './_whole.js'

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]+([./][A-Za-z0-9_:@-]+)+$/, 'must be a name such as net.ipv4.ip_forward')
      .describe('Name, such as net.ipv4.ip_forward; a slash stands for a dot within a part'),
    value: word.optional().describe('Its value'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('absent: the file goes, the value stays until boot'),
    reload: z.boolean().default(true).describe('Set it now too; false: only from the next boot on'),
  })
  .refine(want => want.state === 'absent' || want.value !== undefined, { path: ['value'], message: 'is needed' })

type Want = z.infer<typeof schema>
type Seen = Entry & { now: string | undefined }

const single = (value: string): string => value.trim().replace(/\s+/g, ' ')

/** Where the kernel has it: a dot of the name is a slash of the path, and the other way round. */
const kernelPath = ({ name }: Want): string => `/proc/sys/${name.replace(/[./]/g, mark => (mark === '.' ? '/' : '.'))}`

/** Named so that it is read after those of the distribution. */
const fileOf = ({ name }: Want): string => `/etc/sysctl.d/zz-longshore-${name.replaceAll('/', '_')}.conf`

const wanted = (want: Want): Whole => ({
  path: fileOf(want),
  text: want.state === 'absent' ? undefined : `${want.name} = ${single(want.value ?? '')}\n`,
  mode: '0644',
})

const differsNow = (want: Want, seen: Seen): boolean =>
  want.state === 'present' && want.reload && seen.now !== single(want.value ?? '')

/** A kernel setting, in a file of its own in /etc/sysctl.d. */
export const sysctl = resource<Want, Seen>({
  kind: 'sysctl',
  schema,
  summary: 'A kernel setting, now and after each boot.',
  example: `- name: packets pass between networks
  sysctl: { name: net.ipv4.ip_forward, value: 1 }`,
  name: want => `sysctl ${want.name}`,
  probe: want => sh`${look}
look ${fileOf(want)} sum
if [ -e ${kernelPath(want)} ]; then echo "now=$(cat ${kernelPath(want)} 2>/dev/null)"; else echo 'no such setting'; fi`,
  read(out, want) {
    const [entry, rest] = cutEntry(out)
    mustBeFile(fileOf(want), entry)
    if (rest !== 'no such setting\n' && !rest.startsWith('now='))
      throw new UserError('the host did not say how the setting is', { output: out })
    return { ...entry, now: rest.startsWith('now=') ? single(rest.slice(4)) : undefined }
  },
  diff: (want, seen) => [
    ...wholeChanges(wanted(want), seen),
    ...(differsNow(want, seen)
      ? [{ what: 'value', from: seen.now ?? 'no such setting', to: single(want.value ?? '') }]
      : []),
  ],
  verb: want => (want.state === 'absent' ? 'remove' : 'set'),
  apply(want, seen) {
    const path = kernelPath(want)
    const value = single(want.value ?? '')
    const set = sh`{
  [ -e ${path} ] || { echo ${`this kernel has no setting ${want.name}: is a module to be loaded before?`} >&2; exit 1; }
  printf '%s\n' ${value} 2>/dev/null >${path} || {
    if [ -w ${path} ]; then echo ${`the kernel refuses ${value} for ${want.name}`} >&2
    else echo ${`${want.name} cannot be set here: ${path} is not writable (a container?). With reload: false only the file is written`} >&2; fi
    exit 1
  }
}`
    return [...wholeScripts(wanted(want), seen), ...(differsNow(want, seen) ? [sh`(${set})`] : [])]
  },
  touches: want => [`file:${fileOf(want)}`, `sysctl:${want.name}`],
})
