# shellcheck shell=bash
# Long-running processes: a pid file, a stamp of what was started, a log, a health check.

HEALTH_TIMEOUT_S=60

PLAIN_ENVIRONMENT=("PATH=$PATH" "HOME=$HOME" "LANG=C.UTF-8" "RUST_BACKTRACE=1")
if [[ -n ${DOCKER_HOST:-} ]]; then PLAIN_ENVIRONMENT+=("DOCKER_HOST=$DOCKER_HOST"); fi

# start_process NAME STAMP PROBE COMMAND…
#
# Keeps a running process whose STAMP is the same, and replaces one whose stamp has changed.
# PROBE is a command that succeeds once the process does its work.
start_process() {
  local name=$1 stamp=$2 probe=$3
  shift 3
  if process_alive "$name" && [[ $(cat "$RUN/$name.stamp" 2>/dev/null) == "$stamp" ]]; then
    if $probe; then return 0; fi
  fi
  stop_process "$name"
  mkdir -p "$LOGS"
  # A session of its own: it must outlive this script and its terminal. A clean environment: what
  # a developer keeps in theirs is not for it to see. No terminal and no lock of this script's.
  setsid env --ignore-environment "${PLAIN_ENVIRONMENT[@]}" "$@" \
    >>"$LOGS/$name.log" 2>&1 </dev/null 3>&- 9>&- &
  echo "$! $(start_time_of $!)" >"$RUN/$name.pid"
  echo "$stamp" >"$RUN/$name.stamp"
  await_health "$name" "$probe"
}

await_health() {
  local name=$1 probe=$2 deadline=$((SECONDS + HEALTH_TIMEOUT_S))
  until $probe; do
    if ! process_alive "$name"; then
      die "$name stopped right after its start. Its last lines:" "$(tail -n 15 "$LOGS/$name.log")" \
        "The whole log: $LOGS/$name.log"
    fi
    if ((SECONDS > deadline)); then
      die "$name does not answer after $HEALTH_TIMEOUT_S s. Its last lines:" \
        "$(tail -n 15 "$LOGS/$name.log")" "The whole log: $LOGS/$name.log"
    fi
    sleep 0.2
  done
}

# A pid alone may belong to somebody else by now; pid and start time do not.
start_time_of() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # The second field is the name and may hold spaces; the 22nd is the start time.
  stat=${stat##*) }
  cut -d' ' -f20 <<<"$stat"
}

process_alive() {
  local pid started
  read -r pid started 2>/dev/null <"$RUN/$1.pid" || return 1
  [[ -n $pid && $(start_time_of "$pid") == "$started" ]]
}

# stop_process NAME [SECONDS]: asks, waits, and only then kills it and its children.
stop_process() {
  local name=$1 patience_s=${2:-15} pid
  if process_alive "$name"; then
    read -r pid _ <"$RUN/$name.pid"
    kill "$pid" 2>/dev/null || true
    local deadline=$((SECONDS + patience_s))
    while process_alive "$name" && ! is_zombie "$pid" && ((SECONDS < deadline)); do sleep 0.1; done
    # It led a session and a group of its own, so this reaches its children only.
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$RUN/$name.pid" "$RUN/$name.stamp"
}

is_zombie() {
  [[ $(cut -d' ' -f1 <<<"$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)") == Z ]]
}

# stamp_of FILE…: changes when the content of any of them does.
stamp_of() {
  sha256sum "$@" | sha256sum | cut -c1-16
}

answers() {
  curl --silent --fail --output /dev/null --max-time 3 "$1"
}

listens() {
  [[ -n $(ss -Hltn "sport = :$1") ]]
}
