// Shell functions that unpack an archive of any common kind into a folder, told by its first bytes.
import { type Sh, sh } from '../../core/sh.js'

/**
 * Defines `unpack ARCHIVE FOLDER STRIP SAME_OWNER` and `merge FROM TO`, which need `fail` and a folder `$work` of their own.
 * `unpack` keeps the archive's owners only where SAME_OWNER is `yes`. `merge` puts all that is in FROM into TO, over what is there;
 * a link to a folder in TO stays a link, so that nothing can put a folder in the place of /bin.
 */
export const unpacking: Sh = sh`
need() { command -v "$1" >/dev/null || fail "$1 is not on this host: install the package $2 in a task before"; }
untar() {
  need tar tar
  rm -f "$work/broken"
  if [ "$4" = yes ]; then owners=; else owners=-o; fi
  { $5 <"$1" || echo broken >"$work/broken"; } | tar -x $owners --strip-components="$3" -C "$2" -f - || return 1
  [ ! -e "$work/broken" ]
}
unzip_stripped() {
  need unzip unzip
  if [ "$3" = 0 ]; then unzip -q -o "$1" -d "$2" </dev/null; return; fi
  mkdir "$work/zip" || return 1
  unzip -q -o "$1" -d "$work/zip" </dev/null || return 1
  find "$work/zip" -mindepth $(($3 + 1)) -maxdepth $(($3 + 1)) -exec mv {} "$2/" ';'
}
unpack() {
  first=$(head -c 6 "$1" | od -An -tx1 | tr -d ' \n')
  case $first in
    1f8b*) need gzip gzip; untar "$1" "$2" "$3" "$4" 'gzip -dc';;
    fd377a585a00) need xz xz-utils; untar "$1" "$2" "$3" "$4" 'xz -dc';;
    28b52ffd*) need zstd zstd; untar "$1" "$2" "$3" "$4" 'zstd -dc';;
    425a68*) need bzip2 bzip2; untar "$1" "$2" "$3" "$4" 'bzip2 -dc';;
    504b0304*|504b0506*) unzip_stripped "$1" "$2" "$3";;
    *)
      case $(tail -c +258 "$1" | head -c 5) in
        ustar) untar "$1" "$2" "$3" "$4" cat;;
        *) echo "it is none of tar, tar.gz, tar.xz, tar.zst, tar.bz2 and zip" >&2; return 1;;
      esac;;
  esac
}
merge() {
  chmod "$(stat -c %a "$2")" "$1" || return 1
  if [ "$(id -u)" = 0 ]; then chown "$(stat -c %u:%g "$2")" "$1" || return 1; fi
  if tar --version 2>/dev/null | grep -q 'GNU tar'; then keep=--keep-directory-symlink; else keep=; fi
  rm -f "$work/broken"
  { tar -C "$1" -cf - . || echo broken >"$work/broken"; } | tar -C "$2" -xp $keep -f - || return 1
  [ ! -e "$work/broken" ]
}`
