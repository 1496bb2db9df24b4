#!/bin/sh
# Boots a bare system: BASE, a tree that stays as it is, below a layer that goes with these
# namespaces. `unshare` runs this as their first process, and systemd takes its place.
set -e
base=$1
scratch=$2
root=$scratch/root

mount --make-rprivate /
mkdir -p "$scratch/layer" "$root"
mount -t tmpfs tmpfs "$scratch/layer"
mkdir "$scratch/layer/upper" "$scratch/layer/work"
mount -t overlay overlay "$root" \
    -o "lowerdir=$base,upperdir=$scratch/layer/upper,workdir=$scratch/layer/work"

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys" -o ro
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for folder in run tmp; do mount -t tmpfs tmpfs "$root/$folder"; done
mount -t tmpfs tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=0666
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do
    ln -s "/proc/self/fd/${stream%:*}" "$root/dev/${stream#*:}"
done

# An address like a server's (RFC 5737), and the name of the quick start, which leads to it.
ip link set lo up
ip link add eth0 type veth peer name wire
ip link set eth0 up
ip link set wire up
ip address add 203.0.113.7/24 dev eth0
echo "127.0.0.1 localhost" > "$root/etc/hosts"
echo "203.0.113.7 meet.example.org" >> "$root/etc/hosts"
: > "$root/etc/resolv.conf"
hostname meet

# A bare system has no sudo, and root needs none.
mkdir -p "$root/root/bin"
printf '#!/bin/sh\nexec "$@"\n' > "$root/root/bin/sudo"
chmod 0755 "$root/root/bin/sudo"

exec env -i container=trial PATH=/usr/sbin:/usr/bin chroot "$root" /usr/lib/systemd/systemd
