# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# A gateway starts again, in the same container and with the same data: what it was launched with stays.

# When this restart was asked for first: the note of it keeps that time.
asked_s=0

restart() {
  require_docker
  lock_project
  refuse_below_tombstone
  refuse_below_container
  note_restart
  refuse_absent
  # What is halted rests in the hands of its halt.
  refuse_halted
  if [[ "${flag[undo]}" == no ]] && ! has_restarted; then
    # The turn to boot comes first: nobody waits for it while nothing runs.
    take_boot_slot
    stop_container
  fi
  start_again
  unlock_project
  await_capped
  answer restarted true boot_ms "$(boot_ms)"
}

note_restart() {
  local note="$STATE/restarts/${flag[project]}"
  read_act restarts
  asked_s="$(date +%s)"
  ((act_number != ${flag[number]})) || asked_s="$(stat -c %Y "$note")"
  begin_act restarts "$([[ "${flag[undo]}" == yes ]] && echo undone || echo 'done')"
  touch -d "@$asked_s" "$note"
}

# By an earlier command of the same number, or by itself meanwhile, which is as good.
has_restarted() { (($(date -d "$found_started" +%s) > asked_s)); }
