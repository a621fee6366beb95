// The first program of a machine: it makes the container look like one, and then becomes systemd.

/**
 * POSIX sh, run as process 1 with the address by which its neighbours know it, and "forget" where it is not to be a node of a swarm
 * that it was made in. The machine gets its own writable cgroups (the engine
 * has mounted them read-only), its own files in /etc in place of the engine's mounts, and, at the first start from a snapshot, the
 * contents of its engines' stores.
 */
export const bootScript = `
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -o remount,bind,rw /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -o remount,rw /sys/fs/cgroup
  for d in /sys/fs/cgroup/*/; do [ -L "\${d%/}" ] || mount -o remount,bind,rw "\${d%/}"; done
  mkdir -p /sys/fs/cgroup/unified
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
fi
mount --make-rshared /
ip addr add "$1/15" dev eth0

mine=/var/lib/longshore-machine
mkdir -p "$mine"
for f in hostname hosts resolv.conf; do
  cp "/etc/$f" "/run/$f" && umount "/etc/$f" || continue
  # What the machine itself has written stays; what it took at its last start follows the engine's.
  if [ ! -e "$mine/$f" ] || cmp -s "/etc/$f" "$mine/$f"; then
    cat "/run/$f" >"/etc/$f"
    cp "/run/$f" "$mine/$f"
  fi
  chmod 644 "/etc/$f"
  rm -f "/run/$f"
done
[ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id

for kept in /.longshore-stores/*.tar; do
  [ -e "$kept" ] || continue
  to=/var/lib/$(basename "$kept" .tar)
  find "$to" -mindepth 1 -delete
  tar --xattrs '--xattrs-include=*' --numeric-owner -C "$to" -xf "$kept" && rm "$kept"
  [ "$2" != forget ] || rm -rf "$to/swarm"
done
rmdir /.longshore-stores 2>/dev/null
# The kernel is the engine's host's: no module can be loaded from in here, and a unit that fails makes the machine "degraded".
mkdir -p /run/systemd/system
ln -sf /dev/null /run/systemd/system/systemd-modules-load.service
exec /sbin/init
`

/** POSIX sh, run in a copy of a machine with its stores at their places: packs them into files of the copy itself. */
export const packScript = `set -e
mkdir -p /.longshore-stores
cd /.longshore-stores
rm -f ./*.tar
for store in "$@"; do
  [ -n "$(ls -A "$store")" ] || continue
  # Sockets are left out, and tar says so.
  tar --xattrs '--xattrs-include=*' --numeric-owner -C "$store" -cf "$(basename "$store").tar" . 2>/tmp/told || [ $? = 1 ] || { cat /tmp/told >&2; exit 2; }
done
`

/** The same for a box: what is one machine's alone goes. */
export const forgetScript = `
rm -f /root/.ssh/authorized_keys /etc/ssh/ssh_host_* /var/lib/dbus/machine-id
: >/etc/machine-id
rm -rf /var/lib/longshore-machine
`
