# shellcheck shell=bash
# Phases: named pieces of work with a log, a time, progress while they run, and a table at the end.
#
# A phase is a function that runs in a subshell of its own, in the background. Only so does
# `set -e` hold inside it (a function called in a condition ignores errors), and only so can two
# run side by side. Phases hand results on through files.

# How often a line of progress appears where there is no terminal to redraw one.
PROGRESS_INTERVAL_S=30

PHASE_NAMES=()
PHASE_SECONDS=()
PHASE_RESULTS=()
declare -A RUNNING_PIDS=() RUNNING_SINCE=()

# phase NAME COMMAND…: runs one and waits for it. Returns its status.
phase() {
  begin_phase "$@"
  await_phases
}

# begin_phase NAME COMMAND…: runs one beside others. `await_phases` waits for all of them.
begin_phase() {
  local name=$1
  shift
  local log=$PHASE_LOGS/${name// /-}.log
  mkdir -p "$PHASE_LOGS"
  rm -f "$log.explained"
  (
    trap - EXIT
    set -eEuo pipefail
    PHASE_LOG=$log
    "$@"
  ) >"$log" 2>&1 </dev/null &
  RUNNING_PIDS[$name]=$!
  RUNNING_SINCE[$name]=$SECONDS
}

# Waits for every phase that runs. When one fails it returns 1, with the names in JUST_FAILED; the
# others are stopped, unless KEEP_GOING=yes.
await_phases() {
  local last_line=$SECONDS name
  JUST_FAILED=()
  while ((${#RUNNING_PIDS[@]} > 0)); do
    for name in "${!RUNNING_PIDS[@]}"; do
      if ! kill -0 "${RUNNING_PIDS[$name]}" 2>/dev/null; then
        finish_phase "$name" || JUST_FAILED+=("$name")
      fi
    done
    if ((${#JUST_FAILED[@]} > 0)) && [[ ${KEEP_GOING:-no} != yes ]]; then abandon_phases; fi
    if [[ -t 3 ]]; then
      redraw_progress
    elif ((SECONDS - last_line >= PROGRESS_INTERVAL_S && ${#RUNNING_PIDS[@]} > 0)); then
      last_line=$SECONDS
      print_progress
    fi
    sleep 0.2
  done
  ((${#JUST_FAILED[@]} == 0))
}

finish_phase() {
  local name=$1 status=0
  wait "${RUNNING_PIDS[$name]}" || status=$?
  local seconds=$((SECONDS - RUNNING_SINCE[$name]))
  unset "RUNNING_PIDS[$name]" "RUNNING_SINCE[$name]"
  if ((status == 0)); then
    record_phase "$name" "$seconds" ok
  else
    record_phase "$name" "$seconds" failed
    explain_failure "$name"
  fi
  return "$status"
}

record_phase() {
  local name=$1 seconds=$2 result=$3 colour=$GREEN
  PHASE_NAMES+=("$name")
  PHASE_SECONDS+=("$seconds")
  PHASE_RESULTS+=("$result")
  if [[ $result != ok ]]; then colour=$RED; fi
  clear_line
  printf '  %s%-7s%s  %-28s %s%6s%s\n' \
    "$colour" "$result" "$PLAIN" "$name" "$DIM" "$(as_minutes "$seconds")" "$PLAIN" >&3
}

explain_failure() {
  local log=$PHASE_LOGS/${1// /-}.log
  if [[ ! -e $log.explained ]]; then
    printf '\n' >&3
    tail -n 40 "$log" | sed 's/^/    /' >&3
  fi
  printf '\n  The whole log: %s\n' "$log" >&3
}

# Ends what still runs, after a failure or an interrupt.
abandon_phases() {
  local name
  for name in "${!RUNNING_PIDS[@]}"; do
    kill_tree "${RUNNING_PIDS[$name]}"
    wait "${RUNNING_PIDS[$name]}" 2>/dev/null || true
    record_phase "$name" $((SECONDS - RUNNING_SINCE[$name])) stopped
    unset "RUNNING_PIDS[$name]" "RUNNING_SINCE[$name]"
  done
}

# Children first would let a shell start the next one: the parent goes first.
kill_tree() {
  local children child
  children=$(pgrep -P "$1" || true)
  kill "$1" 2>/dev/null || true
  for child in $children; do kill_tree "$child"; done
}

# What a phase is at: the last line of its log, and for cargo how far that is.
state_of() {
  local log=$PHASE_LOGS/${1// /-}.log line
  line=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 |
    tr -d $'\e' | sed 's/^ *//' || true)
  if [[ $line == Compiling* ]]; then
    line="$(cut -d' ' -f1,2 <<<"$line") ($(grep -c '^ *Compiling' "$log") of at most $(cargo_packages))"
  fi
  printf '%s' "$line"
}

cargo_packages() {
  grep -c '^name = ' "$ROOT/Cargo.lock"
}

redraw_progress() {
  local name line='' width
  width=$(tput cols 2>/dev/null || echo 100)
  for name in "${!RUNNING_PIDS[@]}"; do
    line+="$name $(as_minutes $((SECONDS - RUNNING_SINCE[$name]))) · $(state_of "$name")   "
  done
  if [[ -n $line ]]; then printf '\r\e[K  %s%s%s' "$DIM" "${line:0:$((width - 4))}" "$PLAIN" >&3; fi
}

print_progress() {
  local name line
  for name in "${!RUNNING_PIDS[@]}"; do
    line=$(state_of "$name")
    printf '  ...      %-28s %6s  %s\n' "$name" \
      "$(as_minutes $((SECONDS - RUNNING_SINCE[$name])))" "${line:0:80}" >&3
  done
}

# phase_table: where the time went, longest first.
phase_table() {
  local i
  printf '\n%sWhere the time went%s\n' "$BOLD" "$PLAIN" >&3
  for i in "${!PHASE_NAMES[@]}"; do
    printf '%6d s  %-28s %s\n' "${PHASE_SECONDS[i]}" "${PHASE_NAMES[i]}" "${PHASE_RESULTS[i]}"
  done | sort -rn | sed 's/^/  /' >&3
  printf '  %6d s  in all\n' "$SECONDS" >&3
}
