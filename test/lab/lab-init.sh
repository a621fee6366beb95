#!/bin/sh
# PID 1 of a lab host, run as: sh -c THIS lab-init INIT BOOT-ID 'AUTHORIZED KEY'. It makes the container look like a machine
# (its own writable cgroups, its own files in /etc, its own SSH host key) and then becomes systemd, or stays a small init.
init=$1 boot_id=$2 key=$3

# Its own, writable view of the cgroup hierarchies: the container has a private cgroup namespace and named
# capabilities, but is not --privileged, so the engine has mounted them read-only.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -o remount,bind,rw /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
  if [ "$init" = none ]; then
    # What is the root here is a child there, and a child with processes of its own cannot hand controllers down.
    mkdir -p /sys/fs/cgroup/init
    echo $$ >/sys/fs/cgroup/init/cgroup.procs
    for c in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control; done
  fi
else
  mount -o remount,rw /sys/fs/cgroup
  for d in /sys/fs/cgroup/*/; do
    [ -L "${d%/}" ] || mount -o remount,bind,rw "${d%/}"
  done
  mkdir -p /sys/fs/cgroup/unified
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
fi
mount --make-rshared /

# The engine mounts these three; on a machine they are files, and can be replaced by a rename. The first boot takes the
# engine's contents, later ones keep what the host has.
for f in hostname hosts resolv.conf; do
  cp "/etc/$f" "/run/$f" && umount "/etc/$f"
  [ -e /etc/ssh/ssh_host_ed25519_key ] || cat "/run/$f" >"/etc/$f"
  chmod 644 "/etc/$f"
  rm -f "/run/$f"
done

[ -s /etc/machine-id ] || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
[ -e /root/.ssh/authorized_keys ] || { mkdir -pm 700 /root/.ssh && echo "$key" >/root/.ssh/authorized_keys; }

# The kernel's own id is the same in all hosts and over their reboots. A mount below /proc has a price: users of the host
# can then no longer mount a /proc of their own, so rootless engines do not work.
if [ "$boot_id" = own ]; then
  cat /proc/sys/kernel/random/uuid >/run/boot_id
  mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
fi

[ "$init" = none ] || exec /sbin/init

# A machine without systemd: sshd, and a shell that waits for ever, which is also what reaps orphans.
mkdir -p /run/lock /run/sshd
chmod 1777 /run/lock
/usr/sbin/sshd
trap 'exit 0' TERM INT
while :; do
  sleep 86400 &
  wait
done
