# shellcheck shell=bash disable=SC2154 # shared with test
# How a worker says that its gateways are, and how one is started again.

# health_of PROJECT JQ: what the worker says of it now.
health_of() { instance health | jq -r --arg holder "$1" ".instances[] | select(.holder == \$holder) | .health | $2"; }

# beaten_of PROJECT JQ: what its last heartbeat said.
beaten_of() { beat ".body.Item.containers.S | fromjson[] | select(.holder == \"$1\") | .health | $2"; }

# until_said SECONDS COMMAND WANTED: says after how long it did.
until_said() {
  local began=$EPOCHREALTIME deadline=$((SECONDS + $1))
  while ((SECONDS < deadline)); do
    if [[ "$($2)" == "$3" ]]; then
      seconds_since "$began"
      return
    fi
    sleep 0.2
  done
  echo never
}

# Everything but the init of the container.
hang() { inside sh -c "docker top openclaw-$1 -eo pid,comm | awk 'NR > 1 && \$2 !~ /init|tini/ { print \$1 }' | xargs kill -STOP"; }

told_deaths() { beaten_of prj_arc .deaths; }

well_or_not() { health_of prj_arc '"\(.run) \(.silent_s)"'; }

a_well_one_is_seen_well() {
  # It has died in the test before.
  until_said 120 well_or_not 'running 0' >/dev/null
  is "a gateway that answers is well" "$(health_of prj_arc '"\(.run) \(.silent_s) \(.up_s > 0)"')" 'running 0 true'
  is "with what it uses" "$(health_of prj_arc '.memory_mib > 100 and .memory_mib < 3000')" true
  inside /opt/worker/bin/disks
  is "and stores" "$(health_of prj_arc '.disk_mib | type')" number
  is "the heartbeat is small" "$(heartbeat; beat '.body.Item.containers.S | fromjson | map(tostring | length) | max < 500')" true
}

# used_of PROJECT JQ: how the worker says that it is used.
used_of() { health_of "$1" ".activity | $2"; }

# The next test kills the gateway, which is suspended by then.
how_it_is_used_is_told() {
  local began=$EPOCHREALTIME
  is "gateways are asked how they are used" "$(instance activity | jq '.noted > 0')" true
  figure "all gateways were asked" "$(seconds_since "$began")"
  is "which nobody does" "$(used_of prj_arc '"\(.asked_s < 30) \(.tasks) \(.connections)"')" 'true 0 0'
  is "since a moment that is known" "$(used_of prj_arc '.idle_s | type')" number
  inside bash -c "exec 3<>/dev/tcp/\$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' openclaw-prj_arc)/18789; sleep 5" &
  sleep 1
  is "a connection is seen" "$(used_of prj_arc '"\(.connections) \(.idle_s < 5)"')" '1 true'
  wait $!
  is "and remembered" "$(used_of prj_arc '"\(.connections) \(.idle_s < 15)"')" '0 true'
  is "one that nobody uses agrees to begin nothing new" "$(instance quiesce --project prj_arc --generation "$(generation_of prj_arc)")" '{"quiet":true}'
  is "and agrees again" "$(instance quiesce --project prj_arc --generation "$(generation_of prj_arc)")" '{"quiet":true}'
  exits "an earlier one is not asked" 73 quiesce --project prj_arc --generation 0
}

a_death_is_told_at_once() {
  local before told
  before="$(health_of prj_arc .deaths)"
  killed prj_arc
  told="$(until_said 15 told_deaths $((before + 1)))"
  is "a gateway that was killed is told of within 15 s" "$([[ "$told" != never ]] && echo told)" told
  figure "its death was in a heartbeat" "$told"
  is "with how it ended" "$(health_of prj_arc .exit)" 137
  told="$(until_said 120 well_or_not 'running 0')"
  is "it is well again by itself" "$([[ "$told" != never ]] && echo well)" well
  figure "a killed gateway answers again" "$told"
}

# restart_flags PROJECT GENERATION ASKED_MS
restart_flags() { restart=(restart --project "$1" --generation "$2" --asked-ms "$3" --cpus 0.750 --boot-cpus 2 --wait 90); }

# generation PROJECT
generation_of() { instance list | jq -r --arg holder "$1" '.instances[] | select(.holder == $holder) | .generation'; }

a_hung_one_is_seen_and_started_again() {
  local asked generation began
  generation="$(generation_of prj_arc)"
  hang prj_arc
  is "a gateway that hangs does not answer, and costs a look two seconds" "$(health_of prj_arc '.silent_s > 0')" true
  sleep 2
  is "and it is known since when" "$(health_of prj_arc '.silent_s > 1')" true
  asked="$(date +%s%3N)"
  restart_flags prj_arc "$generation" "$asked"
  exits "it is started again" 0 "${restart[@]}"
  began="$(setting arc '{{.State.StartedAt}}')"
  exits "asked again, it is waited for" 0 "${restart[@]}"
  is "and not started once more" "$(setting arc '{{.State.StartedAt}}')" "$began"
  is "it is well, and has its own CPUs" "$(health_of prj_arc .silent_s) $(setting arc '{{.HostConfig.NanoCpus}}')" '0 750000000'
  is "it chats" "$(chat)" PONG
  restart_flags prj_arc "$((generation + 1))" "$asked"
  exits "another generation is not there" 69 "${restart[@]}"
}
