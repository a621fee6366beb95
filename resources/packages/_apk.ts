// apk as a task needs it: its own database is read as a file, and what it would do is asked by a simulation.
import { type Sh, sh } from '../../core/sh.js'
import { awaitFirstBoot, type Lists, patience, refresh } from './_refresh.js'
import type { Item, Manner } from './_seen.js'

const lists: Lists = {
  manager: 'apk',
  update: sh`apk update`,
  sources: ['/etc/apk/repositories'],
  hourly: true,
}

/** The database names each package by `P:`, `V:` and `p:` (what it provides), as apk-package(5) and apk-v2(5) of apk-tools say. */
export const probe: Sh = sh`
database=/lib/apk/db/installed
if [ ! -f "$database" ]; then database=/usr$database; fi
all=$(grep '^[PVp]:' "$database" 2>/dev/null | while IFS= read -r line; do
  case $line in
    P:*) one=\${line#P:};;
    V:*) echo "installed $one $one \${line#V:}";;
    p:*) for given in \${line#p:}; do echo "provided \${given%%=*}"; done;;
  esac
done)
have=$(printf '%s\n' "$all" | sed -n 's/^installed //p')
sort_out
for name in $missing; do
  if printf '%s\n' "$all" | grep -qxF "provided $name"; then echo "provided $name"; fi
done
for item in $pins; do
  name=\${item%%=*} pin=\${item#*=}
  case $pin in '~'*) continue;; esac
  printf '%s\n' "$have" | while read -r one exact version; do
    if [ "$one" = "$name" ] && [ "$(apk version -t "$version" "$pin" 2>/dev/null)" = '>' ]; then echo "newer $name"; fi
  done
done
if [ "$state" = absent ]; then
  if [ -n "$here" ]; then apk del --simulate --rdepends $here 2>/dev/null </dev/null | sed -n 's/^([ 0-9/]*) Purging \([^ ]*\) .*/removed \1/p'; fi
elif [ -n "$missing" ]; then
  apk add --simulate --upgrade $missing 2>/dev/null </dev/null | sed -n \
    -e 's/^([ 0-9/]*) Installing \([^ ]*\) (\([^ )]*\)).*/candidate \1 \2/p' \
    -e 's/^([ 0-9/]*) Upgrading \([^ ]*\) ([^ ]* -> \([^ )]*\)).*/candidate \1 \2/p'
fi`

const word = ({ name, pin }: Item): string => (pin === undefined ? name : `${name}=${pin}`)

export const install = (items: readonly Item[], manner: Manner): Sh => sh`(${awaitFirstBoot}
${refresh(lists, manner.isKnown)}
apk add --wait ${patience} --upgrade ${items.map(word)} </dev/null
)`

export const remove = (names: readonly string[], manner: Manner): Sh => sh`(${awaitFirstBoot}
apk del --wait ${patience} --rdepends ${manner.purge ? ['--purge'] : []} ${names} </dev/null
)`

export const refreshOnly: Sh = sh`(${awaitFirstBoot}
${refresh(lists, false)}
[ "$code" = 0 ]
)`
