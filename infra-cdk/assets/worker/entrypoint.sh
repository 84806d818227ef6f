#!/bin/bash
# Only for workers that are containers on one machine: does what systemd does on a real worker.
# Runs under docker-init as pid 1; the boot script that follows is the one that every worker runs.
set -uo pipefail
exec >>/var/log/1mins-boot.log 2>&1

rm -f /run/docker.pid /run/docker/containerd/containerd.pid

# Docker mounts these read-only for a container that is not privileged. A plain remount says
# "busy", a bind remount does not. The inner Docker writes its own cgroups and sysctls.
mount -o remount,bind,rw /proc/sys
for controller in /sys/fs/cgroup /sys/fs/cgroup/*; do
  mountpoint -q "$controller" && mount -o remount,bind,rw "$controller"
done

# In version 2 a group with processes cannot hand its controllers on, so ours move to a leaf first.
if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
  mkdir -p /sys/fs/cgroup/init
  xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null
  sed -e 's/ / +/g' -e 's/^/+/' </sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
fi

/opt/worker/bin/firewall
/opt/worker/bin/adopt-images
dockerd --host=unix:///run/docker.sock &
docker=$!
trap 'kill -TERM "$docker"; wait "$docker"; exit 0' TERM INT
/opt/worker/boot.sh
wait "$docker"
