// The script that makes the change on the host, complete in itself: it needs nobody who watches, and goes back when the engine does not come up.
import { type Sh, sh } from '../../core/sh.js'
import { engineFunctions } from './probe.js'

/** Exit code of a change that was undone: the old files are back, and the engine runs by them. */
export const rolledBackCode = 76

/** Seconds that containers and the old engine may take to end, before the deadline of the new one begins. */
const stopPatience = 120

/** Files: `each FUNCTION` (from the plan) calls FUNCTION NAME PATH MODE ACTION SEEN-SUM for every one. */
const files: Sh = sh`
say() { printf '%s\n' "$*" >>"$stage/log"; }
mark() { echo "$1" >"$stage/stage.new" && { sync "$stage/stage.new" 2>/dev/null || :; } && mv -f "$stage/stage.new" "$stage/stage"; }
finish() {
  mark done
  cp "$stage/log" "$engine/last.log"; read -r id <"$stage/id"
  # who is told of the end finds nothing left of it
  rm -rf "$stage"
  echo "$id $1" >"$engine/last.new"; mv -f "$engine/last.new" "$engine/last"
  exit "$1"
}
real() { if [ -L "$1" ]; then readlink -f "$1"; else echo "$1"; fi; }
unchanged() {
  if [ -f "$2" ]; then now=$(sha256sum <"$2"); now=\${now%% *}; else now=absent; fi
  if [ "$now" != "$5" ]; then say "$2 has changed since the plan: plan again"; finish 1; fi
}
keep() {
  if [ -f "$2" ]; then cp -p "$2" "$stage/old/$1" || return 1; fi
  echo "$1 $2" >>"$stage/old/paths"
}
into() {
  target=$(real "$2") folder=\${target%/*}
  [ -d "$folder" ] || ( umask 022; mkdir -p "$folder" ) || return 1
  cp -p "$1" "$folder/.longshore.$$" && chown root:root "$folder/.longshore.$$" || return 1
  if [ -n "$3" ]; then chmod "$3" "$folder/.longshore.$$" || return 1; fi
  sync "$folder/.longshore.$$" 2>/dev/null
  mv -f "$folder/.longshore.$$" "$target"
}
no_empty() { case $1 in */tls/*|*.service.d/*) rmdir "\${1%/*}" 2>/dev/null;; esac; :; }
place() {
  if [ "$4" = remove ]; then rm -f "$2"; no_empty "$2"; return; fi
  mode=$3
  if [ -z "$mode" ]; then mode=$(stat -L -c %a "$2") || mode=0644; fi
  into "$stage/new/$1" "$2" "$mode" || failed=$2
}
put_back() {
  while read -r name path; do
    if [ -f "$stage/old/$name" ]; then into "$stage/old/$name" "$path" '' || say "$path could not be put back"
    else rm -f "$path"; no_empty "$path"; fi
  done <"$stage/old/paths"
}`

/** The engine's process: with systemd by its unit, else by its init script where that runs it, else as it was started before. */
const process: Sh = sh`
clock() { date +%s; }
since() { t0=$(clock); size=0; if [ -f /var/log/docker.log ]; then size=$(wc -c </var/log/docker.log); fi; }
engine_log() {
  if is_systemd; then
    # what a service said last may reach the journal after it has ended
    left=15
    while journalctl -u docker.service --since "@$t0" -n 300 --no-pager -o cat </dev/null >"$stage/said" 2>/dev/null
      ! grep -q 'Main process exited' "$stage/said" && [ "$left" -gt 0 ]; do nap; left=$((left - 1)); done
  else tail -c "+$((size + 1))" /var/log/docker.log 2>/dev/null | tail -n 300 >"$stage/said"; fi
  # what went wrong stands out from what the engine tells all day
  grep -v 'level=\(debug\|info\)\|^\(Stopping\|Stopped\|Starting\|Started\) ' "$stage/said" >"$stage/wrong" || cp "$stage/said" "$stage/wrong"
  tail -n 10 "$stage/wrong" | sed 's/^/  /' >>"$stage/log"
}
gone() { left=$((${stopPatience} * 5)); while [ -n "$2" ] && [ "$(started "$1")" = "$2" ] && [ "$left" -gt 0 ]; do
  case $(cat "/proc/$1/stat" 2>/dev/null) in *') Z '*) return;; esac
  nap; left=$((left - 1)); done; [ "$left" -gt 0 ]; }
restart_engine() {
  since
  old=$(engine_pid) && old_start=$(started "$old")
  if is_systemd; then
    systemctl daemon-reload </dev/null >>"$stage/log" 2>&1
    systemctl reset-failed docker.service docker.socket </dev/null 2>/dev/null
    systemctl restart --no-block docker.service </dev/null >>"$stage/log" 2>&1 || return 1
    if [ -n "$old" ]; then gone "$old" "$old_start" || { say 'the engine did not end'; return 1; }; fi
    wait_up
  else
    stop_plain && ( start_plain ) >>"$stage/log" 2>&1 && wait_up
  fi
}
stop_plain() {
  [ -n "$old" ] || return 0
  if by_script; then service docker stop </dev/null >/dev/null 2>&1; fi
  kill "$old" 2>/dev/null
  gone "$old" "$old_start" || { say 'the engine did not end'; return 1; }
}
stop_engine() {
  if is_systemd; then systemctl daemon-reload </dev/null; systemctl stop --no-block docker.service </dev/null 2>/dev/null
  else old=$(engine_pid) && old_start=$(started "$old"); stop_plain; fi
}
by_script() { [ -f "$stage/by-script" ]; }
start_plain() {
  rm -f "$ended"
  if by_script && service docker start </dev/null >/dev/null 2>&1; then return; fi
  set --
  while IFS= read -r word; do set -- "$@" "$word"; done <"$stage/argv"
  start_by_hand "$@"
}
wait_up() {
  end=$(($(clock) + deadline))
  while :; do
    if is_systemd; then
      state=$(systemctl show -p ActiveState -p SubState -p NRestarts -p Job docker.service </dev/null | tr '\n' ' ')
      # a start that still waits for its turn: what is shown is the end of the run before it
      case $state in *Job=[1-9]*) state="queued $state";; esac
      case $state in
        queued*ActiveState=failed*|queued*SubState=auto-restart*) ;;
        *ActiveState=failed*|*SubState=auto-restart*) return 1;;
        *NRestarts=0*ActiveState=active*|*ActiveState=active*NRestarts=0*) if api /_ping >/dev/null; then return 0; fi;;
        *NRestarts=0*) ;;
        *NRestarts=*) return 1;;
        *ActiveState=active*) if api /_ping >/dev/null; then return 0; fi;;
      esac
    elif engine_pid >/dev/null && api /_ping >/dev/null; then return 0
    elif [ -f "$ended" ] && ! alive "$ended"; then return 1; fi
    if [ "$(clock)" -ge "$end" ]; then say "the engine did not answer within $deadline seconds"; return 1; fi
    nap
  done
}
reload_engine() {
  since
  pid=$(engine_pid) || { say 'the engine does not run'; return 1; }
  kill -HUP "$pid" || return 1
  end=$(($(clock) + 10))
  # an engine that refuses the file says so in its log alone
  until api "/events?since=$t0&until=$(($(clock) + 1))&filters=%7B%22type%22%3A%5B%22daemon%22%5D%2C%22event%22%3A%5B%22reload%22%5D%7D" | grep -q reload; do
    if [ "$(clock)" -ge "$end" ]; then say 'the engine did not take the new configuration over'; return 1; fi
    nap
  done
}
in_force() {
  [ -s "$stage/expect" ] || return 0
  info=$(api /info) || { say 'the engine does not tell about itself'; return 1; }
  while IFS= read -r key && IFS= read -r needle; do
    case $info in *"$needle"*) ;; *) say "$key is not in force: the engine does not show $needle"; return 1;; esac
  done <"$stage/expect"
}`

const flow: Sh = sh`
back() {
  mark back
  engine_log
  say 'going back to the files before the change'
  put_back
  left=0
  case $1 in
    nothing) ;;
    reload) reload_engine || restart_engine || left=1;;
    *) if [ -f "$stage/ran" ]; then restart_engine || left=1; else stop_engine; fi;;
  esac
  if [ "$left" = 1 ]; then engine_log; say 'the old files are back, and the engine does not come up with them either'; finish 1; fi
  if moves; then clear_copy; fi
  if [ -f "$stage/ran" ]; then say 'rolled back: the old files are back, and the engine runs by them as before'
  else say 'rolled back: the old files are back, and the engine does not run, as before'; fi
  finish ${rolledBackCode}
}
moves() { [ -f "$stage/move" ]; }
go_on() {
  since
  say 'a move of the data was cut off when all was there: it goes on'
  engine_runs || restart_engine || { engine_log; say "the engine does not come up with its data in $to"; finish 1; }
  same_things || finish 1
  settle; finish 0
}
recover() {
  read -r at 2>/dev/null <"$stage/stage" || at=incoming
  case $at in incoming|staged) rm -rf "$stage"; exit 0;; esac
  if moved_on; then go_on; fi
  if [ "$at" = done ]; then finish 0; fi
  since
  put_back
  if moves; then clear_copy; fi
  mark back
  say 'a change was cut off half way: the files before it are back'
  if is_systemd; then systemctl daemon-reload </dev/null; fi
  # the engine that ran before the change has not gone: it may have read the new file, but nothing else
  if alive "$stage/engine" && [ "$at" != moving ]; then [ "$at" = installing ] || reload_engine || restart_engine || finish 1; finish 0; fi
  if [ ! -f "$stage/ran" ] && ! engine_runs; then finish 0; fi
  if restart_engine; then finish 0; fi
  engine_log; say 'the engine does not come up with them'; finish 1
}
change() {
  each unchanged
  if [ -f "$stage/new/check" ]; then
    said=$(validate 2>&1) || { say "the engine refuses the configuration; nothing was changed: $said"; finish 1; }
  fi
  : >"$stage/old/paths"
  each keep || { say 'there is no room for a copy of the old files; nothing was changed'; finish 1; }
  engine_runs && : >"$stage/ran"
  if pid=$(engine_pid); then self "$pid" >"$stage/engine"; tr '\0' '\n' <"/proc/$pid/cmdline" >"$stage/argv"; else echo "$dockerd" >"$stage/argv"; fi
  if ! is_systemd && [ -x /etc/init.d/docker ] && have service && service docker status </dev/null >/dev/null 2>&1; then : >"$stage/by-script"; fi
  if moves; then ready_to_move || finish 1; fi
  mark installing
  failed=
  if [ -f "$stage/new/first" ] && [ -f "$stage/ran" ]; then
    mode=$(stat -L -c %a /etc/docker/daemon.json 2>/dev/null) || mode=0600
    into "$stage/new/first" /etc/docker/daemon.json "$mode" || failed=/etc/docker/daemon.json
    mark reloading
    [ -n "$failed" ] || reload_engine || back reload
    mark installing
  fi
  if moves && [ -z "$failed" ]; then mark moving; move_data || back restart; mark placing; fi
  [ -n "$failed" ] || each place
  if [ -n "$failed" ] && ! moves; then since; say "$failed could not be written"; back nothing; fi
  [ -z "$failed" ] || { say "$failed could not be written"; back restart; }
  case $needs in
    restart) mark restarting; restart_engine || back restart;;
    reload) if [ -f "$stage/ran" ]; then mark reloading; reload_engine || back reload; else mark restarting; restart_engine || back restart; fi;;
    *) if [ ! -f "$stage/ran" ]; then mark restarting; restart_engine || back restart; fi;;
  esac
  mark verifying
  in_force || { nap; nap; nap; in_force; } || back "$needs"
  if moves; then same_things || back restart; settle; fi
  say "done: $needs"
  finish 0
}
self $$ >"$stage/owner"; trap '' HUP INT
$1`

/** How the engine is started where nothing starts services. */
const byHand: Sh = sh`
start_by_hand() {
  log=/var/log/docker.log
  if have start-stop-daemon; then
    start-stop-daemon --start --background --make-pidfile --pidfile /run/docker-ssd.pid --startas /bin/sh -- \
      -c 'log=$1; shift; exec "$@" </dev/null >>"$log" 2>&1' sh "$log" "$@" </dev/null
  else
    setsid sh -c 'echo $$ >/run/docker-ssd.pid; log=$1; shift; exec "$@" >>"$log" 2>&1' sh "$log" "$@" </dev/null >/dev/null 2>&1 &
  fi
  nap
  read -r pid 2>/dev/null </run/docker-ssd.pid && self "$pid" >"$stage/started"
}
ended=$stage/started`

/** The whole text of the script; it reads its plan beside it. Run as `sh FILE change` or `sh FILE recover`. */
export const runScript: string = [
  engineFunctions.sh,
  'umask 077; cd /; LC_ALL=C; export LC_ALL',
  '. "$stage/plan" || exit 1',
  'if [ -f "$stage/move" ]; then . "$stage/move" || exit 1; fi',
  files.sh,
  byHand.sh,
  process.sh,
  flow.sh,
  '',
].join('\n')
