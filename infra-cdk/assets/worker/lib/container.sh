# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# The tenant's container, its network and its volume.

inspect() { docker container inspect -f "$1" "$container" 2>/dev/null; }

is_there() { docker container inspect "$1" >/dev/null 2>&1; }

# Without Docker everything would seem to be gone.
require_docker() { docker version >/dev/null 2>&1 || give_up "$LATER" no_docker "Docker does not answer"; }

ensure_firewall() {
  mkdir -p "$STATE"
  add_line "${flag[edge-cidr]}" "$STATE/edge-cidr"
  add_line "${flag[model-egress]}" "$STATE/model-egress"
  /opt/worker/bin/firewall
}

add_line() { grep -qxF "$1" "$2" 2>/dev/null || echo "$1" >>"$2"; }

# Docker's own pools hold about thirty networks. Ours follow from the port: 8,192 of eight addresses.
subnet() {
  local index=$((${flag[port]} - FIRST_PORT))
  echo "10.231.$((index / 32)).$((index % 32 * 8))/29"
}

ensure_network() {
  remove_network
  docker network create --subnet "$(subnet)" --label "in.1mins.project=${flag[project]}" \
    --opt "com.docker.network.bridge.name=oc${flag[port]}" "$container" >/dev/null ||
    give_up "$LATER" no_network "the network of port ${flag[port]} is still in use"
}

# A network keeps the name of the blank that it was made for.
remove_network() { docker network rm "$container" ${blank:+"openclaw-$blank"} >/dev/null 2>&1 || true; }

volume_path() { docker volume inspect -f '{{.Mountpoint}}' "$volume"; }

has_volume() { docker volume inspect "$volume" >/dev/null 2>&1; }

# Also from under a restore that was cut off, and a backup that is being taken.
remove_volume() {
  docker rm -f "restore-${flag[project]}" "backup-${flag[project]}" >/dev/null 2>&1 || true
  docker volume rm -f "$volume" >/dev/null
}

# A second launch of what is there already. It may have been created and never started.
keep_container() {
  [[ "$found_instance" == "${flag[instance]}" ]] ||
    give_up "$FENCED" fenced "generation ${flag[generation]} belongs to another instance"
  refuse_halted
  if [[ "$found_status" == created || "$found_status" == exited ]]; then
    take_boot_slot
    docker start "$container" >/dev/null
  fi
}

# With the CPUs of a boot; see `await_capped`.
start_again() {
  [[ "$(inspect '{{.State.Status}}')" != running ]] || return 0
  take_boot_slot
  set_cpus "${flag[boot-cpus]}"
  docker start "$container" >/dev/null
}

# The gateway writes its state. Also the blank that an adoption took and, being cut off, did not rename.
stop_container() {
  local name
  for name in "$container" ${blank:+"openclaw-$blank"}; do
    ! is_there "$name" || docker stop -t 60 "$name" >/dev/null
  done
}

# `graceful` lets the gateway write its state; `at-once` is for a state that nobody will read.
remove_container() {
  local name
  [[ "$1" == at-once ]] || stop_container
  for name in "$container" ${blank:+"openclaw-$blank"}; do
    ! is_there "$name" || docker rm -f "$name" >/dev/null
    forget_health "$name"
  done
}

# No more than the machine has: Docker refuses it.
at_most_all_cpus() { awk -v want="$1" -v have="$(nproc)" 'BEGIN { print want < have ? want : have }'; }

set_cpus() { docker update --cpus "$(at_most_all_cpus "$1")" "$container" >/dev/null; }

# The heap is read at each start, from beside the volume's data: an environment could never be changed.
limits_path() { echo "$(dirname "$(volume_path)")/limits"; }

heap_mib() { cat "$(limits_path)/heap-mib" 2>/dev/null; }

set_heap() { write_atomically "$(limits_path)/heap-mib" "${flag[heap-mib]}"; }

# What it was sold with, once it has started for the first time.
sold_cpus() { cat "$(limits_path)/cpus" 2>/dev/null; }

# From now on it has what it is sold with.
cap_cpus() {
  note_sold_cpus
  set_cpus "${flag[cpus]}"
}

note_sold_cpus() { write_atomically "$(limits_path)/cpus" "${flag[cpus]}"; }

readonly START='export NODE_OPTIONS="--max-old-space-size=$(cat /etc/1mins/heap-mib)"; exec openclaw gateway --bind lan --port 18789'

# gVisor puts a kernel of its own between the tenant and ours, where the worker has it.
runtime_flags() {
  if docker info -f '{{json .Runtimes}}' | jq -e 'has("runsc")' >/dev/null; then
    echo --runtime runsc
  fi
}

# Threads share two arenas: with one each, as is usual, what they free is kept from the others.
run_container() {
  set_heap
  local -a run=(
    --name "$container" --hostname "$host" --pull never --init
    --restart unless-stopped --stop-timeout 60
    --cap-drop ALL --security-opt no-new-privileges --pids-limit 512
    --memory "${flag[memory-mib]}m" --memory-swap "${flag[memory-mib]}m"
    --cpus "$(at_most_all_cpus "${flag[boot-cpus]}")" --cpu-shares "$(is_blank && echo "$BLANK_SHARES" || echo "$PAID_SHARES")"
    --read-only --tmpfs '/tmp:size=256m,mode=1777'
    --tmpfs '/home/node/.cache:size=64m,uid=1000,gid=1000,mode=700'
    --network "$container" -p "0.0.0.0:${flag[port]}:18789"
    -v "$volume:/home/node/.openclaw" -v "$(limits_path):/etc/1mins:ro"
    -e OPENCLAW_DISABLE_BONJOUR=1 -e MALLOC_ARENA_MAX=2 -e AWS_EC2_METADATA_DISABLED=true
    --log-driver json-file --log-opt max-size=10m --log-opt max-file=3
    --label "in.1mins.project=${flag[project]}" --label "in.1mins.instance=${flag[instance]}"
    --label "in.1mins.generation=${flag[generation]}"
  )
  # shellcheck disable=SC2046 # two words, or none
  docker run -d $(runtime_flags) "${run[@]}" "${flag[image]}" \
    sh -c "$START" >/dev/null ||
    give_up "$LATER" not_run "Docker could not start the container"
}
