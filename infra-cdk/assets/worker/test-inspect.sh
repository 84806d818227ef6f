# shellcheck shell=bash disable=SC2154 # shared with test
# What an instance has printed, and commands in it: bounded, without secrets, and always over in time.

# logs_flags PROJECT GENERATION FILE LINES [SINCE]
logs_flags() { logs=(logs --project "$1" --generation "$2" --upload-url "$(bundle_url "$3")" --tail "$4" ${5:+--since "$5"}); }

# exec_flags PROJECT GENERATION NUMBER SECONDS WORDS...
exec_flags() {
  local word words
  words="$(for word in "${@:5}"; do jq -n --arg word "$word" '$word'; done | jq -sc .)"
  command=(exec --project "$1" --generation "$2" --number "$3" --wait "$4" --argv "$(base64 -w 0 <<<"$words")")
}

# prints SHELL: as if the gateway had.
prints() { inside docker exec openclaw-prj_arc sh -c "{ $1; } >/proc/1/fd/1"; }

# What the last command printed, by its stream.
printed() { jq -r ".$1" <<<"$said" | base64 -d; }

looked_into() { inside sh -c 'ls /var/lib/1mins-worker/logs 2>/dev/null'; }

# Nobody waits for what runs in there any more.
processes_of() { inside docker exec openclaw-prj_arc sh -c 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" " "' | grep -c "$1" || true; }

# Reuses an instance that has stopped: prj_arc.
a_stopped_one_is_read() {
  logs_flags prj_arc "$1" stopped.txt 100
  exits "one that has stopped is read" 0 "${logs[@]}"
  is "and has printed something" "$([[ -s "$scratch/stopped.txt" ]] && echo yes)" yes
  exec_flags prj_arc "$1" 1 10 true
  exits "but runs no command" 69 "${command[@]}"
}

# Reuses an instance that runs: prj_arc.
logs_leave_without_secrets() {
  local since
  prints "echo the first; echo token $TOKEN and key $KEY; printf 'in the middle $TOKEN'; echo; echo the second"
  sleep 1
  since="$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)"
  prints 'echo the third'
  sleep 1
  logs_flags prj_arc "$1" logs.txt 500
  exits "logs are read" 0 "${logs[@]}"
  is "and said to be as many bytes as were put" "$(jq -c . <<<"$said")" "{\"read\":true,\"bytes\":$(stat -c %s "$scratch/logs.txt"),\"truncated\":false}"
  is "no key and no token leaves the worker" "$(grep -cE "$TOKEN|$KEY" "$scratch/logs.txt" || true)" 0
  is "but where they were is seen" "$(grep -c 'token \*\*\* and key \*\*\*' "$scratch/logs.txt")" 1
  is "each line has its time" "$(grep -cvE '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z ' "$scratch/logs.txt" || true)" 0
  logs_flags prj_arc "$1" few.txt 2
  exits "the last lines are read" 0 "${logs[@]}"
  is "and no more" "$(wc -l <"$scratch/few.txt")" 2
  logs_flags prj_arc "$1" late.txt 500 "$since"
  exits "and those since a time" 0 "${logs[@]}"
  is "and none before it" "$(grep -cE 'the (first|second)' "$scratch/late.txt" || true) $(grep -c 'the third' "$scratch/late.txt")" '0 1'
  logs_flags prj_arc "$1" none.txt 500 2099-01-01T00:00:00Z
  exits "nothing that was printed is something" 0 "${logs[@]}"
  is "of no bytes" "$(stat -c %s "$scratch/none.txt")" 0
}

logs_are_bounded_and_fenced() {
  prints 'head -c 2500000 /dev/zero | tr "\0" x | fold -w 499; echo; echo the newest'
  sleep 2
  logs_flags prj_arc "$1" flood.txt 5000
  exits "a flood is read" 0 "${logs[@]}"
  is "up to a bound, which is said" "$(jq -c .truncated <<<"$said") $(($(stat -c %s "$scratch/flood.txt") <= 1048576))" 'true 1'
  is "the newest of it, in whole lines" "$(grep -c 'the newest' "$scratch/flood.txt") $(head -n 1 "$scratch/flood.txt" | grep -cE '^20[0-9]{2}-')" '1 1'
  logs_flags prj_arc $(($1 - 1)) never.txt 10
  exits "an older generation's logs are not there" 73 "${logs[@]}"
  logs_flags prj_arc $(($1 + 1)) never.txt 10
  exits "nor a later one's" 69 "${logs[@]}"
  logs_flags blk_arc 1 never.txt 10
  exits "a blank's are nobody's" 64 "${logs[@]}"
  logs_flags prj_arc "$1" refused.txt 10
  exits "what cannot be put anywhere may be tried again" 75 "${logs[@]}"
  inside sh -c 'exec 9>/var/lib/1mins-worker/locks/logs-prj_arc; flock 9; sleep 3' &
  local holder=$!
  sleep 1
  logs_flags prj_arc "$1" never.txt 10
  exits "one at a time" 75 "${logs[@]}"
  wait "$holder"
  is "nothing of these was put, and nothing is left on the disk" "$(ls "$scratch/never.txt" 2>/dev/null; looked_into)" ''
}

commands_run_once() {
  # shellcheck disable=SC2016 # for no shell
  exec_flags prj_arc "$1" 10 20 sh -c 'echo "$0"; echo "key '"$KEY"'" >&2; echo one >>/tmp/ran; id -u; exit 3' 'a "b"
$HOME; c'
  exits "a command runs" 0 "${command[@]}"
  is "with its code" "$(jq -c '[.exit_code, .timed_out, .truncated]' <<<"$said")" '[3,false,false]'
  # shellcheck disable=SC2016 # for no shell
  is "its words are data, and it is the tenant" "$(printed stdout)" 'a "b"
$HOME; c
1000'
  is "and tells no key" "$(printed stderr)" 'key ***'
  local first="$said"
  exits "a repeat is answered" 0 "${command[@]}"
  is "with the same" "$said" "$first"
  is "and ran once" "$(inside docker exec openclaw-prj_arc cat /tmp/ran)" one
  exec_flags prj_arc "$1" 9 20 true
  exits "an earlier one is late" 73 "${command[@]}"
  exec_flags prj_arc "$1" 11 20 no-such-program
  exits "what is no program" 0 "${command[@]}"
  is "says so" "$(jq -c .exit_code <<<"$said")" 127
  exits "what are no words" 64 exec --project prj_arc --generation "$1" --number 12 --wait 9 --argv bm8=
}

commands_end() {
  local began=$SECONDS
  exec_flags prj_arc "$1" 20 2 sh -c 'trap "" TERM HUP; (trap "" TERM; setsid sleep 7171) & echo begun; sleep 7172; sleep 7173'
  exits "a command that hangs is ended" 0 "${command[@]}"
  is "and said to be" "$(jq -c .timed_out <<<"$said") $(printed stdout)" 'true begun'
  is "in time" "$((SECONDS - began < 25))" 1
  is "with all that it had started" "$(processes_of 'sleep 717')" 0
  exec_flags prj_arc "$1" 21 2 sh -c 'yes a flood'
  exits "a command that floods is ended" 0 "${command[@]}"
  is "and cut" "$(jq -c '[.timed_out, .truncated]' <<<"$said") $(printed stdout | wc -c)" '[true,true] 8192'
  is "and does not go on" "$(processes_of 'yes a flood')" 0
  exec_flags prj_arc "$1" 22 5 cat
  exits "there is nobody to type" 0 "${command[@]}"
  is "so what reads ends" "$(jq -c '[.exit_code, .timed_out]' <<<"$said")" '[0,false]'
  exec_flags prj_arc "$1" 23 8 sleep 4
  instance "${command[@]}" >/dev/null &
  local running=$!
  sleep 1
  exec_flags prj_arc "$1" 24 2 true
  exits "one at a time" 75 "${command[@]}"
  wait "$running"
}
