# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# What an instance has printed, put where we are told, without what it keeps secret.
#
# Also of one that has stopped or dies over and over, which is when somebody asks. So it waits for nobody
# who acts on the instance: it has a lock of its own.

readonly LOGS_MAX_S=20 LOGS_MAX_BYTES=1048576

logs_truncated=false

logs() {
  require_docker
  lock_reading
  look
  refuse_below_tombstone
  refuse_below_container
  refuse_absent
  stage_logs
  read_logs
  drop_oldest
  mask "$(logs_file)"
  upload "$(logs_file)" "$LOGS_MAX_S"
  answer read true bytes "$(stat -c %s "$(logs_file)")" truncated "$logs_truncated"
}

lock_reading() {
  mkdir -p "$STATE/locks"
  exec {reading}>"$STATE/locks/logs-${flag[project]}"
  flock -n "$reading" || give_up "$LATER" busy "the logs of \`${flag[project]}\` are being read"
}

# On disk, because memory is the tenants'; where no tenant reaches.
logs_file() { echo "$STATE/logs/${flag[project]}"; }

# shellcheck disable=SC2317 # at the end of a command
discard_logs() { rm -f "$(logs_file)" "$(logs_file).masked"; }

stage_logs() {
  trap discard_logs EXIT
  mkdir -p "$STATE/logs"
  chmod 700 "$STATE/logs"
  discard_logs
}

# One byte more than may be kept tells whether there was more.
read_logs() {
  local -a since=()
  [[ -z "${flag[since]:-}" ]] || since=(--since "${flag[since]}")
  timeout -k 2 "$LOGS_MAX_S" docker logs --timestamps --tail "${flag[tail]}" "${since[@]}" "$container" 2>&1 |
    tail -c $((LOGS_MAX_BYTES + 1)) >"$(logs_file)" ||
    give_up "$LATER" not_read "Docker did not say in time what the instance has printed"
}

# The newest part stays. Half a line goes as well: it may begin with half a secret.
drop_oldest() {
  (($(stat -c %s "$(logs_file)") > LOGS_MAX_BYTES)) || return 0
  logs_truncated=true
  sed -i 1d "$(logs_file)"
}

# mask FILE: in place.
mask() {
  without_secrets <"$1" >"$1.masked"
  mv -f "$1.masked" "$1"
}
