# shellcheck shell=bash disable=SC2004,SC2034,SC2154 # shared with bin/instance
# A command of an operator's inside an instance that runs. It always ends, and all that it started with it.
#
# Commands of people need not be repeatable, so a command has a number, which only grows, and is run once:
# who repeats it is told how the first one ended. What is killed meanwhile is never run again.

# Base64 of both still fits into what the control plane is told of a command's output: 24,000 characters.
readonly EXEC_MAX_BYTES=8192
# From the end of the command inside to the end of waiting for it outside.
readonly EXEC_GRACE_S=10

run_command() {
  require_docker
  lock_command
  look
  refuse_below_tombstone
  refuse_below_container
  refuse_absent
  tell_if_known
  [[ "$found_status" == running ]] || give_up "$GONE" not_running "the instance does not run"
  local -a words=()
  read_words
  stage_command
  write_atomically "$STATE/execs/${flag[project]}" "${flag[generation]} ${flag[number]} begun"
  local began="$SECONDS"
  within "${words[@]}"
  sweep
  keep_outcome $((SECONDS - began))
  cat "$(command_dir)/outcome"
}

lock_command() {
  mkdir -p "$STATE/locks"
  exec {commanding}>"$STATE/locks/exec-${flag[project]}"
  flock -n "$commanding" || give_up "$LATER" busy "another command runs in \`${flag[project]}\`"
}

# With the outcome of the last command, until the next one. It may be a tenant's own words.
command_dir() { echo "$STATE/execs/${flag[project]}.d"; }

stage_command() {
  rm -rf "$(command_dir)"
  mkdir -p "$(command_dir)"
  chmod 700 "$STATE/execs"
}

forget_command() { rm -rf "$STATE/execs/${flag[project]}" "$(command_dir)"; }

# Ends here if this command, or a later one, has begun already.
tell_if_known() {
  read_act execs
  ((${flag[number]} <= act_number)) || return 0
  ((${flag[number]} == act_number)) || give_up "$FENCED" fenced "a later command was here first"
  cat "$(command_dir)/outcome" 2>/dev/null || answer executed true interrupted true
  exit 0
}

# A list of words as JSON, in base64. They stay words: no shell reads them.
read_words() {
  mapfile -d '' -t words < <(base64 -d <<<"${flag[argv]}" 2>/dev/null | jq -j '.[] | strings + "\u0000"' 2>/dev/null)
  ((${#words[@]} > 0)) || bad_flag argv "is not a list of words"
}

# Of what comes in, the beginning; the rest is read and thrown away, so that nobody waits for a reader.
keep() {
  head -c $((EXEC_MAX_BYTES + 1))
  cat >/dev/null
}

# within WORDS...: first the clock inside ends the command, then the one outside ends the waiting for it.
within() {
  {
    inside "$@" 2>&3 | keep >"$(command_dir)/stdout"
  } 3>&1 | keep >"$(command_dir)/stderr"
}

inside() {
  local code=0
  timeout -k 2 $((${flag[wait]} + EXEC_GRACE_S)) docker exec --user 1000:1000 -e "IN_1MINS_COMMAND=${flag[number]}" "$container" \
    timeout -k 5 "${flag[wait]}" "$@" </dev/null || code=$?
  echo "$code" >"$(command_dir)/code"
}

# By what it inherited from the command, wherever it hides among processes.
readonly SWEEP='for it in /proc/[0-9]*; do
  if tr "\0" "\n" <"$it/environ" 2>/dev/null | grep -qxF "IN_1MINS_COMMAND=$1"; then kill -9 "${it#/proc/}" 2>/dev/null; fi
done; true'

sweep() {
  timeout -k 2 "$EXEC_GRACE_S" docker exec --user 1000:1000 "$container" sh -c "$SWEEP" sweep "${flag[number]}" </dev/null >/dev/null 2>&1 || true
}

# keep_outcome TOOK_S: before anybody is told, so that a repeat is told the same.
keep_outcome() {
  local code timed_out=false
  code="$(cat "$(command_dir)/code")"
  # What ignores the first signal is killed.
  [[ "$code" != 124 && "$code" != "$KILLED_EXIT" ]] || (($1 < ${flag[wait]})) || timed_out=true
  answer executed true exit_code "$code" timed_out "$timed_out" \
    stdout "$(quoted "$(printed stdout)")" stderr "$(quoted "$(printed stderr)")" \
    truncated "$(is_cut stdout || is_cut stderr && echo true || echo false)" >"$(command_dir)/outcome.new"
  mv -f "$(command_dir)/outcome.new" "$(command_dir)/outcome"
}

is_cut() { (($(stat -c %s "$(command_dir)/$1") > EXEC_MAX_BYTES)); }

# printed STREAM: without secrets, in base64, so that every byte of it arrives.
printed() { without_secrets <"$(command_dir)/$1" | head -c "$EXEC_MAX_BYTES" | base64 -w 0; }
