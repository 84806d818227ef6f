# shellcheck shell=bash disable=SC2034,SC2154 # shared with bin/instance
# What is on this worker, as Docker and the notes of adoptions have it. Whatever odd thing is among it, the
# others are told of.

list() {
  local ids
  ids="$(docker ps -aq --filter label=in.1mins.project)" || give_up "$LATER" no_docker "Docker does not answer"
  answer instances "$(containers "$ids" | jq -c --argjson notes "$(notes)" "$DESCRIBE")"
}

# One that is being removed may be gone again.
containers() {
  # shellcheck disable=SC2086 # a word each
  if [[ -n "$1" ]]; then docker inspect $1 2>/dev/null || true; else echo '[]'; fi
}

notes() { cat "$STATE"/adopted/prj_* 2>/dev/null | jq -s 'map({key: .project, value: .}) | from_entries'; }

readonly DESCRIBE='map(
  (.Name | ltrimstr("/openclaw-")) as $holder | .Config.Labels as $labels
  | (if $labels["in.1mins.project"] == $holder
     then {instance: $labels["in.1mins.instance"], generation: ($labels["in.1mins.generation"] | tonumber)}
     else $notes[$holder] // {} | {instance, generation} end) as $run
  | {holder: $holder, instance: $run.instance, generation: $run.generation, state: .State.Status,
     port: [.HostConfig.PortBindings["18789/tcp"][0].HostPort | tonumber?][0],
     restarts: .RestartCount, oom: .State.OOMKilled})'
