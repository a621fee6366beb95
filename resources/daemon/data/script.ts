// The part of a change's script that takes an engine's data to another folder: the engine ends, all is copied and compared, and only then may it start there.
import { quote, type Sh, sh } from '../../../core/sh.js'

/** Stands in a folder whose content is a copy of ours that no engine has been shown to run on; what lies beside it is ours to clear away. */
const mark = '.longshore-copy'

/**
 * What a look at the folders and the change share. `state_of FROM TO` prints what TO is: `empty` (or not there), `part` (a copy of ours that was
 * cut off), `same` (the same images, containers and volumes), `itself`, `file`, `other`.
 */
export const folderFunctions: Sh = sh`
names_in() { ( cd "$1" 2>/dev/null && for one in containers/* volumes/*/_data image/*/imagedb/content/sha256/* [0-9]*.[0-9]*/containers/* [0-9]*.[0-9]*/volumes/*/_data; do
  if [ -e "$one" ]; then echo "$one"; fi; done ); }
state_of() {
  if [ ! -e "$2" ]; then echo empty; return; fi
  if [ ! -d "$2" ]; then echo file; return; fi
  if [ "$(readlink -f "$1")" = "$(readlink -f "$2")" ]; then echo itself; return; fi
  if [ -f "$2/${{ sh: mark }}" ]; then echo part; return; fi
  if [ -z "$(ls -A "$2" | grep -vxF lost+found)" ]; then echo empty; return; fi
  if [ "$(names_in "$1")" = "$(names_in "$2")" ]; then echo same; else echo other; fi
}
above() { top=$1; while [ ! -d "$top" ]; do top=\${top%/*}; top=\${top:-/}; done; echo "$top"; }
# in KiB
size_of() { du -skx "$1" 2>/dev/null </dev/null | { read -r size rest; echo "\${size:-0}"; }; }
room_at() { df -Pk "$(above "$1")" 2>/dev/null </dev/null | { read -r head; read -r disk all used free rest; echo "\${free:-0}"; }; }
copier() {
  if cp --version 2>/dev/null </dev/null | grep -q GNU; then echo cp
  elif tar --version 2>/dev/null </dev/null | grep -q 'GNU tar'; then echo tar; fi
}
mounts_below() { while read -r a b c d point rest; do case $point in "$1"/*) echo "$point";; esac; done </proc/self/mountinfo; }`

const copying: Sh = sh`
# every name with its kind, mode, owner, size, time and links; of folders only what a copy can keep
listing() { ( set -f; cd "$1" && { find . -path ./lost+found -prune -o $2 ! -type d ! -path ./${{ sh: mark }} -exec stat -c '%n|%f|%u:%g|%s|%Y|%h|%t:%T' {} + &&
  find . -path ./lost+found -prune -o $2 -type d -exec stat -c '%n|%f|%u:%g' {} + || echo "not all of $1 could be read"; } 2>>"$stage/log" | sort | sha256sum ) ||
  echo "$1 cannot be read"; }
# what each start of an engine writes anew: where the folder was there before, it is not compared; names of containers have been
books='( -path ./network -o -path ./buildkit -o -path ./containerd -o -path ./runtimes -o -path ./tmp -o -path ./swarm -o -path ./engine-id -o -path ./containers -o -path ./volumes/metadata.db -o -path ./volumes/backingFsBlockDev -o -path ./overlay2/backingFsBlockDev ) -prune -o'
of_kind() { tr ',{' '\n\n' | sed -n "s/^\"$1\":\"\([^\"]*\)\".*/$2 \1/p"; }
# what the engine says that it has; - keeps the file from being empty
inventory() {
  echo - && got=$(api '/images/json?all=1') && printf '%s\n' "$got" | of_kind Id image &&
    got=$(api '/containers/json?all=1') && printf '%s\n' "$got" | of_kind Id container &&
    got=$(api /volumes) && printf '%s\n' "$got" | of_kind Name volume
}
# containers that go when they end, with the volumes that go with them
short_lived() {
  echo -
  sed -n 's/^container //p' "$stage/had" | while read -r id; do
    got=$(api "/containers/$id/json")
    case $got in *'"AutoRemove":true'*) echo "container $id"; printf '%s\n' "$got" | of_kind Name volume;; esac
  done
}
ready_to_move() {
  state=$(state_of "$from" "$to")
  case $state in empty|part|same) ;; *) say "$to is not empty, and not a copy of $from; nothing was changed"; return 1;; esac
  if [ "$state" = same ]; then copied=; else
    copied=yes
    if [ -z "$(copier)" ]; then say 'there is neither a cp nor a tar that keeps extended attributes; nothing was changed'; return 1; fi
    if [ "$state" = part ]; then clear_copy; fi
    size=$(size_of "$from") free=$(room_at "$to")
    if [ "$((size + size / 50))" -gt "$free" ]; then say "there is no room at $to: $size KiB are to be copied, $free KiB are free; nothing was changed"; return 1; fi
  fi
  echo - >"$stage/had"; echo - >"$stage/short"
  engine_runs || return 0
  inventory >"$stage/had" || { say 'the engine does not tell what it has; nothing was changed'; return 1; }
  short_lived >"$stage/short"
}
move_data() {
  since
  if engine_runs; then
    old=$(engine_pid) && old_start=$(started "$old")
    if is_systemd; then
      # a question at the socket would start it again
      systemctl stop --no-block docker.socket docker.service </dev/null >>"$stage/log" 2>&1
      gone "$old" "$old_start" || { say 'the engine did not end'; return 1; }
    else stop_plain || return 1; fi
  fi
  left=25
  while [ -n "$(mounts_below "$from")" ] && [ "$left" -gt 0 ]; do nap; left=$((left - 1)); done
  used=$(mounts_below "$from" | head -n 3)
  if [ -n "$used" ]; then say "something is mounted in $from still: $used"; return 1; fi
  if [ -z "$copied" ]; then
    if [ "$(listing "$from" "$books")" = "$(listing "$to" "$books")" ]; then return 0; fi
    say "$to holds an older state of what is in $from: empty it, and it is copied anew"; return 1
  fi
  copy_data || return 1
  if engine_pid >/dev/null; then say 'somebody started the engine while its data was copied'; return 1; fi
  if [ "$(listing "$from" '')" != "$(listing "$to" '')" ]; then say "the copy in $to is not as $from is"; return 1; fi
}
copy_data() {
  ( umask 022; mkdir -p "$to" ) 2>>"$stage/log" && echo "$from" >"$to/${{ sh: mark }}" || { say "$to cannot be written"; return 1; }
  if [ "$(copier)" = cp ]; then
    keep=mode,ownership,timestamps,links,xattr
    if have selinuxenabled && selinuxenabled </dev/null; then keep=$keep,context; fi
    cp -dR --sparse=auto "--preserve=$keep" "$from/." "$to/" 2>"$stage/said" </dev/null
  else
    { tar -C "$from" --xattrs --xattrs-include='*' --acls --selinux --numeric-owner --sparse -cf - . || echo 'not all could be read' >&2; } 2>"$stage/said" </dev/null |
      tar -C "$to" --xattrs --xattrs-include='*' --acls --selinux --numeric-owner --sparse -xpf - 2>>"$stage/said" && [ ! -s "$stage/said" ]
  fi || { head -n 5 "$stage/said" >>"$stage/log"; say "$from could not be copied to $to"; return 1; }
  sync -f "$to" 2>/dev/null || sync
}
# removes a copy that is not used; without its mark nothing is ours
clear_copy() {
  [ -f "$to/${{ sh: mark }}" ] || return 0
  find "$to" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name ${mark} -exec rm -rf {} + && rm -f "$to/${{ sh: mark }}"
}
same_things() {
  inventory >"$stage/has" || { say 'the engine does not tell what it has'; return 1; }
  missing=$(grep -vxFf "$stage/has" "$stage/had" | grep -vxFf "$stage/short" | head -n 5)
  [ -n "$missing" ] || return 0
  say "the engine lacks what it had before: $missing"; return 1
}
# the data is where it belongs from now on
settle() {
  rm -f "$to/${{ sh: mark }}"
  grep -qsxF "$from" "$engine/moved-from" || echo "$from" >>"$engine/moved-from"
  say "the data was moved to $to; the data before it is still in $from"
}`

/** Shell text for the change's script, that makes it a move of the data from one folder to another. */
export const moveText = (from: string, to: string): string =>
  [folderFunctions.sh, `from=${quote(from)} to=${quote(to)}`, copying.sh, ''].join('\n')

/** Prints `state=`, `size=` and `free=` (KiB), `copier=`, `real=` (the folder without links), and `mount=` for what else is mounted in it. */
export const lookText = (from: string, to: string): Sh => sh`${folderFunctions}
from=${from} to=${to}
state=$(state_of "$from" "$to")
size=0 free=0
if [ "$state" = empty ] || [ "$state" = part ]; then size=$(size_of "$from") free=$(room_at "$to"); fi
if [ "$state" = part ]; then free=$((free + $(size_of "$to"))); fi
printf 'state=%s\nsize=%s\nfree=%s\ncopier=%s\n' "$state" "$size" "$free" "$(copier)"
real=$(readlink -f "$to" 2>/dev/null) || :
printf 'real=%s\n' "$real"
while read -r a b c d point e rest; do
  case $point in "$from"/*) kind=\${rest#*- }; case \${kind%% *} in overlay|fuse*|tmpfs|nsfs|shm) ;; *) echo "mount=$point";; esac;; esac
done </proc/self/mountinfo
echo end`
