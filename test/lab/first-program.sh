# The first program of a lab host that does not boot as machines do, written to /sbin/init of its image after `set -- INIT BOOT-ID`.
# What makes a container a machine has been done before it is started.
init=$1 boot_id=$2

# The kernel's own id is the same in all hosts and over their reboots. A mount below /proc has a price: users of the host
# can then no longer mount a /proc of their own, so rootless engines do not work.
if [ "$boot_id" = own ]; then
  cat /proc/sys/kernel/random/uuid >/run/boot_id
  mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
fi

[ "$init" = none ] || exec /lib/systemd/systemd

# A machine without systemd: sshd, and a shell that waits for ever, which is also what reaps orphans.
# This folder tells programs that systemd runs.
rm -rf /run/systemd
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  # What is the root here is a child there, and a child with processes of its own cannot hand controllers down.
  mkdir -p /sys/fs/cgroup/init
  echo $$ >/sys/fs/cgroup/init/cgroup.procs
  for c in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control; done
fi
mkdir -p /run/lock /run/sshd
chmod 1777 /run/lock
/usr/sbin/sshd
# By its own name: a script in this place would look like an init.
exec sh -c '
trap "exit 0" TERM INT
while :; do
  sleep 86400 &
  wait
done'
