# shellcheck shell=bash disable=SC2154 # for scripts/ops, with its variables and functions
# What operators look at inside of an instance, and run in it. Each is an execution: ordered, then awaited.

# ask_until_over SECONDS: what is in the file command, until what it asks about has ended.
ask_until_over() {
  local deadline=$((SECONDS + $1))
  while put_question && [[ $(told .answer) == under_way ]]; do
    ((SECONDS < deadline)) || die "It has not ended in time." "See the execution $(told .execution) in the console."
    sleep 1
  done
}

show_logs() {
  jq -n --arg project "$1" --argjson tail "$TAIL" --arg since "$SINCE" \
    '{command: "read_logs", project_id: $project, tail: $tail}
      + if $since == "" then {} else {since: $since} end' >"$FILES/command"
  put_question
  told '{command: "show_logs", project_id, id}' >"$FILES/command"
  # Each of the tries of the execution may take as long as the machine is waited for.
  ask_until_over 300
  if [[ $(told .truncated) == true ]]; then say "There is more; this is the newest of it." 3>&2; fi
  told -j .text
}

# Who asks, as far as this machine and the stage know.
caller() {
  local arn
  arn=$(aws sts get-caller-identity --query Arn --output text 2>/dev/null) || arn='an unknown role'
  echo "$(id -un)@$(uname -n) as $arn"
}

# The words as JSON, whatever is in them.
words() {
  local word
  for word in "${WORDS[@]}"; do jq -n --arg word "$word" '$word'; done | jq -s .
}

# The number makes a repeat of the question the same command.
execute() {
  [[ -n $REASON ]] || die "Say why: --reason \"…\" is kept with the command."
  ((${#WORDS[@]} > 0)) || misused
  jq -n --arg project "$1" --arg reason "$REASON" --arg who "$(caller)" --argjson wait "$WAIT" \
    --argjson number "$(date +%s%3N)" --argjson argv "$(words)" \
    '{command: "exec", project_id: $project, number: $number, argv: $argv, reason: $reason,
      who: $who, wait_s: $wait}' >"$FILES/command"
  put_question
  told '{command: "show_exec", project_id, number}' >"$FILES/command"
  ask_until_over $((WAIT + 300))
  tell_outcome
}

# The words of `Outcome` in shared/contracts/src/exec.rs. Ends with the exit code of the command.
tell_outcome() {
  local outcome
  outcome=$(told '.outcome.outcome // "unknown"')
  case $outcome in
    ended) ;;
    interrupted) die "It was cut off, and nobody knows how far it came." ;;
    nothing_runs) die "It did not run: no instance of the project runs." ;;
    not_reached) die "The worker takes no commands now." "It did not run, unless an earlier try was cut off." ;;
    *) die "Its execution failed: whether it ran is not known." "See $(told .execution) in the console." ;;
  esac
  told -j .outcome.stdout
  told -j .outcome.stderr >&2
  if [[ $(told .outcome.truncated) == true ]]; then say "Only the first 8 KiB are shown." 3>&2; fi
  if [[ $(told .outcome.timed_out) == true ]]; then say "It was ended after $WAIT seconds." 3>&2; fi
  exit "$(told .outcome.exit_code)"
}

list_audit() {
  ask list_audit ${1:+project_id "$1"}
  if [[ $(told '.entries | length') == 0 ]]; then
    say "Nobody has run a command${1:+ in $1}."
    return
  fi
  told '["AT", "PROJECT", "WHO", "ENDED", "COMMAND", "WHY"],
    (.entries[] | [.at, .project_id, .who,
      (.verdict | if .verdict == "ended" then (if .timed_out then "timed out" else "with \(.exit_code)" end)
        else .verdict | gsub("_"; " ") end),
      (.argv | tojson), .reason])
    | @tsv' | table
}
