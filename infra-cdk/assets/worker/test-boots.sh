# shellcheck shell=bash disable=SC2154 # shared with test
# How many gateways boot at once.

readonly BOOTS=/run/1mins-boots

# boot_and_await BODY PORT: keeps when the container was started and when the gateway was seen started.
boot_and_await() {
  launch_flags "prj_$1" 1 "$2" good.json
  instance "${launch[@]}" >/dev/null &&
    instance await --project "prj_$1" --generation 1 --cpus 0.750 --wait 150 >"$scratch/boot-$1"
}

boots_are_governed() {
  local slots one=0 two=0 three=0
  slots="$(inside sh -c 'half=$(($(nproc) / 2)); echo $((half > 1 ? half : 1))')"
  # One whose holder died before there was a container, and one that nobody has awaited.
  inside sh -c "mkdir -p $BOOTS; echo 99999999 >$BOOTS/prj_dead; echo 1 >$BOOTS/prj_old; touch -d '3 minutes ago' $BOOTS/prj_old"
  local began=$EPOCHREALTIME
  boot_and_await one 18789 & one=$!
  boot_and_await two 18790 & two=$!
  boot_and_await three 18798 & three=$!
  a_blank_does_not_wait
  wait "$one" && wait "$two" && wait "$three" && one=done
  is "three launches at once all start, and slots of the dead are free" "$one" "done"
  verdict yes "of three boots at once the last was done" "after $(seconds_since "$began")"
  is "never more than $slots at a time" "$(most_at_once one two three)" "$slots"
  is "no slot is left" "$(inside ls "$BOOTS")" ''
  exits "one of them is removed" 0 remove --project prj_three --generation 1 --purge yes
}

a_blank_does_not_wait() {
  for ((tenth = 0; tenth < 300; tenth++)); do
    [[ -z "$(inside sh -c "cd $BOOTS && ls prj_one prj_two prj_three" 2>/dev/null)" ]] || break
    sleep 0.1
  done
  launch_flags blk_late 1 18795 blank.json
  exits "a blank does not boot beside a tenant" 75 "${launch[@]}"
  is "and did not wait" "$(left_of blk_late)" ''
}

# The boots as intervals: the greatest number of them that have a moment in common.
most_at_once() {
  local body began
  for body in "$@"; do
    began="$(date -d "$(setting "$body" '{{.State.StartedAt}}')" +%s%3N)"
    echo "$began 1"
    echo "$((began + $(jq .boot_ms "$scratch/boot-$body"))) -1"
  done | sort -n | awk '{ now += $2; if (now > most) most = now } END { print most }'
}

# killed PROJECT: as the kernel kills what takes too much memory.
killed() { inside sh -c "pkill -KILL -P \"\$(docker inspect -f '{{.State.Pid}}' openclaw-$1)\""; }

what_dies_comes_back() {
  local all lent back
  all="$(all_cpus)"
  killed prj_arc
  lent="$(until_cpus prj_arc "$all")"
  back="$(until_cpus prj_arc 750000000)"
  is "a gateway that dies comes back with the CPUs of a boot, and has its own again" "$([[ "$lent$back" != *never* ]] && echo "both")" both
  figure "a killed gateway is back" "$back"
  is "it chats" "$(chat)" PONG
  killed prj_arc
  sleep 2
  is "one that dies again takes none from its neighbours" "$(inside docker inspect -f '{{.HostConfig.NanoCpus}} {{.State.Running}}' openclaw-prj_arc)" '750000000 true'
}
