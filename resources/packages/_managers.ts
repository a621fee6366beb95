// The package managers by name, and the one script that asks the one that the host has.
import { lines, type Sh, sh } from '../../core/sh.js'
import * as apk from './_apk.js'
import * as apt from './_apt.js'
import * as dnf from './_dnf.js'
import * as pacman from './_pacman.js'
import { probeRpm } from './_rpm.js'
import { type Asked, type Item, type ManagerName, type Manner, managerNames, type Seen } from './_seen.js'
import * as zypper from './_zypper.js'

/** One package manager, as shell text. */
interface Manager {
  /** Installs or upgrades, all in one call of the manager. */
  install(items: readonly Item[], manner: Manner, seen: Seen): Sh
  /** Removes, with what depends on them. */
  remove(names: readonly string[], manner: Manner): Sh
  /** Refreshes the package lists and fails where that fails. */
  refreshOnly: Sh
}

export const managers: Record<ManagerName, Manager> = { apt, dnf, zypper, pacman, apk }

const programs: Record<ManagerName, readonly string[]> = {
  apt: ['apt-get', 'dpkg-query'],
  dnf: ['dnf', 'rpm'],
  zypper: ['zypper', 'rpm'],
  pacman: ['pacman'],
  apk: ['apk'],
}

const isThere = (name: ManagerName): Sh =>
  programs[name].reduce((all, program) => sh`${all} && command -v ${program} >/dev/null`, sh`:`)

/**
 * Sets `$manager` to the host's own package manager, or to `none`: the one of its distribution where that is there, because others can be
 * installed beside it; else the first that is. `use` takes one for sure.
 */
export const findManager = (use: ManagerName | undefined): Sh => sh`
has_manager() {
  case $1 in
${lines(...managerNames.map(name => sh`  ${name}) ${isThere(name)};;`))}
  *) false;;
  esac
}
own=$( (. /etc/os-release) 2>/dev/null && . /etc/os-release && case " $ID $ID_LIKE " in
  *' debian '*|*' ubuntu '*) echo apt;; *suse*) echo zypper;; *' fedora '*|*' rhel '*|*' centos '*) echo dnf;;
  *' arch '*) echo pacman;; *' alpine '*) echo apk;; esac)
manager=none
for one in ${use === undefined ? sh`$own ${managerNames}` : sh`${use}`}; do
  if has_manager "$one"; then manager=$one; break; fi
done
echo "manager $manager"`

/** Each prints what it knows, in the lines that `readSeen` reads, of `$names` and `$pins` for `$state`; all lists stay as they are. */
const probes: readonly [readonly ManagerName[], Sh][] = [
  [['apt'], sh`apt) ${apt.probe}`],
  [
    ['dnf', 'zypper'],
    sh`dnf|zypper) ${probeRpm}
if [ "$manager" = dnf ]; then :${dnf.offers}
else :${zypper.offers}
fi`,
  ],
  [['pacman'], sh`pacman) ${pacman.probe}`],
  [['apk'], sh`apk) ${apk.probe}`],
]

/**
 * Sorts `$names` into `$here` and `$missing` by the lines of `$have`: name, name with architecture, version, and `held` or nothing. All
 * are asked for anew with `latest`.
 */
const sortOut = sh`
missing= here=
sort_out() {
  for name in $names; do
    found=$(printf '%s\n' "$have" | while read -r one exact version mark; do
      case $name in "$one"|"$exact") echo "installed $name $version\${mark:+ $mark}";; esac
    done)
    if [ -n "$found" ]; then printf '%s\n' "$found"; here="$here $name"; else missing="$missing $name"; fi
  done
  if [ "$state" = latest ]; then missing="$missing $here"; fi
}`

/** Asks `$manager`, whichever it is. A name holds no blank, and a pin no blank either; its stars are not for the shell. */
export function askManager({ use, items, state }: Asked): Sh {
  const pins = items.flatMap(({ name, pin }) => (pin === undefined ? [] : [`${name}=${pin}`]))
  const cases = probes
    .filter(([names]) => use === undefined || names.includes(use))
    .map(
      ([, probe]) => sh`${probe}
;;`,
    )
  return sh`set -f; state=${state} names=${items.map(item => item.name).join(' ')} pins=${pins.join(' ')}${sortOut}
case $manager in
${lines(...cases)}
esac`
}
