# shellcheck shell=bash
# What the bench's yardstick runs against: a PostgreSQL of its own, and an engine if none runs.

# One for each placer, and some for whoever looks on.
POSTGRES_CONNECTIONS=150
POSTGRES_DIRECTORY=''

# wanted_parts ARGUMENT…: what the bench is asked to measure, one part a line. None: everything.
wanted_parts() {
  while (($# > 0)); do
    case $1 in
      --only)
        printf '%s\n' "${2:-}"
        shift
        ;;
      --only=*) printf '%s\n' "${1#--only=}" ;;
    esac
    shift
  done
}

# Whether only such parts are asked for that bring what they need.
needs_no_stack() {
  local parts part
  mapfile -t parts < <(wanted_parts "$@")
  if ((${#parts[@]} == 0)); then return 1; fi
  for part in "${parts[@]}"; do
    case $part in
      yardstick | packing | scale) ;;
      *) return 1 ;;
    esac
  done
}

wants_yardstick() {
  if [[ " $* " == *" -h "* || " $* " == *" --help "* ]]; then return 1; fi
  local parts
  mapfile -t parts < <(wanted_parts "$@")
  ((${#parts[@]} == 0)) || [[ " ${parts[*]} " == *" yardstick "* ]]
}

# run_yardstick COMMAND…: runs the bench with what the yardstick needs. What was started for it is
# gone at the end, whatever the end is.
run_yardstick() {
  BENCH_PID=''
  trap stop_yardstick EXIT
  trap 'exit 130' INT TERM
  if [[ ! -r $RUN/env ]] || ! engine_answers; then start_bare_engine; fi
  start_postgres
  # In the background, so that a signal is heard at once and not only when it has ended.
  "$@" &
  BENCH_PID=$!
  wait "$BENCH_PID"
}

stop_yardstick() {
  trap '' INT TERM
  if [[ -n $BENCH_PID ]] && kill "$BENCH_PID" 2>/dev/null; then wait "$BENCH_PID" || true; fi
  stop_postgres
  stop_process yardstick-engine
}

# The engine and nothing else: no workers, no state, no Docker.
start_bare_engine() {
  local port=$((ENGINE_PORT + 20))
  while listens "$port"; do port=$((port + 1)); done
  phase "python" python_packages || exit 1
  AWS_ENDPOINT_URL=http://127.0.0.1:$port
  export AWS_ENDPOINT_URL
  start_process yardstick-engine "$port" engine_answers \
    "$VENV/bin/python" "$ROOT/tests/engine/launcher.py" --bind 127.0.0.1 --port "$port"
}

# Where Debian keeps the newest PostgreSQL that is installed.
postgres_programs() {
  local newest
  newest=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 2>/dev/null | sort -V | tail -n 1 || true)
  printf '%s/bin' "${newest:-/no/postgresql}"
}

install_postgres() {
  if [[ -x $(postgres_programs)/postgres ]]; then return 0; fi
  need postgresql "$(postgres_programs)/postgres" "placement is measured beside it"
  install_missing_packages
  # Debian starts a server of its own when the package is installed. Nobody asked for that one.
  if [[ -d /run/systemd/system ]]; then
    as_root systemctl disable --now postgresql 2>/dev/null || true
  else
    as_root service postgresql stop >/dev/null 2>&1 || true
  fi
}

# Settings are PostgreSQL's own, so what it calls committed is on the disk. Only the socket's
# directory leads to it, and that is the owner's.
start_postgres() {
  install_postgres
  POSTGRES_DIRECTORY=$(mktemp -d "${TMPDIR:-/tmp}/1mins-postgres.XXXXXX")
  local data=$POSTGRES_DIRECTORY/data log=$POSTGRES_DIRECTORY/log
  local settings=(-c "listen_addresses=" -c "unix_socket_directories=$POSTGRES_DIRECTORY"
    -c "max_connections=$POSTGRES_CONNECTIONS")
  if ((EUID == 0)); then chown postgres: "$POSTGRES_DIRECTORY"; fi
  as_postgres initdb --pgdata "$data" --username yardstick --auth trust --encoding UTF8 --no-locale \
    >/dev/null || die "PostgreSQL could not make its directory $data."
  as_postgres pg_ctl start --wait --silent --pgdata "$data" --log "$log" --options "${settings[*]}" \
    >/dev/null || die "PostgreSQL did not start:" "$(tail -n 5 "$log")"
  export YARDSTICK_POSTGRES="host=$POSTGRES_DIRECTORY user=yardstick dbname=postgres"
}

stop_postgres() {
  if [[ -z $POSTGRES_DIRECTORY ]]; then return 0; fi
  as_postgres pg_ctl stop --silent --mode immediate --pgdata "$POSTGRES_DIRECTORY/data" >/dev/null 2>&1 ||
    true
  rm -rf "$POSTGRES_DIRECTORY"
}

# One of PostgreSQL's programs, which refuse to be run by root.
as_postgres() {
  local program=$1 user=()
  shift
  if ((EUID == 0)); then user=(runuser -u postgres --); fi
  (cd / && "${user[@]}" env --ignore-environment "PATH=$(postgres_programs):/usr/bin:/bin" LANG=C.UTF-8 \
    "$program" "$@")
}
