# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# How every gateway on this worker is used. Gateways are asked once a minute, beside the heartbeat, and say when
# anybody last worked with them, what is under way, and when their next scheduled job is due. Connections are
# counted at each heartbeat. And a gateway that nobody uses is asked to begin nothing new.

readonly ACTIVITY="$HEALTH/activity" CONNECTED="$HEALTH/connected"
# 18789, as the kernel writes it.
readonly GATEWAY_PORT=4965

activity() {
  local ids name path noted=0
  ids="$(docker ps -q --filter label=in.1mins.project --filter name=openclaw-prj_)" || give_up "$LATER" no_docker "Docker does not answer"
  mkdir -p "$ACTIVITY"
  while read -r name path; do
    container="$name"
    if note_activity "$path"; then noted=$((noted + 1)); fi
  done < <(containers "$ids" | jq -r '.[] | [(.Name | ltrimstr("/")),
    ([.Mounts[] | select(.Destination == "/home/node/.openclaw") | .Source][0] // "-")] | join(" ")')
  answer noted "$noted"
}

# note_activity PATH: what is not known is left as it was, and grows old.
note_activity() {
  local token status cron note
  token="$(gateway_token "$1")"
  [[ -n "$token" ]] || return 1
  status="$(rpc "$token" status '{}')" && cron="$(rpc "$token" cron.status '{}')" || return 1
  note="$(printf '%s\n%s\n' "$status" "$cron" | jq -sce --argjson now "$(date +%s)" "$NOTE" 2>/dev/null)" || return 1
  write_atomically "$ACTIVITY/$container" "$note"
}

readonly NOTE='{asked: $now,
  active: ([.[0].payload.sessions.recent[].updatedAt | numbers] | max // 0 | . / 1000 | floor),
  tasks: (.[0].payload.tasks.active | numbers | floor),
  next_job: ([.[1].payload.nextWakeAtMs | numbers | . / 1000 | floor][0])}'

# activity_of NAME PID STARTED_S: as a heartbeat says it. `null`: its gateway was never asked.
activity_of() {
  local open
  open="$(connections "$2")"
  if ((open > 0)); then
    mkdir -p "$CONNECTED"
    echo "$now" >"$CONNECTED/$1"
  fi
  jq -c --argjson now "$now" --argjson started "$3" --argjson open "$open" \
    --argjson connected "$(cat "$CONNECTED/$1" 2>/dev/null || echo 0)" "$USE" "$ACTIVITY/$1" 2>/dev/null || echo null
}

readonly USE='def since: [0, $now - .] | max;
  {asked_s: (.asked | since), idle_s: ([.active, $connected, $started] | max | since), tasks, connections: $open,
   next_job_s: (if .next_job then [0, .next_job - $now] | max else null end)}'

# connections PID: established ones to the gateway, but for those from within its own container.
connections() {
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null | awk -v port=":$GATEWAY_PORT\$" '
    $4 == "01" && $2 ~ port && $3 !~ /^(0100007F|0+FFFF00000100007F|0+1000000):/ { n++ } END { print n + 0 }'
}

forget_activity() { rm -f "$ACTIVITY/$1" "$CONNECTED/$1"; }

# A gateway with work under way refuses. One that agrees begins nothing new for two minutes, and then goes on by
# itself, if nobody has stopped it by then.
quiesce() {
  local token status
  require_docker
  lock_project
  refuse_below_tombstone
  refuse_below_container
  refuse_absent
  refuse_halted
  token="$(gateway_token "$(volume_path)")"
  status="$(rpc "$token" gateway.suspend.prepare "{\"requestId\":\"sleep-${flag[generation]}\"}" | jq -r '.payload.status | strings')" ||
    give_up "$LATER" not_answering "the gateway does not answer"
  answer quiet "$([[ "$status" == ready ]] && echo true || echo false)"
}
