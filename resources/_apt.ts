// apt as a task needs it: waits for others, refreshes the lists when they are stale, never asks, keeps changed configuration files.
import { type Sh, sh } from '../core/sh.js'

/** Seconds for which we wait for another apt, and for the first boot's own set-up. */
const patience = 300

const settings = sh`-y -q -o DPkg::Lock::Timeout=${patience} -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold`

/** Waits for cloud-init, and completes what an interrupted dpkg left; apt refuses to work before that. */
const prepare = sh`
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
if command -v cloud-init >/dev/null && [ -d /run/systemd/system ]; then
  timeout ${patience} cloud-init status --wait </dev/null >/dev/null 2>&1 || :
fi
if [ -n "$(ls /var/lib/dpkg/updates 2>/dev/null)" ]; then
  dpkg --configure -a --force-confdef --force-confold </dev/null || :
fi`

/**
 * Package lists are refreshed when nobody has done so for an hour, when a source was added since, or when they do not know the package.
 * `DPkg::Lock::Timeout` does not cover the lock of the lists, so that one is waited for here. A failed refresh is told and is no
 * failure by itself: what is to be installed may well be known.
 */
const refresh = (isKnown: boolean): Sh => sh`
stamp=/run/longshore/apt-updated
sources=$(find /etc/apt/sources.list /etc/apt/sources.list.d -newer "$stamp" 2>/dev/null)
if [ ${isKnown ? 'known' : 'unknown'} = unknown ] || [ -n "$sources" ] || [ -z "$(find "$stamp" -mmin -60 2>/dev/null)" ]; then
  waited=0
  while :; do
    said=$(apt-get update -q </dev/null 2>&1); code=$?
    case $said in *'Could not get lock'*|*'Unable to lock'*) ;; *) break;; esac
    if [ "$waited" -ge ${patience} ]; then break; fi
    sleep 3; waited=$((waited + 3))
  done
  case $said in *'Failed to fetch'*|*'Some index files failed'*) code=100;; esac
  if [ "$code" = 0 ]; then mkdir -p \${stamp%/*} && : >"$stamp"
  else printf '%s\n' "the package lists could not be refreshed:" "$said" | tail -n 15 >&2; fi
fi`

/** Installs or upgrades packages, `name` or `name=version`. `isKnown`: the lists name a version of each. */
export const install = (items: readonly string[], isKnown: boolean): Sh => sh`(${prepare}
${refresh(isKnown)}
apt-get install ${settings} --no-install-recommends ${items.some(item => item.includes('=')) ? ['--allow-downgrades'] : []} -- ${items} </dev/null
)`

/** Removes packages; their configuration files stay. */
export const remove = (names: readonly string[]): Sh => sh`(${prepare}
apt-get remove ${settings} -- ${names} </dev/null
)`
