# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# Which version of its configuration a project has, and the way of the next one into a gateway that runs.
#
# Beside the volume's data, where the tenant reaches nothing, lie the latest configuration and, until the
# gateway has taken that over, the one before.

# Only grows. 0 for who never had one.
noted_configuration() { cat "$STATE/configurations/${flag[project]}" 2>/dev/null || echo 0; }

# From here on what is older is late.
note_configuration() { is_blank || write_atomically "$STATE/configurations/${flag[project]}" "${flag[configuration]}"; }

forget_configuration() { rm -f "$STATE/configurations/${flag[project]}"; }

refuse_below_configuration() {
  local noted
  noted="$(noted_configuration)"
  ((${flag[configuration]} >= noted)) ||
    give_up "$FENCED" fenced "configuration $noted is newer than ${flag[configuration]}"
}

# A gateway that sees its configuration change while it boots ends itself, so this one has to be up.
configure() {
  lock_project
  refuse_below_tombstone
  refuse_below_container
  runs_as_asked || give_up "$LATER" not_launched "generation ${flag[generation]} does not run here"
  refuse_below_configuration
  gateway_started || give_up "$LATER" not_started "the gateway has not started yet"
  fetch_bundle
  validate_bundle
  keep_configuration
  local since
  since="$(date +%s.%N)"
  write_bundle
  await_configuration $((SECONDS + ${flag[wait]})) "$since"
  rm -f "$(volume_path)/../openclaw.json.before"
  answer configured true configuration "$(noted_configuration)"
}

# What was not seen in force is not worth keeping: an attempt that was cut off leaves the one before it.
keep_configuration() {
  local beside
  beside="$(volume_path)/.."
  [[ -e "$beside/openclaw.json.before" || ! -e "$beside/openclaw.json.latest" ]] ||
    mv -f "$beside/openclaw.json.latest" "$beside/openclaw.json.before"
}

# The gateway keeps a copy of what it took over last. The tenant can write there as well: whoever plants
# something has the wait for it, and no more.
taken_over() {
  local data
  data="$(volume_path)"
  timeout 5 cmp -s "$data/openclaw.json" "$data/openclaw.json.last-good"
}

# The validator knows no plugin's own settings; the gateway says so, and goes on with what it had.
is_refused() { [[ "$(docker logs --since "$1" "$container" 2>&1)" == *'config reload skipped (invalid config)'* ]]; }

# await_configuration DEADLINE SINCE
await_configuration() {
  until taken_over; do
    if is_refused "$2"; then
      put_back
      give_up "$INVALID" invalid_configuration "the gateway does not accept this configuration"
    fi
    ((SECONDS < $1)) || give_up "$LATER" not_taken_over "the gateway has not taken the configuration over yet"
    sleep 0.25
  done
}

# A gateway that starts with a configuration which it refuses does not start.
put_back() {
  local data
  data="$(volume_path)"
  [[ -e "$data/../openclaw.json.before" ]] || return 0
  cp -p "$data/../openclaw.json.before" "$data/../openclaw.json.latest"
  mv -fT "$data/../openclaw.json.before" "$data/openclaw.json"
}
