# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# Other limits for an instance that is there.
#
# Docker changes limits in place, but Node.js fixes its heap when it starts. So the gateway puts its work
# down, and starts again in the same container.

resize() {
  require_docker
  lock_project
  refuse_below_tombstone
  refuse_below_container
  begin_act resizes "$([[ "${flag[undo]}" == yes ]] && echo undone || echo done)"
  refuse_absent
  if ! has_limits; then
    # The turn to boot comes first: nobody waits for it while nothing runs.
    if ! is_halted; then take_boot_slot; fi
    stop_container
    set_limits
  fi
  # What is halted stays so: a late command must not start what is archived already.
  if is_halted; then
    cap_cpus
    answer resized true running false
    return
  fi
  start_again
  unlock_project
  await_capped
  answer resized true running true
}

has_limits() {
  [[ "$(inspect '{{.HostConfig.Memory}}')" == $((${flag[memory-mib]} * 1024 * 1024)) && "$(heap_mib)" == "${flag[heap-mib]}" ]]
}

# Stopped before: taking memory away from a gateway that runs would kill it.
set_limits() {
  set_heap
  docker update --memory "${flag[memory-mib]}m" --memory-swap "${flag[memory-mib]}m" "$container" >/dev/null
}
