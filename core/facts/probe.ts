// The questions for a host's facts: one piece of shell, part of every first exec, so it starts as few programs as it can.
import { type Sh, sh } from '../sh.js'

/** Files of one value or a few lines: one grep prints them all, each line with its file's path. */
const whole = [
  ...['/etc/os-release', '/etc/resolv.conf', '/etc/timezone', '/etc/locale.conf', '/etc/default/locale'],
  ...['/etc/machine-id', '/etc/ssh/ssh_host_*_key.pub'],
  ...['/proc/sys/kernel/osrelease', '/proc/sys/kernel/random/boot_id', '/proc/uptime', '/proc/net/if_inet6'],
  ...['/sys/devices/system/cpu/online', '/sys/class/dmi/id/sys_vendor', '/sys/class/dmi/id/product_name'],
  ...['/sys/module/apparmor/parameters/enabled', '/sys/fs/selinux/enforce', '/run/systemd/container'],
  ...['size', 'queue/rotational', 'device/model'].map(name => `/sys/block/[!l]*/${name}`),
  ...['address', 'mtu', 'flags', 'operstate'].map(name => `/sys/class/net/*/${name}`),
].join(' ')

/** File systems that hold files of their own. */
const types =
  'ext[234]|xfs|btrfs|zfs|bcachefs|f2fs|jfs|reiserfs|vfat|exfat|ntfs3?|fuseblk|nfs4?|cifs|ceph|9p|virtiofs|iso9660|udf|tmpfs'

/**
 * Prints sections, each after a line `@NAME`; read-only, POSIX. Content of the host's own fact files is set in by a space.
 * No name server and no other machine is asked; file systems of other machines are not touched.
 */
export const factsProbe: Sh = sh`
PATH=$PATH:/usr/sbin:/sbin
me=$(id); user=\${me#*\(}; user=\${user%%\)*}
name=; { read -r name </proc/sys/kernel/hostname; } 2>/dev/null
cpu=; { while IFS=: read -r key value; do case $key in 'model name'*|Model*|'cpu model'*) cpu=$value; break;; esac; done </proc/cpuinfo; } 2>/dev/null
found=; for one in apt-get dnf yum zypper pacman apk; do if command -v $one >/dev/null 2>&1; then found="$found $one"; fi; done
init=none
if [ -d /run/systemd/system ]; then init=systemd; elif [ -d /run/openrc ]; then init=openrc; elif [ -d /etc/init.d ]; then init=sysv; fi
printf '@told\nid=%s\nhostname=%s\narch=%s\ncpu=%s\nmanagers=%s\ninit=%s\nhome=%s\n' "$me" "\${name:-$(uname -n)}" "$(uname -m)" "$cpu" "$found" "$init" "$HOME"
if [ ! -r /sys/devices/system/cpu/online ]; then printf 'cpus=%s\n' "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"; fi
if [ ! -r /etc/timezone ]; then printf 'localtime=%s\n' "$(readlink /etc/localtime 2>/dev/null)"; fi
echo @files
grep -sE -m 200 '' ${{ sh: whole }}
grep -sE -m 2000 -e '^(Mem(Total|Free|Available)|Swap(Total|Free)):' -e "^$user:" -e "[[:space:]]$name([.[:space:]]|\$)" -e '^[^ ]+ / ' -e ${`^[^ ]+ [^ ]+ (${types}) `} /proc/meminfo /proc/mounts /etc/passwd /etc/hosts
echo @df
df -Pkl 2>/dev/null || timeout 5 df -Pk 2>/dev/null
if command -v ip >/dev/null 2>&1; then
  echo @route
  ip -4 route get 192.0.2.1 2>/dev/null || ip -6 route get 2001:db8::1 2>/dev/null
  echo @addresses
  ip -o addr 2>/dev/null
else
  echo @files
  grep -s -m 2000 '' /proc/net/route /proc/net/fib_trie
fi
echo @virtualisation
if [ -e /run/systemd/container ]; then :
elif command -v systemd-detect-virt >/dev/null 2>&1; then systemd-detect-virt 2>/dev/null
elif [ -e /.dockerenv ]; then echo docker; elif [ -e /run/.containerenv ]; then echo podman; fi
for file in /etc/longshore/facts.d/*; do
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then continue; fi
  case \${file##*/} in
    .*|*[!A-Za-z0-9._-]*) continue;;
    *.sh) if [ ! -x "$file" ]; then continue; fi; what=$(timeout 10 "$file" </dev/null 2>/dev/null | head -c 65536);;
    *) what=$(head -c 65536 "$file");;
  esac
  printf '@custom %s\n%s\n' "\${file##*/}" "$what" | sed '2,$s/^/ /'
done
:
`
