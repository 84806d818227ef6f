# shellcheck shell=bash disable=SC2004,SC2154 # shared with bin/instance
# A gateway starts again, in its container and with its data.

# What does not answer does not put its work down either.
readonly GRACE_S=60 SILENT_GRACE_S=5

restart() {
  require_docker
  lock_project
  refuse_below_tombstone
  refuse_below_container
  refuse_absent
  refuse_halted
  if ! has_started_since "${flag[asked-ms]}"; then
    # The turn to boot comes first: nobody waits for it while nothing runs.
    take_boot_slot
    stop_within_grace
    start_again
  fi
  unlock_project
  await_capped
  answer restarted true boot_ms "$(boot_ms)"
}

# A command that is repeated, or late, finds its work done.
has_started_since() { [[ "$found_status" == running ]] && (($(date -d "$found_started" +%s%3N) >= $1)); }

stop_within_grace() {
  local grace_s="$SILENT_GRACE_S"
  # What is frozen takes no signal.
  [[ "$found_status" != paused ]] || docker unpause "$container" >/dev/null 2>&1 || true
  if [[ -n "$found_address" ]] && probe "$found_address" /healthz; then grace_s="$GRACE_S"; fi
  docker stop -t "$grace_s" "$container" >/dev/null
}
