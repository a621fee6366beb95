// What is at a path on the host: the shell function that looks, and its answer as data.
import { UserError } from '../core/errors.js'
import { type Sh, sh } from '../core/sh.js'

/** What a path is, after following a link; without `file` or `directory` only `kind` and `link` say something. */
export interface Entry {
  kind: 'absent' | 'file' | 'directory' | 'other'
  /** Where the path points to, if it is itself a link. */
  link?: string
  /** Four octal digits. */
  mode: string
  owner: string
  group: string
  uid: string
  gid: string
  /** Bytes. */
  size: number
  /** SHA-256 in hex of a file's content; empty if it was not asked for. */
  sum: string
  /** The file's text, once it was read for a diff. */
  text?: string
}

/**
 * Defines `look PATH [sum]`, which prints a block of `name=value` lines that ends with `end`.
 * What lies behind a folder that we may not enter is a fault, never "absent".
 */
export const look: Sh = sh`
look() {
  if [ -L "$1" ]; then link=$(readlink "$1"); printf 'link=%s\n' "$(printf %s "$link" | tr '\n' '?')"; fi
  if [ -f "$1" ]; then
    echo kind=file
    if [ "$2" = sum ]; then sum=$(sha256sum <"$1") || exit 1; echo "sum=\${sum%% *}"; fi
  elif [ -d "$1" ]; then echo kind=directory
  elif [ -e "$1" ]; then echo kind=other
  else
    folder=\${1%/*}
    while [ -n "$folder" ] && [ ! -e "$folder" ]; do folder=\${folder%/*}; done
    if [ -d "$folder" ] && [ ! -x "$folder" ]; then echo "no permission to look into $folder" >&2; exit 1; fi
    echo kind=absent
  fi
  if [ -e "$1" ]; then printf 'stat=%s\n' "$(stat -L -c '%a %U %G %u %g %s' "$1")"; fi
  echo end
}`

const kinds: Record<string, Entry['kind']> = { absent: 'absent', file: 'file', directory: 'directory', other: 'other' }

function readBlock(block: string): Entry {
  const told = new Map<string, string>()
  for (const line of block.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) told.set(line.slice(0, at), line.slice(at + 1))
  }
  const kind = kinds[told.get('kind') ?? '']
  if (kind === undefined) throw new UserError('the host did not say what is at the path', { output: block })
  const [mode = '', owner = '', group = '', uid = '', gid = '', size = ''] = (told.get('stat') ?? '').split(' ')
  if (kind !== 'absent' && size === '') throw new UserError('the host cannot read the permissions', { output: block })
  const link = told.get('link')
  return {
    kind,
    ...(link === undefined ? {} : { link }),
    mode: mode.padStart(4, '0'),
    owner,
    group,
    uid,
    gid,
    size: Number(size),
    sum: told.get('sum') ?? '',
  }
}

/** Reads the blocks that `look` printed, one for each path, in order. */
export const readEntries = (out: string): Entry[] =>
  out
    .split(/^end\n/m)
    .slice(0, -1)
    .map(readBlock)

/** Reads the only block; a UserError if there is none. */
export function readEntry(out: string): Entry {
  const [entry] = readEntries(out)
  if (entry === undefined) throw new UserError('the host did not say what is at the path', { output: out })
  return entry
}

/** Reads the first block, and gives what was printed after it. */
export function cutEntry(out: string): [Entry, string] {
  const [first = ''] = /^[\s\S]*?^end\n/m.exec(out) ?? []
  return [readEntry(first), out.slice(first.length)]
}
