// Services where no systemd runs: by their init script, and where that fails or is missing, as a daemon of our own.
import { basename } from 'node:path'
import { type Sh, sh } from '../core/sh.js'

/** How a service runs without anything that starts services. */
export interface Daemon {
  argv: string[]
  /** Shell text that succeeds when the service answers. */
  ready?: string | undefined
  pidfile?: string | undefined
  log?: string | undefined
}

/** Seconds that a service may take until it answers, and until it has ended. */
const patience = 30

/** Defines what the scripts below share, for one service; `alive` looks whether the pid is still that program. */
function definitions(name: string, daemon: Daemon | undefined): Sh {
  const argv = daemon?.argv ?? []
  const isReady = daemon?.ready === undefined ? sh`alive || script status` : sh`sh -c ${daemon.ready}`
  return sh`
name=${name} script=/etc/init.d/${name}
pidfile=${daemon?.pidfile ?? `/run/longshore/${name}.pid`} log=${daemon?.log ?? `/var/log/${name}.log`}
has_script() { [ -x "$script" ]; }
script() {
  has_script || return 1
  if command -v service >/dev/null; then service "$name" "$1"; else "$script" "$1"; fi
} </dev/null >/dev/null 2>&1
pid() { read -r pid <"$pidfile"; } 2>/dev/null
alive() {
  [ -n ${argv[0] ?? ''} ] && pid && [ -r "/proc/$pid/cmdline" ] || return 1
  case "$(tr '\000' ' ' <"/proc/$pid/cmdline")" in *${basename(argv[0] ?? '')}*) return 0;; esac
  return 1
}
ready() { ${isReady}; } </dev/null >/dev/null 2>&1`
}

/** Prints who looks after the service, and whether it runs and starts at boot (nothing where there is no such thing). */
export const probeDaemon = (name: string, daemon: Daemon | undefined): Sh => sh`${definitions(name, daemon)}
if has_script; then echo manager=script; else echo manager=none; fi
if ready; then echo running=yes; else echo running=no; fi
if has_script && command -v update-rc.d >/dev/null; then
  enabled=no
  for link in /etc/rc[S2345].d/S[0-9][0-9]"$name"; do if [ -e "$link" ]; then enabled=yes; fi; done
  echo "enabled=$enabled"
fi`

const start = (argv: readonly string[]): Sh => sh`
wait_ready() {
  left=$1
  while ! ready; do
    left=$((left - 1))
    if [ "$left" -le 0 ] || { [ "$2" = ours ] && ! alive; }; then return 1; fi
    sleep 1
  done
}
fail() { printf '%s\n' "$1" >&2; if ! alive; then rm -f "$pidfile"; fi; if [ -s "$2" ]; then tail -n 20 "$2" >&2; fi; exit 1; }
start_script() {
  has_script || return 1
  said=$(mktemp) || exit 1
  if command -v service >/dev/null; then service "$name" start; else "$script" start; fi </dev/null >"$said" 2>&1
  if [ $? = 0 ]; then wait_ready ${patience}; else wait_ready 2; fi
}
start_daemon() {
  mkdir -p "\${pidfile%/*}" "\${log%/*}" || exit 1
  rm -f "$pidfile"
  if command -v start-stop-daemon >/dev/null; then
    how=start-stop-daemon
    start-stop-daemon --start --background --make-pidfile --pidfile "$pidfile" --startas /bin/sh -- \
      -c 'log=$1; shift; exec "$@" </dev/null >>"$log" 2>&1' sh "$log" ${argv} </dev/null >/dev/null 2>&1
  else
    how=setsid
    setsid sh -c 'echo $$ >"$1"; log=$2; shift 2; exec "$@" >>"$log" 2>&1' sh "$pidfile" "$log" ${argv} </dev/null >/dev/null 2>&1 &
  fi
  sleep 1
  wait_ready ${patience} ours
}
start() {
  said=
  if ready; then echo 'runs already'
  elif start_script; then echo 'started by its init script'; rm -f "$said"
  elif [ ${argv.length} = 0 ]; then
    has_script || fail "$name: there is no systemd, no init script and no daemon: to start" ""
    fail "$name did not start" "$said"
  else
    if [ -n "$said" ]; then echo 'its init script did not start it:'; tail -n 5 "$said"; rm -f "$said"; fi
    if alive; then wait_ready ${patience} ours; else start_daemon; fi || fail "$name did not come up within ${patience} seconds; its log says:" "$log"
    echo "started by \${how:-start-stop-daemon}"
  fi
}`

const stop: Sh = sh`
# a process that nobody has reaped is over: its command line is empty
ended() { if [ -n "$1" ]; then [ -z "$(tr '\000' ' ' <"/proc/$1/cmdline")" ]; else ! ready; fi; } 2>/dev/null
stop() {
  script stop
  ours=
  if alive; then ours=$pid; kill "$pid"; fi
  left=${patience}
  while ! ended "$ours"; do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then echo "$name did not end within ${patience} seconds" >&2; exit 1; fi
    sleep 1
  done
  if [ -n "$ours" ]; then rm -f "$pidfile"; fi
}`

const reload: Sh = sh`
reload() {
  if alive; then kill -HUP "$pid"
  elif ready; then script reload || script force-reload || { echo "$name cannot be reloaded" >&2; exit 1; }
  else start; fi
}`

/** Brings the service to the state, and prints which way it was started. */
export function daemonState(
  name: string,
  daemon: Daemon | undefined,
  state: 'started' | 'stopped' | 'restarted' | 'reloaded',
): Sh {
  const act = { started: sh`start`, stopped: sh`stop`, restarted: sh`stop; start`, reloaded: sh`reload` }
  return sh`${definitions(name, daemon)}${start(daemon?.argv ?? [])}${stop}${reload}
${act[state]}`
}

/** Makes the init script start at boot, or not; does nothing where there are no such links. */
export const scriptEnabled = (name: string, isEnabled: boolean): Sh => sh`
if [ -x /etc/init.d/${name} ] && command -v update-rc.d >/dev/null; then
  update-rc.d ${name} defaults </dev/null >/dev/null && update-rc.d ${name} ${isEnabled ? 'enable' : 'disable'} </dev/null || exit 1
fi`
