// Asks a host's shell what stands between us and its podman engine: its socket, its package and whether it can be passed through root.
import { type Sh, sh } from '../../core/sh.js'
import { type EngineWords, fingerprints } from '../docker/detect.js'

/** Podman's own words. Its socket is root's alone unless somebody has changed its unit. */
export const podmanWords: EngineWords = {
  program: 'podman',
  name: 'podman',
  socket: '/run/podman/podman.sock',
  origins: { podman: 'distro', none: 'elsewhere' },
}

/** Prints the lines that `readDetection` reads; read-only. systemd listens at the socket, and starts podman when somebody calls. */
export const detectScript = (folders: readonly string[]): Sh => sh`
socket=${podmanWords.socket}
echo "socket=$socket"
uid=$(id -u)
login=$(id -un)
if [ "$uid" = 0 ]; then login=\${SUDO_USER:-$login}; fi
printf 'uid=%s\nlogin=%s\ngroups=%s\n' "$uid" "$login" "$(id -nG "$login" 2>/dev/null)"
if [ -S "$socket" ]; then
  echo exists=yes
  printf 'group=%s\n' "$(stat -L -c %G "$socket" 2>/dev/null)"
  if [ -w "$socket" ]; then echo writable=yes; fi
fi
while read -r line; do
  case $line in *' 00010000 '*"$socket") echo listening=yes; echo exists=yes; break;; esac
done </proc/net/unix
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin
if command -v podman >/dev/null 2>&1; then
  echo podman=yes
  echo client=yes
  package= version= path=$(command -v podman)
  if [ -d /var/lib/dpkg/info ]; then
    package=none
    if grep -qs '/podman$' /var/lib/dpkg/info/podman.list; then
      package=podman version=$(dpkg-query -W -f '\${Version}' podman 2>/dev/null)
    fi
  elif command -v rpm >/dev/null 2>&1; then
    package=$(rpm -qf --qf '%{NAME} %{VERSION}-%{RELEASE}\n' "$path" 2>/dev/null | head -n 1) || :
  elif command -v pacman >/dev/null 2>&1; then package=$(pacman -Qqo "$path" 2>/dev/null) || :
  elif command -v apk >/dev/null 2>&1; then package=$(apk info -q --who-owns "$path" 2>/dev/null) || :
  fi
  case $package in *' '*) version=\${package#* } package=\${package%% *};; esac
  printf 'package=%s\nversion=%s\n' "$package" "$version"
fi
if [ -e /var/lib/longshore/engine-held ]; then echo held=yes; fi
${fingerprints(folders)}
`
