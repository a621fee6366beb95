// pacman as a task needs it: waits for its lock, never asks; its lists are refreshed only for what they do not know or cannot give any more.
import { type Sh, sh } from '../../core/sh.js'
import { awaitFirstBoot, markFresh, patience } from './_refresh.js'
import type { Item, Manner } from './_seen.js'

export const probe: Sh = sh`
have=$(LC_ALL=C pacman -Q $names 2>/dev/null | while read -r one version; do echo "$one $one $version"; done)
sort_out
for name in $missing; do
  if pacman -T "$name" >/dev/null 2>&1; then echo "provided $name"; fi
done
if [ "$state" = absent ]; then
  if [ -n "$here" ]; then pacman -Rcp --print-format 'removed %n' $here 2>/dev/null </dev/null; fi
elif [ -n "$missing" ]; then
  LC_ALL=C pacman -Si $missing 2>/dev/null </dev/null | while read -r word colon value rest; do
    case $word in Name) name=$value;; Version) echo "candidate $name $value";; esac
  done
fi`

/** Another pacman's lock is waited for; one that nobody holds stays, and pacman itself says what to do about it. */
const prepare = sh`${awaitFirstBoot}
waited=0
while [ -e /var/lib/pacman/db.lck ] && [ "$waited" -lt ${patience} ] && ps 2>/dev/null | grep -q '[p]acman'; do sleep 3; waited=$((waited + 3)); done`

export function install(items: readonly Item[], manner: Manner): Sh {
  const call = sh`pacman -S --noconfirm --needed -- ${items.map(item => item.name)} </dev/null`
  return sh`(${prepare}
if [ ${manner.isKnown ? 'known' : 'unknown'} = known ] && ${call}; then exit 0; fi
pacman -Sy --noconfirm </dev/null >/dev/null && ${markFresh('pacman')} || exit 1
${call}
)`
}

export const remove = (names: readonly string[], manner: Manner): Sh => sh`(${prepare}
pacman ${manner.purge ? '-Rcn' : '-Rc'} --noconfirm -- ${names} </dev/null
)`

export const refreshOnly: Sh = sh`(${prepare}
pacman -Sy --noconfirm </dev/null && ${markFresh('pacman')}
)`
