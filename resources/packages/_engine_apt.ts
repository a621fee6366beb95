// How apt brings an engine: at a version that a pattern names, in exchange for another one, and kept on hold.
import { type Sh, sh } from '../../core/sh.js'
import { engineFunctions } from '../daemon/probe.js'
import { lists, prepare, settings } from './_apt.js'
import { patience, refresh } from './_refresh.js'

/** Names the packages that we have put on hold, so that only those are let go again; the provider looks for it, too. */
const holdMark = '/var/lib/longshore/engine-held'

/**
 * Defines `fits VERSION`: whether `$wanted`, in which * stands for anything, names it as a whole, without its epoch, or as its makers
 * count it (without what follows the first of - + ~); `candidate NAME`: what apt would install; and `best_of NAME`: that if it fits, else the
 * newest of the lists that does.
 */
const versions = (wanted: string): Sh => sh`
wanted=${wanted}
fits() {
  bare=\${1#*:}
  case $1 in $wanted) return 0;; esac
  case $bare in $wanted) return 0;; esac
  case \${bare%%[-+~]*} in $wanted) return 0;; esac
  return 1
}
offers() { LC_ALL=C apt-cache madison "$1" 2>/dev/null </dev/null | while IFS=' |' read -r one version rest; do echo "$version"; done; }
candidate() { LC_ALL=C apt-cache policy "$1" 2>/dev/null </dev/null | sed -n 's/^ *Candidate: *\([^( ].*\)/\1/p'; }
best_of() { { candidate "$1"; offers "$1"; } | while read -r version; do if fits "$version"; then echo "$version"; break; fi; done; }
version_of() {
  set -- "$(dpkg-query -W -f '\${db:Status-Status} \${Version}' "$1" 2>/dev/null </dev/null)"
  case $1 in 'installed '*) echo "\${1#* }";; esac
}`

/** `outdated` succeeds where the engine that runs is not the one that is installed: Debian's packages leave it running. */
const outdated: Sh = sh`${engineFunctions}
outdated() {
  running_pid=$(engine_pid) || return 1
  case $(readlink "/proc/$running_pid/exe" 2>/dev/null) in *' (deleted)') return 0;; esac
  return 1
}`

/** Prints `fits NAME`, `best NAME VERSION`, `newer NAME` for packages with a version, `ours NAME` for holds of ours, and how the engine runs. */
export const probeEngine = (names: readonly string[], version: string | undefined): Sh => sh`${outdated}
if [ "$manager" = apt ]; then
${
  version === undefined
    ? sh`:`
    : sh`${versions(version)}
for name in ${names}; do
  has=$(version_of "$name")
  if [ -n "$has" ] && fits "$has"; then echo "fits $name"; continue; fi
  best=$(best_of "$name")
  if [ -n "$best" ]; then
    echo "best $name $best"
    if [ -n "$has" ] && dpkg --compare-versions "$has" gt "$best"; then echo "newer $name"; fi
  fi
done`
}
if [ -r ${holdMark} ]; then sed -n 's/^\([a-z0-9.+-]*\)$/ours \1/p' ${holdMark}; fi
fi
if engine_runs; then
  if outdated; then echo outdated; fi
  info=$(api /info)
  printf '%s\n' "$info" | sed -n 's/.*"ServerVersion":"\([^"]*\)".*/runs \1/p'
  case $info in *'"LiveRestoreEnabled":true'*) echo live-restore;; esac
  api /containers/json | tr '{' '\n' | sed -n 's/.*"Names":\["\/\([^"]*\)".*/container \1/p'
fi
echo done`

/** What is to be brought, and what for it may go. */
export interface Bringing {
  names: readonly string[]
  /** Of these, the ones to which the version does not apply: as apt would choose. */
  own: readonly string[]
  /** Of these, the ones that come only where the lists have them. */
  optional: readonly string[]
  /** Packages that must go for it; nothing else may. */
  replaced: readonly string[]
  version: string | undefined
  /** Whether the host's lists name all of it. */
  isKnown: boolean
}

/** Restarts an engine of which another version is installed; where nothing starts services it ends, and is started by the task that looks after it. */
export const restartEngine: Sh = sh`(${outdated}
if outdated; then
  if is_systemd; then systemctl daemon-reload </dev/null && systemctl restart docker.service </dev/null || exit 1
  else
    kill "$running_pid"; left=60
    while [ -d "/proc/$running_pid" ] && [ -n "$(tr '\000' ' ' <"/proc/$running_pid/cmdline")" ]; do
      left=$((left - 1)); if [ "$left" = 0 ]; then echo 'the engine did not end within 60 seconds' >&2; exit 1; fi
      sleep 1
    done
  fi
fi
)`

/** Installs, in one transaction: what fails to arrive leaves the old engine as it was. */
export const bring = ({ names, own, optional, replaced, version, isKnown }: Bringing): Sh => sh`(${prepare}
${refresh(lists, isKnown)}
${versions(version ?? '*')}
words=
for name in ${names}; do
  case ${` ${own.join(' ')} `} in *" $name "*) word=$name best=$(candidate "$name");; *) best=$(best_of "$name") word=$name=$best;; esac
  case ${` ${optional.join(' ')} `} in *" $name "*) if [ -z "$best" ]; then continue; fi;; esac
  if [ -z "$best" ]; then
    known=$(offers "$name" | head -n 20 | tr '\n' ' ')
    echo "the package lists have no $name \${known:+that is $wanted; they have $known}" >&2; exit 1
  fi
  words="$words $word"
done
for name in ${replaced}; do words="$words $name-"; done
set -f
call() {
  apt-get ${settings} --no-install-recommends --allow-downgrades --allow-change-held-packages "$@" -- $words </dev/null
}
others=
for name in $(call -s install 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/\1/p'); do
  case ${` ${replaced.join(' ')} `} in *" $name "*) ;; *) others="$others $name";; esac
done
if [ -n "$others" ]; then echo "nothing was changed: these packages would be removed, too:$others" >&2; exit 1; fi
call install || exit 1
${
  replaced.length === 0
    ? sh``
    : sh`# Debian's package leaves it for its own purge, which would empty the folder under the new engine.
rm -f /var/lib/docker/nuke-graph-directory.sh`
}
)`

/** Puts those of the packages that are there on hold, and notes them as ours. */
export const hold = (names: readonly string[]): Sh => sh`(${versions('*')}
there=
for name in ${names}; do if [ -n "$(version_of "$name")" ]; then there="$there $name"; fi; done
apt-mark -o DPkg::Lock::Timeout=${patience} hold -- $there </dev/null || exit 1
umask 022; mkdir -p /var/lib/longshore && printf '%s\n' $there >${holdMark}
)`

/** Lets go what we had put on hold. */
export const letGo = (names: readonly string[]): Sh => sh`${
  names.length === 0 ? sh`:` : sh`apt-mark -o DPkg::Lock::Timeout=${patience} unhold -- ${names} </dev/null || exit 1`
}
rm -f ${holdMark}`
