// The `swap` kind: a swap file of a size, in use now and after each boot.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import type { Change } from '../../core/step.js'
import { hostPath } from '../_attributes.js'
import { cutEntry, type Entry, look } from '../_look.js'
import { probeText, readText } from '../text/_edit.js'
import { escapeField, type FstabEntry, findEntry, fstabChanges, withEntry, writeFstab } from './_fstab.js'

const powers = ['', 'K', 'M', 'G', 'T']

/** `2G` in bytes. */
const bytesOf = (size: string): number => {
  const [, number, unit = ''] = /^(\d+)([KMGT]?)/.exec(size.toUpperCase()) ?? []
  return Number(number) * 1024 ** powers.indexOf(unit)
}

const schema = z
  .strictObject({
    path: hostPath
      .refine(path => !/\s/.test(path), 'must hold no blanks')
      .default('/swapfile')
      .describe('The file'),
    size: z
      .string()
      .regex(/^\d+[KMGT](i?B)?$/i, 'must be a number with its unit, such as 512M or 2G')
      .optional()
      .describe('Size, such as 512M or 2G (powers of 1024)'),
    priority: z.int().min(0).max(32767).optional().describe('Higher ones are used first'),
    use: z.enum(['now', 'boot']).default('now').describe('now, or boot: only made and written into fstab'),
    state: z.enum(['present', 'absent']).default('present').describe('present or absent'),
  })
  .superRefine((want, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', path: ['size'], message })
    if (want.state === 'absent') return
    if (want.size === undefined) refuse('is needed')
    else if (bytesOf(want.size) < 1 << 20) refuse('must be at least 1M')
  })

type Want = z.infer<typeof schema>

interface Seen {
  file: Entry
  fstab: Entry
  /** Its priority while it is in use. */
  active: number | undefined
}

const entryFor = (want: Want): FstabEntry => ({
  spec: want.path,
  file: 'none',
  type: 'swap',
  options: want.priority === undefined ? 'sw' : `sw,pri=${want.priority}`,
  dump: 0,
  passno: 0,
})

const isMeant = (want: Want) => (entry: FstabEntry) => entry.type === 'swap' && entry.spec === want.path
const wantedEntry = (want: Want): FstabEntry | undefined => (want.state === 'present' ? entryFor(want) : undefined)
const fstabText = (want: Want, seen: Seen): string => withEntry(seen.fstab.text ?? '', isMeant(want), wantedEntry(want))

const sizeOf = (want: Want): number => bytesOf(want.size ?? '0M')
const mustMake = (want: Want, seen: Seen): boolean => seen.file.kind === 'absent' || seen.file.size !== sizeOf(want)

function useChange(want: Want, seen: Seen): Change[] {
  if (want.use === 'boot') return []
  if (seen.active === undefined) return [{ what: 'swap', from: 'not in use', to: 'in use' }]
  return want.priority === undefined || want.priority === seen.active
    ? []
    : [{ what: 'priority', from: String(seen.active), to: String(want.priority) }]
}

function fileChange(want: Want, seen: Seen): Change[] {
  const { file } = seen
  const to = `${sizeOf(want)} bytes`
  if (mustMake(want, seen))
    return [{ what: 'size', from: file.kind === 'absent' ? 'absent' : `${file.size} bytes`, to }]
  return file.mode === '0600' && file.uid === '0'
    ? []
    : [{ what: 'mode', from: `${file.mode} ${file.owner}`, to: '0600 root' }]
}

function diff(want: Want, seen: Seen): Change[] {
  const fstab = fstabChanges(
    fstabText(want, seen),
    seen.fstab,
    findEntry(seen.fstab.text ?? '', isMeant(want)),
    wantedEntry(want),
  )
  if (want.state === 'present') return [...fileChange(want, seen), ...useChange(want, seen), ...fstab]
  return [
    ...(seen.active === undefined ? [] : [{ what: 'swap', from: 'in use', to: 'not in use' }]),
    ...(seen.file.kind === 'absent' ? [] : [{ what: 'file', from: 'present', to: 'absent' }]),
    ...fstab,
  ]
}

/** Made beside its place, written in full (a file with holes is refused by the kernel), without copy-on-write on btrfs. */
const make = (path: string, size: number) => sh`
part=${`${path}.longshore`}
rm -f "$part"
mkdir -p "$(dirname ${path})" || exit 1
set -- $(df -Pk "$(dirname ${path})" | tail -n 1)
[ "\${4:-0}" -gt ${Math.ceil(size / 1024)} ] || fail ${`there is no room for ${path}: `}"$4 KB are free"
trap 'rm -f "$part"' EXIT
umask 077
: >"$part" && { chattr +C "$part" 2>/dev/null || :; }
head -c ${size} /dev/zero >"$part" && mkswap "$part" >/dev/null || exit 1
mv -f "$part" ${path} || exit 1`

/** A swap file. */
export const swap = resource<Want, Seen>({
  kind: 'swap',
  schema,
  summary: 'A swap file of a given size, in use now and after each boot.',
  example: `- name: Swap from the next boot on; without \`use\` it is used at once
  swap: { path: /swapfile, size: 64M, use: boot }
`,
  name: want => `swap ${want.path}`,
  // The signature ends the first page, which is larger than 4096 bytes on some machines.
  probe: want => sh`${look}
look ${want.path}
page=$(getconf PAGESIZE 2>/dev/null || echo 4096)
if [ -f ${want.path} ] && [ "$(tail -c +$((page - 9)) ${want.path} | head -c 10 | tr '\000' ' ')" = SWAPSPACE2 ]; then echo swap=yes; else echo swap=no; fi
echo 'swaps:'
cat /proc/swaps
echo 'fstab:'
${probeText('/etc/fstab')}`,
  read(out, want) {
    const [file, rest] = cutEntry(out)
    const [, isSwap, swaps, fstab] = /^swap=(yes|no)\nswaps:\n([\s\S]*?)^fstab:\n([\s\S]*)$/m.exec(rest) ?? []
    if (swaps === undefined || fstab === undefined)
      throw new UserError('the host did not say what it swaps to', { output: out.slice(-500) })
    if (file.kind !== 'absent' && isSwap !== 'yes')
      throw new UserError(`${want.path} is on the host, and no swap file`, {
        hint: 'Give another path, or remove what is there.',
      })
    const words = swaps.split('\n').map(line => line.trim().split(/\s+/))
    const active = words.find(([path]) => path === escapeField(want.path))?.at(-1)
    return {
      file,
      active: active === undefined ? undefined : Number(active),
      fstab: readText('/etc/fstab', fstab),
    }
  },
  diff,
  verb: want => (want.state === 'absent' ? 'remove' : 'create'),
  apply(want, seen) {
    if (diff(want, seen).length === 0) return []
    const { path } = want
    const start = sh`PATH=$PATH:/sbin:/usr/sbin
fail() { printf '%s\n' "$*" >&2; exit 1; }
command -v mkswap >/dev/null && command -v swapon >/dev/null || fail 'mkswap and swapon are not on this host: install the package util-linux'`
    const off =
      seen.active === undefined ? sh`:` : sh`swapoff ${path} || fail ${`what lies in ${path} has no room in memory`}`
    const fstab = writeFstab(fstabText(want, seen), seen.fstab)
    if (want.state === 'absent')
      return [
        sh`(${start}
${off})`,
        ...fstab,
        sh`rm -f ${path}`,
      ]
    const isNew = mustMake(want, seen)
    const priority = want.priority === undefined ? [] : ['-p', want.priority]
    const on = sh`swapon ${priority} ${path} || fail ${`${path} cannot be used for swapping here (a container, or its file system): with use: boot it is only made`}`
    const isStarted = isNew ? want.use === 'now' || seen.active !== undefined : useChange(want, seen).length > 0
    return [
      sh`(${start}
${isNew || isStarted ? off : sh`:`}
${isNew ? make(path, sizeOf(want)) : sh`:`}
chown 0:0 ${path} && chmod 600 ${path} || exit 1
${isStarted ? on : sh`:`})`,
      ...fstab,
    ]
  },
  touches: want => [`file:${want.path}`, 'file:/etc/fstab'],
})
