#!/bin/bash
# Only for workers that are containers on one machine: does what systemd does on a real worker, and what
# the cloud around it does. Runs under docker-init as pid 1; the boot script that follows is the one
# that every worker runs.
set -uo pipefail
exec >>/var/log/1mins-boot.log 2>&1
readonly ENV=/etc/1mins-worker.env
readonly HEARTBEAT_EVERY_S=15 DISKS_EVERY_S=300 ACTIVITY_EVERY_S=60

# The metadata service of this machine, and of nothing behind it: what tenants send does not pass here.
reach_metadata() {
  [[ -n "${IMDS_TARGET:-}" ]] || return 0
  local -a rule=(OUTPUT -d 169.254.169.254 -p tcp --dport 80 -j DNAT --to-destination "$IMDS_TARGET")
  iptables -w -t nat -C "${rule[@]}" 2>/dev/null || iptables -w -t nat -A "${rule[@]}"
}

# The user data comes when the container has been started already.
send_heartbeats() {
  until [[ -s "$ENV" ]]; do sleep 0.5; done
  # shellcheck source=/dev/null
  . "$ENV"
  reach_metadata
  while true; do
    /opt/worker/bin/heartbeat
    sleep "$HEARTBEAT_EVERY_S"
  done
}

measure_disks() {
  while true; do
    sleep "$DISKS_EVERY_S"
    /opt/worker/bin/disks
  done
}

start_docker() {
  dockerd --host=unix:///run/docker.sock &
  docker=$!
}

ask_for_activity() {
  while true; do
    sleep "$ACTIVITY_EVERY_S"
    /opt/worker/bin/instance activity
  done
}

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
start_docker
trap 'kill -TERM "$docker"; wait "$docker"; exit 0' TERM INT
send_heartbeats &
measure_disks &
ask_for_activity &
/opt/worker/bin/boosts &
/opt/worker/bin/deaths &
/opt/worker/boot.sh
# Whenever it dies.
while true; do
  wait "$docker"
  sleep 2
  start_docker
done
