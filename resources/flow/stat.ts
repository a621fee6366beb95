// The `stat` kind: what is at a path of the host, for a register; changes nothing.
import { UserError } from '../../core/errors.js'
import { resource } from '../../core/resource.js'
import { z } from '../../core/schema.js'
import { sh } from '../../core/sh.js'
import { hostPath } from '../_attributes.js'

/** Bytes. Larger files are only summed up where `checksum: true` says so. */
const largestSummed = 64 << 20

const fields = z.strictObject({
  path: hostPath.describe('Absolute path on the host'),
  follow: z.boolean().default(false).describe('Tell of what a link points to, and not of the link'),
  checksum: z
    .boolean()
    .optional()
    .describe('Whether to tell the SHA-256 of an ordinary file; left out: of files up to 64 MB'),
})
const schema = z.preprocess(given => (typeof given === 'string' ? { path: given } : given), fields)

type Want = z.infer<typeof fields>

/** What `register` gives as `stat`, under the names that Ansible has for it. Of what is not there, only `exists`. */
export type Stat =
  | { exists: false }
  | {
      exists: true
      isreg: boolean
      isdir: boolean
      islnk: boolean
      isfifo: boolean
      issock: boolean
      isblk: boolean
      ischr: boolean
      /** Bytes. */
      size: number
      /** Four octal digits. */
      mode: string
      owner: string
      group: string
      pw_name: string
      gr_name: string
      uid: number
      gid: number
      /** Seconds since 1970. */
      mtime: number
      inode: number
      nlink: number
      executable: boolean
      lnk_target?: string
      lnk_source?: string
      /** SHA-256 in hex. */
      checksum?: string
    }

function readStat(out: string): Stat {
  const told = new Map<string, string>()
  for (const line of out.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) told.set(line.slice(0, at), line.slice(at + 1))
  }
  const kind = told.get('kind')
  if (kind === 'absent') return { exists: false }
  const [mode = '', owner = '', group = '', ...numbers] = (told.get('stat') ?? '').split(' ')
  const [uid = 0, gid = 0, size = 0, mtime = 0, inode = 0, nlink = 0] = numbers.map(Number)
  if (kind === undefined || numbers.length !== 6 || numbers.some(one => !/^-?\d+$/.test(one)))
    throw new UserError('the host did not say what is at the path', { output: out.slice(-2000) })
  const checksum = told.get('sum')
  const target = told.get('target')
  const source = told.get('source')
  return {
    exists: true,
    isreg: kind === 'file',
    isdir: kind === 'directory',
    islnk: kind === 'link',
    isfifo: kind === 'fifo',
    issock: kind === 'socket',
    isblk: kind === 'block',
    ischr: kind === 'character',
    size,
    mode: mode.padStart(4, '0'),
    owner,
    group,
    pw_name: owner,
    gr_name: group,
    uid,
    gid,
    mtime,
    inode,
    nlink,
    executable: told.get('executable') === 'yes',
    ...(target === undefined ? {} : { lnk_target: target }),
    ...(source === undefined || source === '' ? {} : { lnk_source: source }),
    ...(checksum === undefined ? {} : { checksum }),
  }
}

/** Looks at a path. What lies behind a folder that we may not enter is a fault, never "not there". */
export const stat = resource<Want, Stat>({
  kind: 'stat',
  summary: 'Tells what is at a path: `register` gives stat.exists, isreg, isdir, islnk, size, mode, owner, checksum, …',
  example: `- name: look at the list of users
  stat: /etc/passwd
  register: users
- name: it is a file
  assert: { that: "{{users.stat.isreg}}" }`,
  schema,
  name: want => `look at ${want.path}`,
  probe: ({ path, follow, checksum }) => sh`
path=${path} options=${follow ? '-L' : ''}
line() { printf '%s=%s\n' "$1" "$(printf %s "$2" | tr '\n' '?')"; }
if [ -L "$path" ]; then line target "$(readlink "$path")"; line source "$(readlink -f "$path" 2>/dev/null)"; fi
if [ -L "$path" ] && [ -z "$options" ]; then echo kind=link
elif [ -f "$path" ]; then
  echo kind=file
  if ${
    checksum === undefined
      ? sh`[ -r "$path" ] && [ "$(stat -L -c %s "$path")" -le ${largestSummed} ]`
      : sh`${checksum ? 'true' : 'false'}`
  }; then sum=$(sha256sum <"$path") || exit 1; echo "sum=\${sum%% *}"; fi
elif [ -d "$path" ]; then echo kind=directory
elif [ -p "$path" ]; then echo kind=fifo
elif [ -S "$path" ]; then echo kind=socket
elif [ -b "$path" ]; then echo kind=block
elif [ -c "$path" ]; then echo kind=character
else
  folder=\${path%/*}
  while [ -n "$folder" ] && [ ! -e "$folder" ]; do folder=\${folder%/*}; done
  if [ -d "$folder" ] && [ ! -x "$folder" ]; then echo "no permission to look into $folder" >&2; exit 1; fi
  echo kind=absent
  exit 0
fi
if [ -x "$path" ]; then echo executable=yes; fi
printf 'stat=%s\n' "$(stat $options -c '%a %U %G %u %g %s %Y %i %h' "$path")"`,
  read: readStat,
  diff: () => [],
  verb: () => 'look',
  apply: () => [],
  result: (_want, seen) => ({ stat: seen }),
})
