// Asks a host how its engine is set up: one read, and the shell functions that it shares with the change itself.
import { type Sh, sh } from '../../core/sh.js'
import { engineMemoryFile } from '../../core/state.js'

/** Where a change is prepared and what was written last time is remembered; root's alone. */
export const engineFolder = '/var/lib/longshore/engine'

/** Our part of the unit, read after every other drop-in of the usual names. */
export const dropIn = '/etc/systemd/system/docker.service.d/zz-longshore.conf'
export const daemonFile = '/etc/docker/daemon.json'
/** The proxy of an engine that does not know the key for it. */
export const proxyFile = '/etc/docker/longshore-proxy.env'
export const memoryFile = engineMemoryFile

/**
 * Defines what the probe and the change share. `api PATH` prints the engine's answer at its usual socket, by whatever the host has: curl,
 * perl (part of every Debian) or the docker command. `alive FILE` tells whether the process that FILE names (boot, pid, start) still runs.
 */
export const engineFunctions: Sh = sh`
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin engine=${engineFolder} stage=${engineFolder}/change socket=/var/run/docker.sock
limit() { if have timeout; then timeout 15 "$@"; else "$@"; fi; }
have() { command -v "$1" >/dev/null 2>&1; }
nap() { sleep 0.2 2>/dev/null || sleep 1; }
api() {
  if have curl && curl -sf -m 10 --unix-socket "$socket" "http://docker$1" 2>/dev/null; then return 0; fi
  if have perl && perl -MIO::Socket::UNIX -e 'alarm 10; $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
    print $s "GET $ARGV[1] HTTP/1.0\r\nHost: docker\r\n\r\n"; $s->flush; local $/; $_ = <$s>;
    m{^HTTP/1\.\d 200 .*?\r\n\r\n(.*)}s or exit 1; print $1' "$socket" "$1" 2>/dev/null; then return 0; fi
  have docker || return 1
  case $1 in
    /_ping) limit docker -H "unix://$socket" version --format '{{.Server.Version}}';;
    /info) limit docker -H "unix://$socket" info --format '{{json .}}';;
    /volumes) limit docker -H "unix://$socket" volume ls --format '"Name":"{{.Name}}","Mountpoint":';;
    /images/json*) limit docker -H "unix://$socket" images -a --no-trunc --format '"Id":"{{.ID}}"';;
    /containers/json'?all=1') limit docker -H "unix://$socket" ps -a --no-trunc --format '"Id":"{{.ID}}"';;
    /plugins) limit docker -H "unix://$socket" plugin ls --format '"Name":"{{.Name}}"';;
    /containers/json) limit docker -H "unix://$socket" ps --format '"Names":["/{{.Names}}"]';;
    /containers/*/json) one=\${1#/containers/}; limit docker -H "unix://$socket" inspect --format '{{json .}}' "\${one%/json}";;
    /events*) since=\${1#*since=} until=\${1#*until=}
      limit docker -H "unix://$socket" events --since "\${since%%&*}" --until "\${until%%&*}" --filter type=daemon --filter event=reload;;
    *) return 1;;
  esac </dev/null 2>/dev/null
}
started() { s=$(cat "/proc/$1/stat" 2>/dev/null) || return 1; s=\${s##*) }; set -- $s; shift 19; echo "$1"; }
self() { echo "$(cat /proc/sys/kernel/random/boot_id) $1 $(started "$1")"; }
alive() { read -r boot_is pid_is start_is 2>/dev/null <"$1" && [ "$(self "$pid_is")" = "$boot_is $pid_is $start_is" ]; }
moved_on() { [ -f "$stage/move" ] && [ "$(sha256sum <"$stage/new/daemon")" = "$(sha256sum <${daemonFile})" ]; } 2>/dev/null
is_systemd() { [ -d /run/systemd/system ] && have systemctl; }
engine_pid() {
  if is_systemd; then pid=$(systemctl show -p MainPID docker.service </dev/null); pid=\${pid#*=}
  else pid=0; read -r pid </var/run/docker.pid || :; fi 2>/dev/null
  [ "\${pid:-0}" != 0 ] && { is_systemd || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; } && echo "$pid"
}
engine_runs() {
  if is_systemd; then systemctl is-active --quiet docker.service </dev/null; else engine_pid >/dev/null; fi
}`

/** Seconds that the probe waits for a change that still runs. */
const patience = 90

/** Prints `name=value` lines; texts of files are in base64. Only reads; an engine that does not run is not woken by a question. */
export const engineProbe: Sh = sh`${engineFunctions}
if [ "$(id -u)" != 0 ]; then echo 'the configuration of an engine is read as root: say become: true' >&2; exit 1; fi
left=$((${patience} * 5))
while [ -d "$stage" ] && { alive "$stage/owner" || alive "$stage/front"; } && [ "$left" -gt 0 ]; do nap; left=$((left - 1)); done
root=
if [ -d "$stage" ]; then
  if alive "$stage/owner" || alive "$stage/front"; then echo pending=running; else
    read -r at <"$stage/stage" || at=incoming
    case $at in incoming|staged) echo pending=leftover;;
      # data that was moved stays where the engine may have written since
      *) if moved_on; then echo pending=moved; elif [ "$at" = done ]; then echo pending=leftover; else echo pending=cut; root=$stage/old; fi;;
    esac 2>/dev/null
  fi 2>/dev/null
fi
b64() { base64 <"$1" | tr -d '\n'; }
# a cut change goes back first: what it kept is what will be there
at() { if [ -n "$root" ] && [ -f "$root/paths" ] && grep -qxF "$1 $2" "$root/paths"; then real=$root/$1; else real=$2; fi; }
text() { at "$1" "$2"; if [ -f "$real" ]; then printf '%s=%s\n' "$1" "$(b64 "$real")"; fi; sum "$1" "$2"; }
sum() {
  at "$1" "$2"
  if [ -f "$real" ]; then s=$(sha256sum <"$real") || exit 1; printf '%s_sum=%s\n%s_mode=%s\n' "$1" "\${s%% *}" "$1" "$(stat -L -c %a "$real")"
  elif [ -e "$real" ]; then echo "$2 is not an ordinary file" >&2; exit 1; fi
}
if have dockerd; then
  printf 'dockerd=%s\nversion=%s\n' "$(command -v dockerd)" "$(dockerd --version 2>/dev/null </dev/null)"
elif have apt-cache; then
  for name in docker-ce docker.io; do
    candidate=$(apt-cache policy "$name" 2>/dev/null </dev/null | sed -n 's/^ *Candidate: *//p')
    case $candidate in ''|'(none)') ;; *) printf 'candidate=%s\n' "$candidate"; break;; esac
  done
fi
if is_systemd; then
  echo init=systemd
  printf 'unit=%s\n' "$(systemctl cat docker.service 2>/dev/null </dev/null | base64 | tr -d '\n')"
else echo init=none; fi
text daemon ${daemonFile}
text dropin ${dropIn}
text proxy ${proxyFile}
text memory ${memoryFile}
text ca /etc/docker/tls/ca.pem
text cert /etc/docker/tls/cert.pem
sum key /etc/docker/tls/key.pem
name=; { read -r name </proc/sys/kernel/hostname; } 2>/dev/null
route=$( { ip -4 route get 192.0.2.1 || ip -6 route get 2001:db8::1; } 2>/dev/null </dev/null)
case $route in *' src '*) route=\${route#* src }; route=\${route%% *};; *) route=;; esac
printf 'names=%s %s\n' "$name" "$route"
if engine_runs; then
  echo running=yes
  pid=$(engine_pid) && printf 'argv=%s\n' "$(b64 "/proc/$pid/cmdline")"
  printf 'info=%s\n' "$(api /info | base64 | tr -d '\n')"
  printf 'plugins=%s\n' "$(api /plugins | tr ',{' '\n\n' | sed -n 's/^"Name":"\([^"]*\)".*/\1/p' | tr '\n' ' ')"
  printf 'volumes=%s\n' "$(api /volumes | tr ',{' '\n\n' | grep -c '"Mountpoint":')"
  printf 'containers=%s\n' "$(api /containers/json | tr '{' '\n' | sed -n 's/.*"Names":\["\/\([^"]*\)".*/\1/p' | tr '\n' ' ')"
else
  at daemon ${daemonFile}
  data=$(sed -n 's/.*"data-root"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$real" 2>/dev/null)
  data=\${data:-/var/lib/docker}
  for one in "$data"/containers/* "$data"/volumes/*/_data "$data"/image/*/imagedb/content/sha256/* "$data"/[0-9]*.[0-9]*/image/*/imagedb/content/sha256/*; do
    if [ -e "$one" ]; then echo held=yes; break; fi
  done
fi
echo end`
