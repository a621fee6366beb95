// Asks a host what it holds of shipped files, entry by entry and text by text: shell text, and its answers as data.
import { type Sh, sh } from '../../../core/sh.js'
import { stateFolder } from '../../../core/state.js'

/** One entry on the host; the path of the file or folder itself is empty. */
export interface HeldEntry {
  path: string
  kind: 'file' | 'directory' | 'link' | 'other'
  /** Permission bits. */
  mode: number
  /** Bytes. */
  size: number
  /** "0:0"; left out where whoever brought the file could give it to nobody else. */
  owner?: string
  /** Of a file: sha256 of its bytes, in hex. */
  sum?: string
  target?: string
}

/**
 * Prints what is at each of these paths below the folder of shipped files; nothing of what is not there. All parts end with a NUL, because
 * a name may hold anything else: who asks, then of each path names, permissions, sums and links, in the order in which they are found.
 */
export const listScript = (project: string, paths: readonly string[]): Sh => sh`${stateFolder}
printf '%s\0' "$(id -u)"
for c in ${paths}; do
  n=\${c##*/}
  if cd "$d/"${project}"/files/\${c%/*}" 2>/dev/null && [ -e "$n" ]; then
    find "$n" -exec printf '%s\0' {} +
    printf '\0'
    find "$n" -exec stat -c '%a %s %u:%g %F' {} +
    printf '\0'
    find "$n" -type f -exec sha256sum {} +
    printf '\0'
    find "$n" -type l -exec sh -c 'for f; do printf "%s\0" "$(readlink "$f")"; done' sh {} +
    printf '\0'
  else printf '\0\0\0\0'; fi
done`

const kinds: Record<string, HeldEntry['kind']> = {
  'regular file': 'file',
  'regular empty file': 'file',
  directory: 'directory',
  'symbolic link': 'link',
}

/** The parts of an answer, one after the other. */
function partsOf(out: string): { next(): string; list(): string[] } {
  const parts = out.split('\0')
  let at = 0
  const next = (): string => parts[at++] ?? ''
  const list = (): string[] => {
    const found: string[] = []
    for (let part = next(); part !== ''; part = next()) found.push(part)
    return found
  }
  return { next, list }
}

/** The entries of one path; undefined where the answer does not fit together: something changed meanwhile. */
function readOne(
  names: string[],
  stats: string[],
  sums: string[],
  links: string[],
  isRoot: boolean,
): HeldEntry[] | undefined {
  const [sumsLeft, linksLeft] = [[...sums], [...links]]
  const entries = names.map((name, index): HeldEntry | undefined => {
    const [, mode = '', size = '', owner = '', word = ''] =
      /^(\d+) (\d+) (\d+:\d+) (.*)$/.exec(stats[index] ?? '') ?? []
    if (word === '') return undefined
    const kind = kinds[word] ?? 'other'
    const slash = name.indexOf('/')
    return {
      path: slash < 0 ? '' : name.slice(slash + 1),
      kind,
      mode: Number.parseInt(mode, 8),
      size: Number(size),
      ...(isRoot ? { owner } : {}),
      ...(kind === 'file' ? { sum: sumsLeft.shift() ?? '' } : {}),
      ...(kind === 'link' ? { target: linksLeft.shift() ?? '' } : {}),
    }
  })
  const whole = entries.filter(entry => entry !== undefined)
  const isWhole = whole.length === names.length && stats.length === names.length
  return isWhole && sumsLeft.length === 0 && linksLeft.length === 0 && !whole.some(({ sum }) => sum === '')
    ? whole
    : undefined
}

/** Reads what `listScript` printed for so many paths: the entries of each, undefined for what is not there. */
export function readLists(out: string, count: number): (HeldEntry[] | undefined)[] {
  const { next, list } = partsOf(out)
  const isRoot = next() === '0'
  return Array.from({ length: count }, () => {
    const names = list()
    const stats = next().split('\n').slice(0, -1)
    // A name may have lines of its own; a backslash before the sum tells that one was written in another way.
    const sums = next()
      .split('\n')
      .flatMap(line => /^\\?([0-9a-f]{64}) /.exec(line)?.[1] ?? [])
    const links = list()
    return names.length === 0 ? undefined : readOne(names, stats, sums, links, isRoot)
  })
}

/** Prints these files in base64, so that every byte arrives; nothing of one where the host cannot. */
export const textScript = (project: string, paths: readonly string[]): Sh => sh`${stateFolder}
for f in ${paths}; do
  base64 <"$d/"${project}"/files/$f" 2>/dev/null || :
  echo end
done`

/** Reads what `textScript` printed, in the order of the paths. */
export const readTexts = (out: string): Uint8Array[] =>
  out
    .split(/^end\n/m)
    .slice(0, -1)
    .map(block => Buffer.from(block, 'base64'))
