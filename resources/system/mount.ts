// The `mount` kind: a file system that is mounted, now and at each boot, as Ansible's mount.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { type Sh, sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { hostPath } from '../_attributes.js'
import type { Entry } from '../_look.js'
import { probeText, readText } from '../text/_edit.js'
import {
  escapeField,
  type FstabEntry,
  findEntry,
  fstabChanges,
  unescapeField,
  withEntry,
  writeFstab,
} from './_fstab.js'

const field = (what: string) => z.string().regex(/^[^\s\0#-][^\s\0]*$/, `must be ${what}, without blanks`)
const options = field('options joined by commas')

const schema = z
  .strictObject({
    path: hostPath.describe('Where it is mounted; a missing folder is made'),
    src: z
      .string()
      .regex(/^[^\n\r\0#-][^\n\r\0]*$/, 'must be one line')
      .optional()
      .describe('What is mounted: a device, UUID=…, LABEL=…, host:/path, or a folder for a bind mount'),
    fstype: field('a type')
      .optional()
      .describe('Type, such as ext4, nfs, tmpfs; left out: auto, or none for a bind mount'),
    opts: z
      .union([options, z.array(options).transform(all => all.join(','))])
      .default('defaults')
      .describe('Options, such as "bind,ro". fstab is readable for all: no passwords'),
    dump: z.int().min(0).default(0).describe('For dump(8)'),
    passno: z.int().min(0).max(2).default(0).describe('Order of checks at boot; 0: none'),
    state: z
      .enum(['mounted', 'present', 'unmounted', 'absent'])
      .default('mounted')
      .describe(
        'mounted: now and in fstab; present: in fstab only; unmounted: not now; absent: neither. The folder stays',
      ),
  })
  .superRefine((want, context) => {
    const needsSource = want.state === 'mounted' || want.state === 'present'
    if (needsSource && want.src === undefined && want.fstype !== 'tmpfs')
      context.addIssue({ code: 'custom', path: ['src'], message: 'is needed' })
  })

type Want = z.infer<typeof schema>

/** One line of /proc/self/mountinfo, as proc(5) has it. */
interface Mounted {
  /** `major:minor` in decimal. */
  device: string
  source: string
  type: string
  options: string[]
}

interface Seen {
  fstab: Entry
  /** What is on top at the path. */
  mounted: Mounted | undefined
  /** The wanted source as the host resolves it, its device if it is one, and whether it is the folder that is there. */
  real: string
  device: string
  isSame: boolean
}

const isBind = (want: Want): boolean => /(^|,)r?bind(,|$)/.test(want.opts)

const entryFor = (want: Want): FstabEntry => ({
  spec: want.src ?? 'tmpfs',
  file: want.path,
  type: want.fstype ?? (isBind(want) ? 'none' : 'auto'),
  options: want.opts,
  dump: want.dump,
  passno: want.passno,
})

const isMeant = (want: Want) => (entry: FstabEntry) =>
  entry.type !== 'swap' && entry.file.replace(/(.)\/$/, '$1') === want.path

const hasEntry = (want: Want): boolean => want.state === 'mounted' || want.state === 'present'

function fstabText(want: Want, seen: Seen): string {
  const old = seen.fstab.text ?? ''
  return want.state === 'unmounted' ? old : withEntry(old, isMeant(want), hasEntry(want) ? entryFor(want) : undefined)
}

/** Whether what is mounted comes from the wanted source. */
function isFromSource(want: Want, seen: Seen, mounted: Mounted): boolean {
  if (isBind(want)) return seen.isSame
  const { spec, type } = entryFor(want)
  const isType = type === 'auto' || type === 'none' || mounted.type.startsWith(type) || mounted.type.startsWith('fuse')
  if (!isType) return false
  if (seen.device !== '' && seen.device === mounted.device) return true
  const plain = (source: string): string => source.replace(/(.)\/$/, '$1')
  const isPseudo = !/[/:=]/.test(spec)
  return isPseudo || [spec, seen.real].map(plain).includes(plain(mounted.source))
}

const flags: Record<string, string> = { ro: 'rw', noexec: 'exec', nosuid: 'suid', nodev: 'dev', noatime: 'atime' }

/** Options that anybody can see in /proc: the ones that are wanted and do not hold. */
function wrongFlags(want: Want, mounted: Mounted): string[] {
  const wanted = want.opts.split(',')
  return Object.entries(flags).flatMap(([on, off]) => {
    const last = wanted.findLast(one => one === on || one === off)
    return last === undefined || (last === on) === mounted.options.includes(on) ? [] : [last]
  })
}

function mountChange(want: Want, seen: Seen): Change[] {
  const { mounted } = seen
  const isGone = want.state === 'unmounted' || want.state === 'absent'
  const what = 'mounted'
  if (isGone) return mounted === undefined ? [] : [{ what, from: mounted.source, to: 'not mounted' }]
  if (want.state === 'present') return []
  const to = entryFor(want).spec
  if (mounted === undefined) return [{ what, from: 'not mounted', to }]
  if (!isFromSource(want, seen, mounted)) return [{ what, from: mounted.source, to }]
  const wrong = wrongFlags(want, mounted)
  return wrong.length === 0 ? [] : [{ what: 'options', from: mounted.options.join(','), to: wrong.join(',') }]
}

const fstabChange = (want: Want, seen: Seen): Change[] =>
  fstabChanges(
    fstabText(want, seen),
    seen.fstab,
    findEntry(seen.fstab.text ?? '', isMeant(want)),
    hasEntry(want) ? entryFor(want) : undefined,
  )

/** What is to be done now: the file is written after it, so that an interrupted change is found again. */
function actions(want: Want, seen: Seen): Sh[] {
  const { mounted } = seen
  const { spec, type, options: opts } = entryFor(want)
  const { path } = want
  const umount = sh`umount ${path} || { echo ${`${path} is in use: see who by \`fuser -vm ${path}\``} >&2; exit 1; }`
  const isGone = want.state === 'unmounted' || want.state === 'absent'
  if (isGone) return mounted === undefined ? [] : [sh`(${umount})`]
  if (want.state === 'present') return []
  const make = isBind(want)
    ? sh`if [ -f ${spec} ] && [ ! -e ${path} ]; then mkdir -p "$(dirname ${path})" && : >${path} || exit 1; fi`
    : sh`:`
  // The kernel takes no other option with a new bind mount, and not every `mount` asks it a second time.
  const mount = sh`
${make}
[ -e ${path} ] || mkdir -p ${path} || exit 1
mount -t ${type} -o ${opts} ${spec} ${path} || exit 1
${isBind(want) && /,/.test(opts) ? sh`mount -o ${`remount,${opts}`} ${path} || exit 1` : sh`:`}`
  if (mounted === undefined) return [sh`(${mount})`]
  if (!isFromSource(want, seen, mounted))
    return [
      sh`(${umount}
${mount})`,
    ]
  const old = findEntry(seen.fstab.text ?? '', isMeant(want))
  const isRemount = mountChange(want, seen).length > 0 || (old !== undefined && old.options !== opts)
  return isRemount ? [sh`mount -o ${`remount,${opts}`} ${path}`] : []
}

/** A mount point, and its line in /etc/fstab. */
export const mount = resource<Want, Seen>({
  kind: 'mount',
  schema,
  summary: 'A file system mounted at a path, now and at each boot: devices, network shares, tmpfs, bind mounts.',
  example: `- name: Scratch space in memory
  mount: { path: /srv/scratch, fstype: tmpfs, opts: "size=64m,mode=1777,noexec" }
- name: The same folder under another name
  mount: { path: /srv/shared, src: /srv/scratch, opts: bind }
`,
  name: want => `file system ${want.path}`,
  probe: want => {
    const { spec } = entryFor(want)
    return sh`real=${spec}
case $real in
  UUID=*|LABEL=*|PARTUUID=*|PARTLABEL=*) real=$(PATH=$PATH:/sbin:/usr/sbin findfs "$real" 2>/dev/null);;
  /*) real=$(readlink -f "$real");;
esac
printf 'real=%s\n' "$real"
if [ -b "$real" ]; then stat -L -c 'device=%t:%T' "$real"; else echo device=; fi
if [ ${spec} -ef ${want.path} ]; then echo same=yes; else echo same=no; fi
grep -F ${` ${escapeField(want.path)} `} /proc/self/mountinfo
echo 'fstab:'
${probeText('/etc/fstab')}`
  },
  read(out, want) {
    const [, head = '', rest] = /^([\s\S]*?)^fstab:\n([\s\S]*)$/m.exec(out) ?? []
    const [, real, device, same] = /^real=(.*)\ndevice=(.*)\nsame=(yes|no)\n/.exec(head) ?? []
    if (real === undefined || device === undefined || rest === undefined)
      throw new UserError('the host did not say what is mounted', { output: out.slice(-500) })
    const mounts = head.split('\n').flatMap(line => {
      const [, number = '', where = '', own = '', type = '', source = '', whole = ''] =
        /^\d+ \d+ (\S+) \S+ (\S+) (\S+) .*?- (\S+) (\S*) (\S+)$/.exec(line) ?? []
      if (unescapeField(where) !== want.path) return []
      return [
        {
          device: number,
          source: unescapeField(source),
          type,
          options: [...own.split(','), ...whole.split(',').filter(one => one === 'ro')],
        },
      ]
    })
    const decimal = device
      .split(':')
      .map(part => Number.parseInt(part, 16))
      .join(':')
    return {
      real,
      device: device === '' ? '' : decimal,
      isSame: same === 'yes',
      mounted: mounts.at(-1),
      fstab: readText('/etc/fstab', rest),
    }
  },
  diff: (want, seen) => [...mountChange(want, seen), ...fstabChange(want, seen)],
  verb: want => ({ mounted: 'mount', present: 'write', unmounted: 'unmount', absent: 'remove' })[want.state],
  apply: (want, seen) => [...actions(want, seen), ...writeFstab(fstabText(want, seen), seen.fstab)],
  touches: want => [`mount:${want.path}`, `file:${want.path}`, 'file:/etc/fstab'],
})
