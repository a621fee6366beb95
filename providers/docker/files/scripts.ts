// Shell text about files of this machine on a host: received whole or not at all, copied for a container, brought up to date, removed.
import { lines, type Sh, sh } from '../../../core/sh.js'
import { stateFolder } from '../../../core/state.js'

/** Exit code of `placeScript` when something that is to be mounted is not there. */
export const missingCode = 66

/** Folder of live copies, below the folder of shipped files. */
export const liveFolder = 'live'

/** A live copy: its path below the folder of live copies, and the hash of what shall be in it. */
export interface LiveCopy {
  /** FOLDER/NAME */
  path: string
  hash: string
}

const start = (project: string): Sh => sh`${stateFolder}
p=$d/${project}/files
umask 077`

/**
 * Unpacks an archive from standard input: `content`, then a file `end`, without which it was cut off. Only what is whole gets its name.
 * Nobody but its owner and the engine can look into the folder.
 */
export const receiveScript = (project: string, hash: string, entries: number): Sh => sh`${start(project)}
t=$p/.new-${hash}
if [ -d "$p"/${hash} ]; then cat >/dev/null; exit 0; fi
mkdir -p "$p" && rm -rf "$t" && mkdir "$t" || exit 1
trap 'rm -rf "$t"' EXIT
trap 'exit 1' HUP INT TERM
tar -xpf - -C "$t" || exit 1
if ! [ -f "$t/end" ]; then echo 'what came was cut off' >&2; exit 1; fi
rm -f "$t/end"
n=$(find "$t/content" -exec printf 'x%.0s' {} + | wc -c)
if [ "$n" -ne ${entries} ]; then echo "tar unpacked $n of ${entries} entries" >&2; exit 1; fi
sync -f "$t" 2>/dev/null || sync
mv "$t" "$p"/${hash}`

/**
 * Makes the live copies of a container that is to be created, and prints where the files are. `needed`: hashes of all that it mounts;
 * exits with `missingCode` where one is not there.
 */
export const placeScript = (
  project: string,
  needed: readonly string[],
  copies: readonly LiveCopy[],
): Sh => sh`${start(project)}
for h in ${needed}; do
  if ! [ -e "$p/$h/content" ]; then exit ${missingCode}; fi
done
${lines(...copies.map(({ path, hash }) => copyOnce(path, hash)))}
printf '%s\n' "$p"`

const copyOnce = (path: string, hash: string): Sh => sh`l=$p/${liveFolder}/${path}
mkdir -p "\${l%/*}" && cp -a "$p"/${hash}/content "$l" && printf '%s\n' ${hash} >"$l.is" || exit 1`

/** Brings one folder's content into another that is mounted: each file is exchanged whole, what is no longer there goes. */
const bringFolder = sh`bring_folder() {
  n=$1 l=$2 s=$2.new
  export n l s
  rm -rf "$s" && cp -a "$n" "$s" || return 1
  ( cd "$s" && find . -type d -exec sh -c 'for f; do
    if [ -L "$l/$f" ] || { [ -e "$l/$f" ] && ! [ -d "$l/$f" ]; }; then rm -f "$l/$f"; fi
    mkdir -p "$l/$f" && chmod "$(stat -c %a "$f")" "$l/$f" || exit 1
  done' sh {} + ) || return 1
  ( cd "$s" && find . ! -type d -exec sh -c 'for f; do
    if [ -L "$l/$f" ] || [ -d "$l/$f" ]; then rm -rf "$l/$f"; fi
    if ! [ -L "$f" ] && cmp -s "$f" "$l/$f"; then chmod "$(stat -c %a "$f")" "$l/$f"
    else mv -f "$f" "$l/$f"; fi || exit 1
  done' sh {} + ) || return 1
  ( cd "$l" && find . -exec sh -c 'for f; do
    if ! [ -e "$n/$f" ] && ! [ -L "$n/$f" ]; then rm -rf "$l/$f"; fi
  done' sh {} + ) || return 1
  rm -rf "$s"
}`

/** A single file keeps its inode, because that is what is mounted. */
const bringFile = sh`bring_file() {
  chmod u+w "$2" && cat "$1" >"$2" && chown "$(stat -c %u:%g "$1")" "$2" && chmod "$(stat -c %a "$1")" "$2"
}`

const bringOne = ({ path, hash }: LiveCopy): Sh => sh`l=$p/${liveFolder}/${path} n=$p/${hash}/content
if ! [ -e "$n" ] || ! [ -e "$l" ]; then exit ${missingCode}; fi
if [ -d "$n" ]; then bring_folder "$n" "$l"; else bring_file "$n" "$l"; fi || exit 1`

/** Brings live copies up to date, under the containers that mount them. */
export const bringScript = (project: string, copies: readonly LiveCopy[]): Sh =>
  lines(start(project), bringFolder, bringFile, ...copies.map(bringOne))

/** Notes what the container of live copies was told of: with it the work on them is done. */
export const noteScript = (project: string, copies: readonly LiveCopy[]): Sh =>
  lines(
    start(project),
    ...copies.map(
      ({ path, hash }) =>
        sh`l=$p/${liveFolder}/${path}; printf '%s\n' ${hash} >"$l.is.new" && mv -f "$l.is.new" "$l.is" || exit 1`,
    ),
  )

/** Prints `HASH PATH` of each of these live copies. */
export const askScript = (project: string, paths: readonly string[]): Sh => sh`${start(project)}
for l in ${paths}; do
  if read -r h <"$p/${liveFolder}/$l.is"; then printf '%s %s\n' "$h" "$l"; fi
done 2>/dev/null
:`

/** Removes shipped files by their names below the folder; half removed ones never keep their names. */
export const removeScript = (project: string, names: readonly string[]): Sh => sh`${start(project)}
cd "$p" 2>/dev/null || exit 0
for n in ${names}; do
  if [ -e "$n" ]; then mv "$n" "$p/.old-\${n##*/}" || exit 1; fi
done
rm -rf "$p"/.old-* "$p"/.new-* || exit 1
rmdir "$p/${liveFolder}" "$p" 2>/dev/null
:`
