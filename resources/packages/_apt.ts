// apt as a task needs it: waits for others, never asks, keeps changed configuration files, installs package files with what they need.
import { type Sh, sh } from '../../core/sh.js'
import { awaitFirstBoot, type Lists, patience, refresh } from './_refresh.js'
import type { Item, Manner } from './_seen.js'

/** Options of every call that changes something. */
export const settings = sh`-y -q -o DPkg::Lock::Timeout=${patience} -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold`

/** Completes what an interrupted dpkg left; apt refuses to work before that. */
export const prepare = sh`${awaitFirstBoot}
export DEBIAN_FRONTEND=noninteractive
if [ -n "$(ls /var/lib/dpkg/updates 2>/dev/null)" ]; then
  dpkg --configure -a --force-confdef --force-confold </dev/null || :
fi`

export const lists: Lists = {
  manager: 'apt',
  update: sh`apt-get update -q`,
  sources: ['/etc/apt/sources.list', '/etc/apt/sources.list.d'],
  hourly: true,
}

const options = (manner: Manner, mayDowngrade: boolean): Sh =>
  sh`${settings} ${manner.recommends ? '--install-recommends' : '--no-install-recommends'} ${mayDowngrade ? ['--allow-downgrades'] : []} ${manner.held ? ['--allow-change-held-packages'] : []}`

/** What dpkg has; what apt would install; who provides what is missing. For a pin the newest version that matches, and whether it is a step back. */
export const probe: Sh = sh`
all=$(dpkg-query -W -f '\${db:Status-Status} \${db:Status-Want} \${Package} \${Package}:\${Architecture} \${Version}\n' $names 2>/dev/null)
have=$(printf '%s\n' "$all" | while read -r status wish rest; do
  case "$status $wish" in 'installed hold') echo "$rest held";; 'installed '*) echo "$rest";; esac
done)
sort_out
printf '%s\n' "$all" | while read -r status wish one exact rest; do
  if [ "$status" = config-files ]; then case " $names " in *" $one "*) echo "residue $one";; *) echo "residue $exact";; esac; fi
done
if [ "$state" = absent ]; then
  if [ -n "$here" ]; then LC_ALL=C apt-get -s --allow-change-held-packages remove $here 2>/dev/null </dev/null | while read -r verb name rest; do
    if [ "$verb" = Remv ]; then echo "removed $name"; fi
  done; fi
else
  for item in $pins; do
    name=\${item%%=*} pin=\${item#*=}
    case " $here " in *" $name "*) version=$(dpkg-query -W -f '\${Version}' "$name" 2>/dev/null);; *) version=;; esac
    case $version in $pin) continue;; esac
    best=$(LC_ALL=C apt-cache madison "$name" 2>/dev/null | while IFS=' |' read -r one version rest; do
      case $version in $pin) echo "$version"; break;; esac
    done)
    if [ -n "$best" ]; then echo "candidate $name $best"; fi
    if [ -n "$version" ] && dpkg --compare-versions "$version" gt "\${best:-$pin}"; then echo "newer $name"; fi
  done
  if [ -n "$missing" ]; then
    LC_ALL=C apt-cache policy $missing 2>/dev/null | while read -r word value rest; do
      case $word in Candidate:) echo "candidate $package $value";; *:) if [ -z "$value" ]; then package=\${word%:}; fi;; esac
    done
    dpkg-query -W -f '\${db:Status-Status}| \${Provides},\n' 2>/dev/null | while IFS= read -r line; do
      for name in $missing; do
        case $line in "installed|"*" $name,"*|"installed|"*" $name ("*) echo "provided $name";; esac
      done
    done
  fi
fi`

const tellFile = sh`
tell_file() {
  version=
  while read -r word value; do case $word in Package:) package=$value;; Version:) version=$value;; esac; done
  if [ -n "$version" ]; then
    has=$(dpkg-query -W -f '\${db:Status-Status} \${Version}' "$package" 2>/dev/null)
    case $has in "installed "*) has=\${has#* };; *) has=;; esac
    if [ -z "$has" ]; then order=absent
    elif dpkg --compare-versions "$has" lt "$version"; then order=older
    elif dpkg --compare-versions "$has" gt "$version"; then order=newer
    else order=same; fi
    echo "file $package $version $order $has"
  fi
}`

/** Compares a package file with what is installed: one on the host, or the description of one of ours (base64 of its first parts). */
export const probeFile = (from: { path: string } | { start: string }): Sh =>
  'path' in from
    ? sh`${tellFile}
if [ -f ${from.path} ]; then dpkg-deb -f ${from.path} Package Version | tell_file; fi`
    : sh`${tellFile}
printf %s ${from.start} | base64 -d | dpkg-deb -f - Package Version | tell_file`

/** A pinned item as apt writes it. */
const word = ({ name, pin }: Item): string => (pin === undefined ? name : `${name}=${pin}`)

/** Installs or upgrades packages, all in one call. */
export const install = (items: readonly Item[], manner: Manner): Sh => sh`(${prepare}
${refresh(lists, manner.isKnown)}
apt-get install ${options(manner, manner.downgrade)} -- ${items.map(word)} </dev/null
)`

/** Installs a package file, with what it depends on: one on the host, or (without a path) the one that comes by standard input. */
export const installFile = (path: string | undefined, manner: Manner): Sh =>
  path === undefined
    ? sh`(folder=$(mktemp -d /var/cache/apt/longshore.XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM
chmod 755 "$folder" && cat >"$folder/shipped.deb" || exit 1
${prepare}
${refresh(lists, manner.isKnown)}
apt-get install ${options(manner, manner.downgrade)} -- "$folder/shipped.deb" </dev/null
)`
    : sh`(if [ ! -f ${path} ]; then echo "there is no file "${path}" on the host" >&2; exit 1; fi
${prepare}
${refresh(lists, manner.isKnown)}
apt-get install ${options(manner, manner.downgrade)} -- ${path} </dev/null
)`

/** Removes packages; their configuration files stay, unless they are purged. */
export const remove = (names: readonly string[], manner: Manner): Sh => sh`(${prepare}
apt-get ${manner.purge ? 'purge' : 'remove'} ${settings} ${manner.held ? ['--allow-change-held-packages'] : []} -- ${names} </dev/null
)`

/** Refreshes the lists and nothing else. */
export const refreshOnly: Sh = sh`(${prepare}
${refresh(lists, false)}
[ "$code" = 0 ]
)`
