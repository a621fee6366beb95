// What dnf and zypper share: the rpm database, asked without either of them.
import { type Sh, sh } from '../../core/sh.js'

/**
 * Prints what rpm knows, for dnf and zypper alike.
 * A version is compared without the epoch or the release that the pin leaves out.
 */
export const probeRpm: Sh = sh`
have=$(LC_ALL=C rpm -q --qf 'rpm %{NAME} %{NAME}.%{ARCH} %{EVR}\n' $names 2>/dev/null | sed -n 's/^rpm //p')
sort_out
for name in $missing; do
  if rpm -q --whatprovides "$name" >/dev/null 2>&1; then echo "provided $name"; fi
done
for item in $pins; do
  name=\${item%%=*} pin=\${item#*=}
  case $pin in *'*'*) continue;; esac
  version=$(rpm -q --qf '%{EVR}\n' "$name" 2>/dev/null | tail -n 1)
  case " $here " in *" $name "*) ;; *) continue;; esac
  case $pin in *:*) ;; *) version=\${version#*:};; esac
  case $pin in *-*) ;; *) version=\${version%-*};; esac
  if [ "$(rpm --eval "%{lua: print(rpm.vercmp('$version', '$pin'))}")" = 1 ]; then echo "newer $name"; fi
done
if [ "$state" = absent ] && [ -n "$here" ]; then
  LC_ALL=C rpm -e --test $here 2>&1 | sed -n 's/.* is needed by (installed) \([^ ]*\)$/removed \1/p'
fi`
