// dnf as a task needs it: never asks, no weak dependencies, takes no dependency away that was not named.
import { lines, type Sh, sh } from '../../core/sh.js'
import { awaitFirstBoot, type Lists, refresh } from './_refresh.js'
import type { Item, Manner, Seen } from './_seen.js'

const lists: Lists = {
  manager: 'dnf',
  update: sh`dnf -q makecache --refresh`,
  sources: ['/etc/yum.repos.d', '/etc/dnf/dnf.conf'],
  hourly: false,
}

/** What dnf's own cache offers of `$missing`; nothing is fetched for it. */
export const offers: Sh = sh`
if [ "$state" != absent ] && [ -n "$missing" ]; then
  dnf -q -C repoquery --latest-limit=1 --qf 'candidate %{name} %{evr}\n' $missing 2>/dev/null </dev/null | grep '^candidate '
fi`

const word = ({ name, pin }: Item): string => (pin === undefined ? name : `${name}-${pin}`)

/** Installs; what is there already without a pin is upgraded, which dnf's `install` does not do. */
export function install(items: readonly Item[], manner: Manner, seen: Seen): Sh {
  const weak = sh`--setopt=install_weak_deps=${manner.recommends ? 'True' : 'False'}`
  const isThere = ({ name, pin }: Item): boolean => pin === undefined && seen.installed.has(name)
  const call = (verb: string, some: readonly Item[]): Sh =>
    some.length === 0 ? sh`:` : sh`dnf -y -q ${weak} ${verb} ${some.map(word)} </dev/null || exit $?`
  return sh`(${awaitFirstBoot}
${refresh(lists, manner.isKnown)}
${lines(
  call(
    'install',
    items.filter(item => !isThere(item)),
  ),
  call('upgrade', items.filter(isThere)),
)}
)`
}

export const remove = (names: readonly string[]): Sh => sh`(${awaitFirstBoot}
dnf -y -q --setopt=clean_requirements_on_remove=False remove ${names} </dev/null
)`

export const refreshOnly: Sh = sh`(${awaitFirstBoot}
${refresh(lists, false)}
[ "$code" = 0 ]
)`
