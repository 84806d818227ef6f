# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# Blanks: made warm, and taken over by a project without a restart.

# A first chat takes ten seconds of CPU, wherever it comes from. So it is ours, with a model that is none,
# while the CPUs lent for the boot are still there; it leaves no trace.
warm() {
  local deadline=$((SECONDS + ${flag[wait]})) booted began left
  await_start "$deadline"
  booted="$(boot_ms)"
  lock_project
  refuse_below_tombstone
  began="$(date +%s%3N)"
  left=$((deadline - SECONDS))
  docker exec "$container" node --no-warnings /opt/warm/warm-up.mjs "$((left > 1 ? left : 1))" >/dev/null ||
    give_up "$LATER" not_warm "the warm-up was not done"
  cap_cpus
  gateway_started || give_up "$LATER" not_warm "the gateway is not well after the warm-up"
  answer warm true boot_ms "$booted" warm_ms $(($(date +%s%3N) - began))
}

# The note is the moment from which the blank is the project's. Everything after it is done again by the
# same command, and taken back by the project's removal. Everything before it changed nothing.
adopt() {
  lock_project
  refuse_below_tombstone
  refuse_below_container
  if runs_as_asked; then
    keep_container
    answer adopted true fresh false configuration "$(noted_configuration)"
    return
  fi
  refuse_own_state
  lock "${flag[blank]}"
  is_half_adopted || refuse_absent_blank
  fetch_bundle
  ensure_firewall
  take_over
  answer adopted true fresh true configuration "$(noted_configuration)"
}

# A gateway that sees its configuration change while it boots ends itself, as of one that is invalid.
refuse_absent_blank() {
  local running address
  read -r running address < <(docker container inspect -f '{{.State.Running}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' \
    "openclaw-${flag[blank]}" 2>/dev/null) || require_docker
  [[ "$running" == true ]] || give_up "$GONE" gone "there is no running \`${flag[blank]}\` on this worker"
  probe "$address" /startupz || give_up "$LATER" not_started "\`${flag[blank]}\` has not started yet"
}

# Renamed by an earlier attempt, which did not come to the end.
is_half_adopted() { [[ "$blank" == "${flag[blank]}" && -n "$found_generation" && "$found_configured" == false ]]; }

# Data of its own would be out of reach behind the blank's volume.
refuse_own_state() {
  docker volume inspect "$volume" >/dev/null 2>&1 || return 0
  # A note alone, of an attempt that was cut off before it took anything.
  if [[ -n "$blank" ]] && is_there "openclaw-$blank"; then return 0; fi
  is_half_adopted || give_up "$FENCED" fenced "\`${flag[project]}\` has a state of its own on this worker"
}

# The configuration comes first, because the gateway takes a second to read it, and the rest fits in there.
# It is not validated: what renders it has made the blank's as well, and `await` sees it in force.
take_over() {
  [[ "$blank" == "${flag[blank]}" ]] || adopted_ms=''
  write_note false
  bury "$blank" 1
  write_bundle
  is_half_adopted || docker rename "openclaw-$blank" "$container"
  docker update --memory "${flag[memory-mib]}m" --memory-swap "${flag[memory-mib]}m" \
    --cpus "$(at_most_all_cpus "${flag[boot-cpus]}")" --cpu-shares "$PAID_SHARES" "$container" >/dev/null
  write_note true
}
