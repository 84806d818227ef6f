# shellcheck shell=bash disable=SC2004,SC2154 # shared with bin/instance
# How every gateway on this worker is, in one pass: what Docker says, whether it answers, what it uses.
#
# All are probed at once, and none is waited for. What takes long, or has to be seen when it happens, others
# note here beforehand: `bin/deaths`, `bin/disks` and `instance activity`.

readonly HEALTH=/run/1mins-health GROUPS_OF_ALL=/sys/fs/cgroup
readonly PROBE_S=2
# Within these times deaths, and kills for want of memory, are counted.
readonly LOOP_S=600 DAY_S=86400

health() {
  local ids inspected now
  ids="$(docker ps -aq --filter label=in.1mins.project)" || give_up "$LATER" no_docker "Docker does not answer"
  inspected="$(containers "$ids")"
  now="$(date +%s)"
  note_silent "$inspected"
  answer instances "$(jq -c --argjson notes "$(notes)" --argjson noted "$(noted "$inspected")" --argjson now "$now" \
    ". as \$all | $DESCRIBE | to_entries | map(.value + {health: (\$all[.key] | $SIGHT)})" <<<"$inspected")"
}

readonly SIGHT='
  {run: (.State.Status | {running: "running", restarting: "restarting"}[.] // "stopped"),
   up_s: (if .State.Status == "running"
     then [0, $now - (.State.StartedAt | sub("[.][0-9]+"; "") | fromdateiso8601)] | max else 0 end)}
  + ($noted[.Name] // {})'

# Since when each one that runs does not answer.
note_silent() {
  local name status
  mkdir -p "$HEALTH/silent"
  while read -r name status; do
    if [[ "$status" != 000 ]]; then
      rm -f "$HEALTH/silent/$name"
    elif [[ ! -e "$HEALTH/silent/$name" ]]; then
      echo "$now" >"$HEALTH/silent/$name"
    fi
  done < <(probe_all "$1")
}

# Names and statuses; 000 is none. Any other will do: who answers is alive.
probe_all() {
  local -a names=() addresses=()
  local name address number status
  while read -r name address; do
    names+=("$name")
    addresses+=("$address")
  done < <(jq -r '.[] | select(.State.Status == "running")
    | "\(.Name | ltrimstr("/")) \(.NetworkSettings.Networks[].IPAddress | select(. != ""))"' <<<"$1")
  ((${#names[@]})) || return 0
  while read -r number status; do
    echo "${names[number]} $status"
  done < <(printf 'url = "http://%s:18789/healthz"\noutput = "/dev/null"\n' "${addresses[@]}" |
    curl -sZ -m "$PROBE_S" -w '%{urlnum} %{http_code}\n' -K - 2>/dev/null)
}

# What is noted of each, by the name that Docker gives it.
noted() {
  local name pid id volume started
  jq -r '.[] | [.Name, .State.Pid, .Id,
    ([.Mounts[] | select(.Destination == "/home/node/.openclaw") | .Name][0] // "-"),
    (.State.StartedAt | sub("[.][0-9]+"; "") | fromdateiso8601? // 0)] | join(" ")' <<<"$1" |
    while read -r name pid id volume started; do
      jq -nc --arg name "$name" --argjson silent "$(silent_s "${name#/}")" --argjson exit "$(last_exit "${name#/}")" \
        --argjson deaths "$(count_since "deaths/${name#/}" "$LOOP_S")" --argjson ooms "$(count_since "ooms/${name#/}" "$DAY_S")" \
        --argjson memory "$(memory_mib "$pid" "$id")" --argjson disk "$(disk_mib "$volume")" \
        --argjson activity "$(activity_of "${name#/}" "$pid" "$started")" '{($name): {silent_s: $silent, exit: $exit,
          deaths: $deaths, ooms: $ooms, memory_mib: $memory, disk_mib: $disk, activity: $activity}}'
    done | jq -s add
}

# 0: it answers. The first time that it does not counts as a second.
silent_s() {
  local since
  since="$(cat "$HEALTH/silent/$1" 2>/dev/null)" || { echo 0 && return; }
  echo $((now > since ? now - since : 1))
}

# count_since NOTES SECONDS
count_since() { tail -n 100 "$HEALTH/$1" 2>/dev/null | awk -v from=$((now - $2)) '$1 >= from { n++ } END { print n + 0 }'; }

# With which code it ended last, as far back as is noted.
last_exit() { tail -n 1 "$HEALTH/deaths/$1" 2>/dev/null | awk '{ code = $2 } END { print code == "" ? "null" : code }'; }

disk_mib() { cat "$HEALTH/disks/$1" 2>/dev/null || echo null; }

# memory_mib PID ID: without what the kernel takes back when it needs it, as Docker counts. Both versions of
# cgroups, also within a container that is the worker.
memory_mib() {
  local group dir
  group="$(awk -F: '$2 == "memory" { print "/memory" $3; exit } $1 == 0 { print $3 }' "/proc/$1/cgroup" 2>/dev/null)" || true
  for dir in "$GROUPS_OF_ALL${group:-/none}" "$GROUPS_OF_ALL/memory/docker/$2" "$GROUPS_OF_ALL/docker/$2"; do
    if [[ -r "$dir/memory.current" || -r "$dir/memory.usage_in_bytes" ]]; then
      cat "$dir/memory.current" "$dir/memory.usage_in_bytes" "$dir/memory.stat" 2>/dev/null |
        awk 'NF == 1 { used = $1 } $1 ~ /^(total_)?inactive_file$/ { idle = $2 } END { print int((used > idle ? used - idle : 0) / 1048576) }'
      return
    fi
  done
  echo null
}

# The next container of this name has no past.
forget_health() {
  rm -f "$HEALTH/silent/$1" "$HEALTH/deaths/$1" "$HEALTH/ooms/$1"
  forget_activity "$1"
}
