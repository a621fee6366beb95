// Services where systemd runs: what a unit's state is, and the shell text that changes it.
import { type Sh, sh } from '../core/sh.js'

/** A test: whether systemd runs this host. */
export const isSystemd: Sh = sh`[ -d /run/systemd/system ] && command -v systemctl >/dev/null`

/** Prints the unit's properties; `is-enabled` also knows the init scripts that systemd wraps. */
export const probeUnit = (name: string): Sh => sh`echo manager=systemd
systemctl show -p LoadState -p ActiveState -p SubState ${name} </dev/null || exit 1
printf 'enabled=%s\n' "$(systemctl is-enabled ${name} 2>/dev/null </dev/null)"`

/** Runs one systemctl verb; when it fails, or the unit then lies dead, shows the last lines of its journal. */
const act = (verb: string, name: string): Sh => sh`
if ! systemctl ${verb} ${name} </dev/null; then show_log; exit 1; fi
case $(systemctl show -p ActiveState ${name}):$(systemctl show -p SubState ${name}) in
  *=failed:*|*=auto-restart) echo ${`${name} did not stay up`} >&2; show_log; exit 1;;
esac`

const logOf = (name: string): Sh => sh`
show_log() { journalctl -u ${name} -n 20 --no-pager -o cat </dev/null >&2 2>/dev/null || systemctl status --no-pager -n 20 ${name} </dev/null >&2; }
if [ "$(systemctl show -p NeedDaemonReload ${name})" != NeedDaemonReload=no ] || [ "$(systemctl show -p LoadState ${name})" = LoadState=not-found ]; then
  systemctl daemon-reload </dev/null
fi`

/** Brings the unit to the state. A unit that failed too often may be started again. */
export function unitState(name: string, state: 'started' | 'stopped' | 'restarted' | 'reloaded'): Sh {
  const reset = sh`systemctl reset-failed ${name} </dev/null 2>/dev/null`
  const steps = {
    started: sh`${reset}${act('start', name)}
echo 'started by systemd'`,
    stopped: sh`systemctl stop ${name} </dev/null || exit 1`,
    restarted: sh`${reset}${act('restart', name)}
echo 'restarted by systemd'`,
    reloaded: sh`if systemctl is-active --quiet ${name}; then ${act('reload', name)}
else ${reset}${act('start', name)}
fi`,
  }
  return sh`${logOf(name)}
${steps[state]}`
}

/** Makes the unit start at boot, or not. */
export const unitEnabled = (name: string, isEnabled: boolean): Sh => sh`${logOf(name)}
systemctl ${isEnabled ? 'enable' : 'disable'} ${name} </dev/null || exit 1`
