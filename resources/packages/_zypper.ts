// zypper as a task needs it: waits for others, never asks, takes no dependency away that was not named.
import { type Sh, sh } from '../../core/sh.js'
import { awaitFirstBoot, type Lists, patience, refresh } from './_refresh.js'
import type { Item, Manner } from './_seen.js'

const lists: Lists = {
  manager: 'zypper',
  update: sh`zypper --non-interactive --quiet refresh`,
  sources: ['/etc/zypp/repos.d'],
  hourly: false,
}

/** What zypper's own cache offers of `$missing`, the newest first; nothing is fetched for it. */
export const offers: Sh = sh`
if [ "$state" != absent ] && [ -n "$missing" ]; then
  LC_ALL=C zypper --non-interactive --no-refresh search -s --match-exact -t package $missing 2>/dev/null </dev/null |
    while IFS=' |' read -r mark name type version rest; do
      if [ "$type" = package ]; then echo "candidate $name $version"; fi
    done
fi`

const word = ({ name, pin }: Item): string => (pin === undefined ? name : `${name}=${pin}`)

/** zypper ends with 102 or 103 where all is installed and a restart is advised. */
const call = (words: Sh): Sh => sh`(${awaitFirstBoot}
export ZYPP_LOCK_TIMEOUT=${patience}
${words} </dev/null
code=$?
case $code in 102|103) code=0;; esac
exit "$code"
)`

export const install = (items: readonly Item[], manner: Manner): Sh =>
  call(sh`${refresh(lists, manner.isKnown)}
zypper --non-interactive --quiet install ${manner.recommends ? '--recommends' : '--no-recommends'} ${manner.downgrade ? ['--oldpackage'] : []} -- ${items.map(word)}`)

export const remove = (names: readonly string[]): Sh =>
  call(sh`zypper --non-interactive --quiet remove --no-clean-deps -- ${names}`)

export const refreshOnly: Sh = sh`(${awaitFirstBoot}
${refresh(lists, false)}
[ "$code" = 0 ]
)`
